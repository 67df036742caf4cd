// Package field names the fields of the custom resources.
//
// The names are those of the ACK SageMaker controller, so that its manifests
// migrate: lower camel case with initialisms in capitals. Unlike there, the
// names `type` and `range` carry no underscore.
package field

import (
	"fmt"
	"regexp"
	"strings"
)

// initialisms are words written in capitals unless they begin a name.
var initialisms = map[string]string{
	"Ami":    "AMI",
	"Arn":    "ARN",
	"Arns":   "ARNs",
	"Cpu":    "CPU",
	"Dns":    "DNS",
	"Ebs":    "EBS",
	"Efs":    "EFS",
	"Gid":    "GID",
	"Iam":    "IAM",
	"Id":     "ID",
	"Ids":    "IDs",
	"Ip":     "IP",
	"Kms":    "KMS",
	"Sha256": "SHA256",
	"Ui":     "UI",
	"Uid":    "UID",
	"Uri":    "URI",
	"Url":    "URL",
	"Vpc":    "VPC",
}

// overrides are the names of members that begin with more than one capital:
// where such a word ends cannot be told from its letters.
var overrides = map[string]string{
	"EFSFileSystem":                  "efsFileSystem",
	"EMR":                            "emr",
	"EFSFileSystemConfig":            "efsFileSystemConfig",
	"EMRServerless":                  "emrServerless",
	"ETag":                           "eTag",
	"FSxLustreFileSystem":            "fSxLustreFileSystem",
	"FSxLustreFileSystemConfig":      "fSxLustreFileSystemConfig",
	"MLflowConfig":                   "mLflowConfig",
	"OKActions":                      "okActions",
	"QProfileArn":                    "qProfileARN",
	"RSessionAppSettings":            "rSessionAppSettings",
	"RStudioConnectUrl":              "rStudioConnectURL",
	"RStudioPackageManagerUrl":       "rStudioPackageManagerURL",
	"RStudioServerProAppSettings":    "rStudioServerProAppSettings",
	"RStudioServerProDomainSettings": "rStudioServerProDomainSettings",
}

var (
	word         = regexp.MustCompile(`[A-Z][a-z0-9]*`)
	memberName   = regexp.MustCompile(`^([A-Z][a-z0-9]*)+$`)
	manyCapitals = regexp.MustCompile(`^[A-Z]{2}`)
	identifier   = regexp.MustCompile(`(Names?|ARNs?|IDs?|URL)$`)
)

// Name is the JSON name of an AWS member. It fails where the rule cannot tell
// the name and no override does.
func Name(member string) (string, error) {
	if name, ok := overrides[member]; ok {
		return name, nil
	}
	if !memberName.MatchString(member) {
		return "", fmt.Errorf("member %q is not in camel case", member)
	}
	if manyCapitals.MatchString(member) {
		return "", fmt.Errorf("member %q begins with several capitals and needs an override", member)
	}
	words := word.FindAllString(member, -1)
	words[0] = strings.ToLower(words[0])
	for i, w := range words {
		if capital, ok := initialisms[w]; ok {
			words[i] = capital
		}
	}
	return strings.Join(words, ""), nil
}

// Go is the exported Go name of a JSON name.
func Go(name string) string {
	return strings.ToUpper(name[:1]) + name[1:]
}

// Reference is the JSON name of the reference beside a field that holds a
// name, an ARN, an id or a URL: without that word, with Ref.
func Reference(name string) string {
	return identifier.ReplaceAllString(name, "") + "Ref"
}
