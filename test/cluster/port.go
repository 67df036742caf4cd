package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports below the range from which the kernel picks the local ends of outgoing
// connections and the ports of listeners that ask for any: between the choice
// and its use nothing else takes such a port, but for a great coincidence.
const firstPort, lastPort = 20000, 32000

var (
	portsMu    sync.Mutex
	portsGiven = map[int]bool{}
)

// freePort chooses a port on 127.0.0.1 that nothing listens on and that this
// process has not been given before.
func freePort() (int, error) {
	portsMu.Lock()
	defer portsMu.Unlock()
	for range 200 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if portsGiven[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		portsGiven[port] = true
		return port, listener.Close()
	}
	return 0, errors.New("no free port on 127.0.0.1 between 20000 and 32000")
}
