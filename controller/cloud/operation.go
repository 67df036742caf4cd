package cloud

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	smithy "github.com/aws/smithy-go"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Operation is one operation of an AWS API, called with trees. The zero value is
// no operation.
type Operation struct {
	// Name of the operation, such as CreateTrainingJob.
	Name string

	input, output reflect.Type
	call          func(context.Context, *Client, any) (any, error)
	one           one
}

// one says how an operation on several objects is one on a single object: the
// member that names it, the one that names them, and, where the operation
// describes them, the list in its answer.
type one struct{ list, singular, plural string }

// Op makes an Operation of a method of the SDK's SageMaker client, so that one
// that does not exist is a compile error.
func Op[I, O any](method func(*sagemaker.Client, context.Context, *I, ...func(*sagemaker.Options)) (*O, error)) Operation {
	return operation(func(c *Client) *sagemaker.Client { return c.api }, method)
}

// ScalingOp is Op for Application Auto Scaling.
func ScalingOp[I, O any](
	method func(*applicationautoscaling.Client, context.Context, *I, ...func(*applicationautoscaling.Options)) (*O, error),
) Operation {
	return ServiceOp(applicationautoscaling.NewFromConfig, method)
}

// AlarmOp is Op for CloudWatch.
func AlarmOp[I, O any](method func(*cloudwatch.Client, context.Context, *I, ...func(*cloudwatch.Options)) (*O, error)) Operation {
	return ServiceOp(cloudwatch.NewFromConfig, method)
}

// ServiceOp is Op for any AWS service. connect is how the service's package makes a
// client, such as ecr.NewFromConfig.
func ServiceOp[S, P, I, O any](
	connect func(aws.Config, ...func(*P)) *S, method func(*S, context.Context, *I, ...func(*P)) (*O, error),
) Operation {
	return operation(func(c *Client) *S { return service(c, connect) }, method)
}

func operation[S, P, I, O any](of func(*Client) *S, method func(*S, context.Context, *I, ...func(*P)) (*O, error)) Operation {
	input := reflect.TypeFor[I]()
	return Operation{
		Name:   strings.TrimSuffix(input.Name(), "Input"),
		input:  input,
		output: reflect.TypeFor[O](),
		call: func(ctx context.Context, client *Client, in any) (any, error) {
			typed, ok := in.(*I)
			if !ok {
				return nil, fmt.Errorf("%T is not an input of this operation", in)
			}
			return method(of(client), ctx, typed)
		},
	}
}

// One makes of an operation that describes the objects named in the member
// plural, in the member list of its answer, one that describes the object named
// in the member singular. It answers NotFound if there is none.
func (o Operation) One(list, singular, plural string) Operation {
	member, _ := o.output.FieldByName(list)
	o.output, o.one = member.Type.Elem(), one{list, singular, plural}
	return o
}

// On makes of an operation on the objects named in the member plural one on the
// object named in the member singular.
func (o Operation) On(singular, plural string) Operation {
	o.one = one{singular: singular, plural: plural}
	return o
}

// Exists tells whether there is an operation.
func (o Operation) Exists() bool { return o.call != nil }

// Input and Output are the SDK's types of the operation.
func (o Operation) Input() reflect.Type { return o.input }

// Output is the SDK's type of what the operation answers.
func (o Operation) Output() reflect.Type { return o.output }

// HasInput tells whether the operation takes the member, whatever the case.
func (o Operation) HasInput(member string) bool {
	return o.Exists() && (hasField(o.input, member) || member == o.one.singular && member != "")
}

// HasOutput tells whether the operation answers the member, whatever the case.
func (o Operation) HasOutput(member string) bool {
	return o.Exists() && hasField(o.output, member)
}

func hasField(t reflect.Type, member string) bool {
	f, ok := t.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, member) })
	return ok && f.IsExported()
}

// Request is the tree of what the operation would send for t: members under
// AWS's names, as the SDK serialises them. Every member of t must be one of
// the input; the error names the first that is not or does not fit.
func (o Operation) Request(t shape.Tree) (shape.Tree, error) {
	in := reflect.New(o.input).Interface()
	if err := shape.Fill(t, in); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return shape.ToTree(in), nil
}

// Select is the part of t that the operation takes, at any depth, under AWS's
// names.
func (o Operation) Select(t shape.Tree) (shape.Tree, error) {
	in := reflect.New(o.input).Interface()
	if err := shape.Pick(t, in); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return shape.ToTree(in), nil
}

// Call makes the call with those members of t that the operation takes and
// returns what AWS answers. Errors are for Classify.
func (o Operation) Call(ctx context.Context, c *Client, t shape.Tree) (shape.Tree, error) {
	in := reflect.New(o.input).Interface()
	if o.one.plural != "" {
		t = shape.Clone(t)
		t[o.one.plural] = []any{shape.String(t, o.one.singular)}
	}
	if err := shape.Pick(t, in); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	if err := c.spend(o.Name); err != nil {
		return nil, err
	}
	out, err := o.call(ctx, c, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	if o.one.list != "" {
		return o.single(shape.ToTree(out), t)
	}
	return shape.ToTree(out), nil
}

func (o Operation) single(answer, asked shape.Tree) (shape.Tree, error) {
	all, _ := answer[o.one.list].([]any)
	if len(all) == 0 {
		return nil, &smithy.GenericAPIError{
			Code: "ObjectNotFoundException", Message: fmt.Sprintf("%s %s is not known to AWS", o.one.singular, shape.String(asked, o.one.singular)),
		}
	}
	t, _ := all[0].(map[string]any)
	return t, nil
}

// The operations by which deployments read the model registry.
var (
	ListModelPackages    = Op((*sagemaker.Client).ListModelPackages)
	DescribeModelPackage = Op((*sagemaker.Client).DescribeModelPackage)
)

// The operations on tags, which all kinds share.
var (
	AddTags    = Op((*sagemaker.Client).AddTags)
	ListTags   = Op((*sagemaker.Client).ListTags)
	DeleteTags = Op((*sagemaker.Client).DeleteTags)
)
