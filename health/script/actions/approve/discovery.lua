local waiting
for _, s in ipairs(status.steps or {}) do
  if s.phase == "AwaitingApproval" and waiting == nil then
    waiting = s
  end
end
-- A new table for each: Argo CD refuses one that stands in two places.
local function decide()
  if waiting ~= nil then
    return {{name = "step", default = waiting.name}, {name = "evidence", default = waiting.evidence}}
  end
end
local which = waiting ~= nil and " " .. waiting.name or ""
actions["approve"] = {displayName = "Approve" .. which, iconClass = "fa fa-fw fa-check", disabled = waiting == nil, params = decide()}
actions["reject"] = {displayName = "Reject" .. which, iconClass = "fa fa-fw fa-times", disabled = waiting == nil, params = decide()}
