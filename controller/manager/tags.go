package manager

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

// What AWS takes in a tag: the key has 1 to 128 characters, the value 256 at most.
var (
	tagKey   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$`)
	tagValue = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

const maxTagValue = 256

// checkTags tells what is wrong with --default-tags and --ignore-tags.
func (o *Options) checkTags() error {
	own := identity.TagPrefix
	for _, pattern := range o.IgnoreTags {
		beginning := strings.TrimSuffix(pattern, "*")
		switch {
		case pattern == "" || strings.Contains(beginning, "*"):
			return fmt.Errorf("--ignore-tags: %q is neither a key nor the beginning of one with * at its end", pattern)
		case beginning != pattern && strings.HasPrefix(own, beginning), strings.HasPrefix(beginning, own):
			return fmt.Errorf("--ignore-tags: %q covers keys under %s, by which the controller knows its own objects", pattern, identity.TagPrefix)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o.DefaultTags)) {
		value := o.DefaultTags[key]
		switch {
		case identity.Reserved(key):
			return fmt.Errorf("--default-tags: %q is reserved: keys under %s and aws: cannot be set", key, identity.TagPrefix)
		case !tagKey.MatchString(key), !tagValue.MatchString(value), utf8.RuneCountInString(value) > maxTagValue:
			return fmt.Errorf("--default-tags: AWS does not take the tag %q=%q: letters, digits, spaces and _.:/=+-@, 128 in the key and 256 in the value", key, value)
		case identity.TagFilter(o.IgnoreTags).Covers(key):
			return fmt.Errorf("--default-tags sets %q, which --ignore-tags says to leave alone", key)
		}
	}
	if n := len(o.DefaultTags); n > identity.MaxUserTags {
		return fmt.Errorf("--default-tags has %d tags: with those of a spec they can be %d at most", n, identity.MaxUserTags)
	}
	return nil
}
