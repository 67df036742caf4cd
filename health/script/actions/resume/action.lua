annotations["sagemaker.gitops.dev/suspend"] = nil
return obj
