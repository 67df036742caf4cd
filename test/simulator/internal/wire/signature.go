package wire

import (
	"net/http"
	"strings"
)

// Signature is the part of a SigV4 signature that says who asks what, where.
// The signature itself is not checked: the simulator knows no secrets.
type Signature struct {
	AccessKey string
	Region    string
	Service   string
}

// ParseSignature reads the credential scope from the Authorization header or,
// for presigned requests, from the query. ok is false for unsigned requests.
func ParseSignature(r *http.Request) (s Signature, ok bool) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if rest, found := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "); found {
		for part := range strings.SplitSeq(rest, ",") {
			if value, is := strings.CutPrefix(strings.TrimSpace(part), "Credential="); is {
				credential = value
			}
		}
	}
	// access key / date / region / service / aws4_request
	parts := strings.Split(credential, "/")
	if len(parts) < 5 {
		return Signature{}, false
	}
	n := len(parts)
	return Signature{
		AccessKey: strings.Join(parts[:n-4], "/"),
		Region:    parts[n-3],
		Service:   parts[n-2],
	}, true
}

// Scope is where objects live: nothing is shared between two scopes.
type Scope struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Partition is the part of AWS that a region belongs to.
func (s Scope) Partition() string {
	switch {
	case strings.HasPrefix(s.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(s.Region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// ARN names a SageMaker resource. SageMaker lower-cases the name in it.
func (s Scope) ARN(resource, name string) string {
	return s.ServiceARN("sagemaker", resource, strings.ToLower(name))
}

// ServiceARN names a resource of a service.
func (s Scope) ServiceARN(service, resource, name string) string {
	return "arn:" + s.Partition() + ":" + service + ":" + s.Region + ":" + s.Account + ":" + resource + "/" + name
}

// Caller is who sends a request.
type Caller struct {
	Scope
	// Principal is the caller's ARN: a user, or an assumed role's session.
	Principal string
	// Role is the ARN of the role behind an assumed-role session, else empty.
	Role string
	// Expired says that the session's credentials have expired.
	Expired bool
}
