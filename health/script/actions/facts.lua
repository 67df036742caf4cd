local annotations = obj.metadata.annotations or {}
local spec, status = obj.spec or {}, obj.status or {}
local stands = {}
for _, c in ipairs(status.conditions or {}) do
  if c.status == "True" then
    stands[c.type] = c.reason
  end
end
-- A job with readiness Submitted is ready while it runs.
local atWork = stands.Reconciling ~= nil or stands.Ready == "Submitted"
local policy = spec.managementPolicy or annotations["services.k8s.aws/read-only"] == "true" and "Observe"
local observed = policy == "Observe"
local actions = {}
