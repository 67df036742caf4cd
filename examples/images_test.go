package examples_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// imageObject is what the example uses of ImageRepository, ImagePolicy and
// ImageUpdateAutomation (image.toolkit.fluxcd.io/v1).
type imageObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Image              string                                  `json:"image"`
		Interval           string                                  `json:"interval"`
		Provider           string                                  `json:"provider"`
		ImageRepositoryRef struct{ Name string }                   `json:"imageRepositoryRef"`
		Policy             struct{ Semver struct{ Range string } } `json:"policy"`
		SourceRef          struct{ Kind, Name string }             `json:"sourceRef"`
		Git                struct {
			Checkout struct{ Ref struct{ Branch string } }
			Commit   struct {
				Author          struct{ Name, Email string }
				MessageTemplate string
			}
			Push struct{ Branch string }
		} `json:"git"`
		Update struct{ Path, Strategy string } `json:"update"`
	} `json:"spec"`
}

// TestImageAutomation: each mark stands behind an image that its policy is about, and
// each policy has one.
func TestImageAutomation(t *testing.T) {
	t.Parallel()

	const directory = "image-automation"

	text, err := os.ReadFile(filepath.Join(directory, "flux/images.yaml"))
	require.NoError(t, err)

	repositories, policies := map[string]string{}, map[string]string{}

	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var object imageObject
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), &object))
		require.Equal(t, "image.toolkit.fluxcd.io/v1", object.APIVersion)

		switch object.Kind {
		case "ImageRepository":
			repositories[object.Metadata.Name] = object.Spec.Image
		case "ImagePolicy":
			policies[object.Metadata.Namespace+":"+object.Metadata.Name] = repositories[object.Spec.ImageRepositoryRef.Name]
		default:
			require.Equal(t, "ImageUpdateAutomation", object.Kind)
			require.Equal(t, "./", object.Spec.Update.Path)
		}
	}

	marked := map[string]string{}
	mark := regexp.MustCompile(`(?m)^ +(?:trainingImage|image): (\S+):\d+\.\d+\.\d+ # \{"\$imagepolicy": "(\S+)"\}$`)

	require.NoError(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		content, err := os.ReadFile(path)
		for _, match := range mark.FindAllStringSubmatch(string(content), -1) {
			marked[match[2]] = match[1]
		}

		return err
	}))
	require.Len(t, marked, 2)
	require.Equal(t, policies, marked)
}
