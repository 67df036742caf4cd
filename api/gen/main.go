// Command gen generates the SageMaker part of the API: Go types, CRDs and the
// trimmed API model that the simulator validates requests with.
//
// Run it in its own directory; the root of the repository is two levels up
// unless -root says otherwise.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const modelFile = "test/simulator/internal/model/zz_generated.model.json.gz"

func main() {
	root := flag.String("root", "../..", "root of the repository to write to")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	api, _, err := sources()
	if err != nil {
		return err
	}
	compressed, err := api.Compressed()
	if err != nil {
		return err
	}
	return write(root, modelFile, compressed)
}

// write puts a file under the root, making its directory.
func write(root, name string, content []byte) error {
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
