package cloud

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// heldBack is the outcome of a call that the budget kept from being made.
const heldBack = "HeldBack"

// calls counts what is asked of AWS, on the metrics endpoint of the controller.
var calls = promauto.With(metrics.Registry).NewCounterVec(prometheus.CounterOpts{
	Name: "sagemaker_gitops_aws_calls_total",
	Help: "Calls of AWS by operation and outcome: OK, the class of the error, or HeldBack for one that the controller did not make to stay within AWS's rate limits.",
}, []string{"operation", "outcome"})

// countCalls makes a client of the SDK count its calls (an API option).
func countCalls(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("CountCalls", count), middleware.After)
}

func count(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleInitialize(ctx, in)
	calls.WithLabelValues(awsmiddleware.GetOperationName(ctx), Classify(err).String()).Inc()
	return out, metadata, err
}

// String is the class in a word, OK if there is no error.
func (c Class) String() string {
	return [...]string{
		None: "OK", NotFound: "NotFound", AlreadyExists: "AlreadyExists", Busy: "Busy", Dependency: "Dependency",
		Quota: "Quota", QuotaZero: "QuotaZero", Throttle: "Throttle", Auth: "Auth", Validation: "Validation", Server: "Server",
	}[c]
}
