-- Judges an object of the ACK controllers for SageMaker and Application Auto Scaling.
-- ACK calls synchronised what has failed, too, so the status that AWS gives decides.
local metadata, status = obj.metadata or {}, obj.status or {}
local is = kind.member and status[kind.member] or ""
local said = {}
for _, c in ipairs(status.conditions or {}) do
  if c.status == "True" then
    said[c.type] = c.message or ""
  end
end

local function result(code, ...)
  for _, message in ipairs({...}) do
    if message ~= "" then
      return {status = code, message = message}
    end
  end
  return {status = code, message = ""}
end

local now = ""
if is ~= "" then
  now = obj.kind .. " is " .. is
  if status.secondaryStatus ~= nil and status.secondaryStatus ~= is then
    now = now .. ": " .. status.secondaryStatus
  end
end

if metadata.deletionTimestamp ~= nil then
  return result("Progressing", "pending deletion")
elseif said["ACK.Terminal"] then
  return result("Degraded", status.failureReason or "", said["ACK.Terminal"], "ACK.Terminal")
elseif kind.failed and kind.failed[is] then
  return result("Degraded", status.failureReason or "", now)
elseif said["ACK.Recoverable"] then
  return result("Progressing", said["ACK.Recoverable"], now, "ACK.Recoverable")
elseif said["ACK.ResourceSynced"] and kind.stopped and kind.stopped[is] then
  return result("Suspended", now)
elseif said["ACK.ResourceSynced"] and (kind.member == nil or kind.done[is]) then
  return result("Healthy", now)
end
return result("Progressing", now, "waiting for the ACK controller")
