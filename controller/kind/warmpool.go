package kind

import "github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"

// inItsTime leaves of a change what AWS takes now: profiling while the job
// runs, the time its instances are kept while they are.
func inItsTime(request, described shape.Tree) {
	pool, hasPool := request["ResourceConfig"]
	switch {
	case shape.String(described, "TrainingJobStatus") == "InProgress":
		delete(request, "ResourceConfig")
	default:
		clear(request)
		if hasPool && shape.String(described, "WarmPoolStatus.Status") == "Available" {
			request["ResourceConfig"] = pool
		}
	}
}
