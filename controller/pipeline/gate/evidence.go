package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Evidence is what an approval is given for: a text that is the same as long as
// the digests of all steps upstream and the results of their gates are, and no
// longer. Results count as they are rounded. The order of either does not matter.
//
// It is an on-disk format: approvals in git have it. Its first part names the way
// in which it is made.
func Evidence(digests map[string]string, results []Result) string {
	type judged struct {
		Name    string `json:"name"`
		Outcome string `json:"outcome"`
		Value   string `json:"value"`
	}
	all := make([]judged, len(results))
	for i, r := range results {
		all[i] = judged{r.Name, string(r.Outcome), r.Value}
	}
	slices.SortFunc(all, func(a, b judged) int { return strings.Compare(a.Name, b.Name) })
	document, err := json.Marshal(map[string]any{"version": 1, "digests": digests, "results": all})
	if err != nil {
		panic(err) // texts can always be written
	}
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}
