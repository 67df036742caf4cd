annotations["sagemaker.gitops.dev/approve"] = decision
if annotations["sagemaker.gitops.dev/reject"] == decision then
  annotations["sagemaker.gitops.dev/reject"] = nil
end
obj.metadata.annotations = annotations
return obj
