annotations["sagemaker.gitops.dev/approve"] = decision
annotations["sagemaker.gitops.dev/reject"] = nil
obj.metadata.annotations = annotations
return obj
