-- A pipeline may be Ready by what serves while its present plan has failed. What a
-- person has rejected is not tried again by itself.
local failed, rejected, again = stands.Stalled ~= nil, false, false
for _, c in ipairs(status.conditions or {}) do
  failed = failed or c.type == "CandidateHealthy" and c.status == "False"
end
for _, s in ipairs(status.steps or {}) do
  if s.phase == "Failed" and s.decision == "Rejected" and s.evidence ~= nil then
    rejected = true
  elseif s.phase == "Failed" or s.phase == "Held" then
    again = true
  end
end
actions["retry"] = {displayName = "Try again", iconClass = "fa fa-fw fa-redo", disabled = not again and (rejected or not failed)}
