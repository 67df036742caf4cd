package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// AlarmOn is the state of an alarm that has gone off (StateValue of
// DescribeAlarms).
const AlarmOn = "ALARM"

var describeAlarms = AlarmOp((*cloudwatch.Client).DescribeAlarms)

// AlarmStates are the states of metric and composite alarms, by name. Names of
// which there is no alarm are left out. At most 100 names.
func (c *Client) AlarmStates(ctx context.Context, names []string) (map[string]string, error) {
	asked := make([]any, len(names))
	for i, name := range names {
		asked[i] = name
	}
	answer, err := describeAlarms.Call(ctx, c, shape.Tree{
		"AlarmNames": asked, "AlarmTypes": []any{"MetricAlarm", "CompositeAlarm"}, "MaxRecords": int64(100),
	})
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, list := range []string{"MetricAlarms", "CompositeAlarms"} {
		alarms, _ := answer[list].([]any)
		for _, item := range alarms {
			alarm, _ := item.(map[string]any)
			states[shape.String(alarm, "AlarmName")] = shape.String(alarm, "StateValue")
		}
	}
	return states, nil
}
