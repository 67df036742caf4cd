local annotations = obj.metadata.annotations or {}
local status = obj.status or {}
local stands = {}
for _, c in ipairs(status.conditions or {}) do
  if c.status == "True" then
    stands[c.type] = c.reason
  end
end
-- A job with readiness Submitted is ready while it runs.
local atWork = stands.Reconciling ~= nil or stands.Ready == "Submitted"
local actions = {}
