package kind

import (
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// deadlines is how long stages of single kinds usually take at most, where that is not
// what it is for most kinds. The times are a multiple of what others wait for: the
// waiters of terraform-provider-aws and of the ACK controller.
var deadlines = map[string]map[string]time.Duration{
	"App":                {reason.Creating: 30 * time.Minute, reason.Deleting: 40 * time.Minute},
	"Domain":             {reason.Creating: 40 * time.Minute, reason.Updating: 40 * time.Minute},
	"Endpoint":           {reason.Updating: 8 * time.Hour, reason.RollingBack: 8 * time.Hour}, // the longest roll-out
	"FeatureGroup":       {reason.Creating: 30 * time.Minute},
	"InferenceComponent": {reason.Updating: 4 * time.Hour},
	"LabelingJob":        {reason.Creating: 6 * time.Hour},
	"NotebookInstance":   {reason.Creating: 30 * time.Minute, reason.Updating: time.Hour, reason.Stopping: 30 * time.Minute},
	"Space":              {reason.Creating: 30 * time.Minute, reason.Updating: 30 * time.Minute},
	"UserProfile":        {reason.Creating: 30 * time.Minute, reason.Updating: 30 * time.Minute},
}
