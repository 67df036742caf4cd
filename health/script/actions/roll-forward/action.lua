annotations["sagemaker.gitops.dev/rollback"] = nil
return obj
