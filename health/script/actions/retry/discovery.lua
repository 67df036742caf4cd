-- A pipeline may be Ready by what serves while its present plan has failed.
local failed = stands.Stalled ~= nil
for _, c in ipairs(status.conditions or {}) do
  failed = failed or c.type == "CandidateHealthy" and c.status == "False"
end
for _, s in ipairs(status.steps or {}) do
  failed = failed or s.phase == "Failed" or s.phase == "Held"
end
actions["retry"] = {displayName = "Try again", iconClass = "fa fa-fw fa-redo", disabled = not failed}
