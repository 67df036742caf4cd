package cloud

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
)

// invokeTime is how long an endpoint may take to answer: it holds a worker.
const invokeTime = 30 * time.Second

// Invocation is a request to an endpoint (InvokeEndpoint of SageMaker Runtime).
// Empty fields are left out.
type Invocation struct {
	Endpoint, Variant, Component, TargetModel string
	ContentType                               string
	Body                                      []byte
}

// Invoke asks an endpoint and returns the body of its answer. Errors are for
// Classify; a model that answers with an error is one, of class Validation or
// Server. No answer within 30 seconds is an error too.
func (c *Client) Invoke(ctx context.Context, in Invocation) ([]byte, error) {
	if err := c.spend("InvokeEndpoint"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, invokeTime)
	defer cancel()
	if in.Body == nil {
		in.Body = []byte{} // the SDK takes an empty body, but not none
	}
	out, err := service(c, sagemakerruntime.NewFromConfig).InvokeEndpoint(ctx, &sagemakerruntime.InvokeEndpointInput{
		EndpointName:           &in.Endpoint,
		Body:                   in.Body,
		ContentType:            optional(in.ContentType),
		TargetVariant:          optional(in.Variant),
		InferenceComponentName: optional(in.Component),
		TargetModel:            optional(in.TargetModel),
	})
	if err != nil {
		return nil, fmt.Errorf("InvokeEndpoint: %w", err)
	}
	return out.Body, nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// hosts are the domains of AWS's services by partition.
var hosts = map[string]string{"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}

// InvocationURL is where an endpoint takes requests; empty if the ARN is not one
// of a partition known here.
func InvocationURL(arn, endpoint string, async bool) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || hosts[parts[1]] == "" {
		return ""
	}
	path := "invocations"
	if async {
		path = "async-invocations"
	}
	return fmt.Sprintf("https://runtime.sagemaker.%s.%s/endpoints/%s/%s", parts[3], hosts[parts[1]], endpoint, path)
}
