local status, plan, earlier = obj.status or {}, actionParams["plan"] or "", nil
for _, was in ipairs(status.history or {}) do
  if was.planDigest == plan or plan == "" and was.planDigest ~= (status.serving or {}).planDigest then
    earlier = earlier or was.planDigest
  end
end
if earlier == nil then
  error("status.history has no earlier plan " .. plan)
end
annotations["sagemaker.gitops.dev/rollback"] = earlier
obj.metadata.annotations = annotations
return obj
