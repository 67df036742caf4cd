package pipeline

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestContentDigest: files are known by their names and contents, however their archive
// is compressed.
func TestContentDigest(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"train.py": []byte("print(1)"), "lib/a.py": bytes.Repeat([]byte("import this\n"), 1000), "empty": nil}
	want, err := contentDigest(files)
	require.NoError(t, err)
	require.Equal(t, "h1:P03JCKRsObigVoymiWLKauH9mpiz1u5LPsEtOH3+XyM=", want, "it is in names in AWS")
	name, err := archiveName(want)
	require.NoError(t, err)
	require.Regexp(t, `^h1-[0-9a-f]{64}\.tar\.gz$`, name)

	archive, err := pack(files)
	require.NoError(t, err)
	otherwise := compressedAgain(t, archive)
	require.NotEqual(t, archive, otherwise)
	for _, content := range [][]byte{archive, otherwise} {
		unpacked, err := unarchived(content)
		require.NoError(t, err)
		is, err := contentDigest(unpacked)
		require.NoError(t, err)
		require.Equal(t, want, is)
	}
	for _, row := range []struct {
		reason string
		change func(map[string][]byte)
	}{
		{"another content", func(f map[string][]byte) { f["train.py"] = []byte("print(2)") }},
		{"another name", func(f map[string][]byte) { f["test.py"] = f["train.py"]; delete(f, "train.py") }},
		{"a file more, be it empty", func(f map[string][]byte) { f["more"] = nil }},
	} {
		changed, err := unarchived(archive)
		require.NoError(t, err)
		row.change(changed)
		is, err := contentDigest(changed)
		require.NoError(t, err)
		require.NotEqual(t, want, is, row.reason)
	}
}

// compressedAgain is an archive as another compressor might write it.
func compressedAgain(t *testing.T, archive []byte) []byte {
	t.Helper()
	var plain, b bytes.Buffer
	reader, err := gzip.NewReader(bytes.NewReader(archive))
	require.NoError(t, err)
	_, err = plain.ReadFrom(reader)
	require.NoError(t, err)
	writer, err := gzip.NewWriterLevel(&b, flate.BestSpeed)
	require.NoError(t, err)
	_, err = writer.Write(plain.Bytes())
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return b.Bytes()
}
