package pattern

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConvert(t *testing.T) {
	rows := []struct {
		reason, original, want string
		change                 Change
	}{
		{"a plain pattern is anchored", `[a-z]+`, `^[a-z]+$`, Kept},
		{"an anchored one is left", `^[a-z]+$`, `^[a-z]+$`, Kept},
		{"half an anchor is completed", `^[a-z]+`, `^[a-z]+$`, Kept},
		{"an escaped dollar is no anchor", `[a-z]\$`, `^[a-z]\$$`, Kept},
		{"alternatives keep their anchors and gain some", `^https://.+$|^[a-z]+`, `^(?:^https://.+$|^[a-z]+)$`, Kept},
		{"alternatives in parentheses need none", `^(https|s3)://(.*)$`, `^(https|s3)://(.*)$`, Kept},
		{"a bar in a class is no alternative", `^[a|b]+$`, `^[a|b]+$`, Kept},
		{"everything on a line is no pattern", `.*`, "", Trivial},
		{"nor is everything", `[\S\s]*`, "", Trivial},
		{"unicode escapes", `[\u0020-\uD7FF]*`, `^[\x{0020}-\x{D7FF}]*$`, Rewritten},
		{"surrogate pairs", `[\uD800\uDC00-\uDBFF\uDFFF\t]*`, `^[\x{10000}-\x{10FFFF}\t]*$`, Rewritten},
		{"Java's classes", `arn:[\p{Alnum}\-]+`, `^arn:[0-9A-Za-z\-]+$`, Rewritten},
		{"a large repeat from one", `a/[\S]{1,2048}`, `^a/[\S]+$`, Loosened},
		{"a large repeat from none", `a/[\S]{0,1024}`, `^a/[\S]*$`, Loosened},
		{"a large repeat from three", `(a/?){3,1016}`, `^(a/?){3,}$`, Loosened},
		{"small repeats stay", `[a-z]{0,9}[\S]{1,1001}`, `^[a-z]{0,9}[\S]+$`, Loosened},
		{"a look ahead", `^(?!\s*$).+`, `^.+$`, Loosened},
		{"a look ahead with parentheses in a class", `(?=[()]{1,3}$)b`, `^b$`, Loosened},
		{"a look behind", `[a-z-]*(?<!-)$`, `^[a-z-]*$`, Loosened},
		{"a look ahead that leaves nothing", `(?!a).*`, "", Dropped},
		{"a large repeat that leaves nothing", `.{0,4096}`, "", Dropped},
		{"what cannot be said", `(a)\1`, "", Dropped},
		{"an open parenthesis", `(?=a`, "", Dropped},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			got, change := Convert(row.original)
			require.Equal(t, row.want, got)
			require.Equal(t, row.change, change)
			_, err := regexp.Compile(got)
			require.NoError(t, err)
		})
	}
}

// What the original accepts, the converted pattern must accept.
func TestConvertNeverNarrows(t *testing.T) {
	rows := []struct{ reason, original, accepted string }{
		{"a long path", `a/[\S]{1,2048}`, "a/" + strings.Repeat("x", 2048)},
		{"a repository", `^https://([.\-_a-zA-Z0-9]+/?){3,1016}$`, "https://git.example.com/team/model"},
		{"an emoji", `[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`, "a 🙂 b"},
		{"an ARN or a name", `(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)$`, "xgboost"},
		{"the second of two alternatives", `^https://([^/]+)/?(.*)$|^[a-zA-Z0-9](-*[a-zA-Z0-9])*`, "my-repository"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			got, _ := Convert(row.original)
			require.Regexp(t, got, row.accepted)
		})
	}
}
