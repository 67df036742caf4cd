annotations["sagemaker.gitops.dev/reject"] = decision
if annotations["sagemaker.gitops.dev/approve"] == decision then
  annotations["sagemaker.gitops.dev/approve"] = nil
end
obj.metadata.annotations = annotations
return obj
