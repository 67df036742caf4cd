annotations["sagemaker.gitops.dev/reject"] = decision
annotations["sagemaker.gitops.dev/approve"] = nil
obj.metadata.annotations = annotations
return obj
