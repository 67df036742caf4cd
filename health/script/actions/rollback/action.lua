local status, plan, earlier = obj.status or {}, actionParams["plan"] or "", nil
for _, was in ipairs(status.history or {}) do
  if was.planDigest == plan or plan == "" and was.planDigest ~= (status.serving or {}).planDigest then
    earlier = earlier or was.planDigest
  end
end
if earlier == nil then
  error("status.history has no earlier plan " .. plan)
end
-- The time makes it another request than an earlier one for the same plan.
annotations["sagemaker.gitops.dev/rollback"] = earlier .. "@" .. require("os").date("!%Y-%m-%dT%H:%M:%SZ")
obj.metadata.annotations = annotations
return obj
