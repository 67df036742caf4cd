package identity

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
)

const (
	// MaxName is AWS's limit for most names.
	MaxName = 63
	// MaxTuningName is AWS's limit for the name of a tuning job.
	MaxTuningName = 32
	// MaxAttempts is how many runs one digest may have.
	MaxAttempts = 20

	markLength = 6
)

// accepted are the names AWS takes for nearly everything.
var accepted = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9])*$`)

// CheckName says why AWS would refuse a name, or nil. limit is in characters.
func CheckName(name string, limit int) error {
	switch {
	case len(name) > limit:
		return fmt.Errorf("AWS would refuse the name %q: it has %d characters and may have %d", name, len(name), limit)
	case !accepted.MatchString(name):
		return fmt.Errorf("AWS would refuse the name %q: it may have letters, digits and, between those, dashes", name)
	default:
		return nil
	}
}

// RunName is the AWS name of a run of a job, or of a revision (attempt 1):
// <name>-<digest>, with -r<attempt> from the second attempt on. It is at most
// limit characters long; the digest and the attempt are never cut.
func RunName(owner Owner, digest string, attempt, limit int) string {
	suffix := "-" + digest
	if attempt > 1 {
		suffix += fmt.Sprintf("-r%d", attempt)
	}
	return fit(owner, owner.Name, limit-len(suffix)) + suffix
}

// ServiceName is the AWS name of a service: its own name after the prefix,
// at most limit characters long.
func ServiceName(owner Owner, prefix string, limit int) string {
	return fit(owner, prefix+owner.Name, limit)
}

// fit makes a Kubernetes name one that AWS accepts: dots become dashes and
// what is too long is cut. A name so changed ends with a mark made from
// namespace and name, because two names could become one otherwise.
func fit(owner Owner, name string, limit int) string {
	fitted := strings.Trim(strings.ReplaceAll(name, ".", "-"), "-")
	if fitted == name && len(fitted) <= limit {
		return fitted
	}
	mark := encode(sha256.Sum256([]byte(owner.Namespace + "/" + owner.Name)))[:markLength]
	if most := limit - len(mark) - 1; len(fitted) > most {
		fitted = strings.Trim(fitted[:most], "-")
	}
	return fitted + "-" + mark
}
