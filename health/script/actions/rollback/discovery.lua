local serving = (status.serving or {}).planDigest
local earlier
for _, plan in ipairs(status.history or {}) do
  if earlier == nil and plan.planDigest ~= serving then
    earlier = plan.planDigest
  end
end
local rolledBack = (annotations["sagemaker.gitops.dev/rollback"] or "") ~= ""
local back, to = {}, ""
if earlier ~= nil then
  back, to = {{name = "plan", default = earlier}}, " to " .. earlier
end
actions["rollback"] = {displayName = "Roll back" .. to, iconClass = "fa fa-fw fa-undo", disabled = earlier == nil, params = back}
actions["roll-forward"] = {displayName = "End the roll-back", iconClass = "fa fa-fw fa-forward", disabled = not rolledBack}
