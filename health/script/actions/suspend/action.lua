annotations["sagemaker.gitops.dev/suspend"] = "true"
obj.metadata.annotations = annotations
return obj
