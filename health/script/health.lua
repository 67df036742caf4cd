-- Judges an object of sagemaker.gitops.dev, by the truth table of package health.
local wrong = {}

local function member(object, name, want, kind)
  local value = object[name]
  if value == nil or type(value) == kind then
    return value
  end
  table.insert(wrong, name .. " is not " .. want)
end

local function whole(object, name)
  local value = object[name]
  if value == nil or type(value) == "number" and value % 1 == 0 then
    return value
  end
  table.insert(wrong, name .. " is not a whole number")
end

local metadata = member(obj, "metadata", "an object", "table") or {}
local annotations = member(metadata, "annotations", "an object", "table") or {}
local spec = member(obj, "spec", "an object", "table") or {}
local status = member(obj, "status", "an object", "table") or {}
local deletion = member(metadata, "deletionTimestamp", "text", "string") or ""
local generation = whole(metadata, "generation") or 0
local annotation = member(annotations, "sagemaker.gitops.dev/suspend", "text", "string")
local suspended = member(spec, "suspend", "true or false", "boolean") or annotation == "true"
local observed = whole(status, "observedGeneration")
local conditions = member(status, "conditions", "a list", "table") or {}
if next(conditions) ~= nil and conditions[1] == nil then
  table.insert(wrong, "conditions is not a list")
end

for i, c in ipairs(conditions) do
  local before = #wrong
  if type(c) ~= "table" then
    table.insert(wrong, "condition " .. (i - 1) .. " is not an object")
  else
    for _, name in ipairs({"type", "status", "reason", "message"}) do
      member(c, name, "text", "string")
    end
    whole(c, "observedGeneration")
    if #wrong > before then
      wrong[before + 1] = "condition " .. (i - 1) .. ": " .. wrong[before + 1]
    end
  end
  if #wrong > before then
    break
  end
end

local function result(code, message)
  return {status = code, message = message}
end

-- The message of the given condition, or else that of Ready, or else the fallback.
local function say(kind, fallback)
  for _, wanted in ipairs({kind, "Ready"}) do
    for _, c in ipairs(conditions) do
      if c.type == wanted and (c.message or "") ~= "" then
        return c.message
      end
    end
  end
  if (fallback or "") == "" then
    return "no message"
  end
  return fallback
end

local function waiting(kind, reason)
  if reason == "AwaitingApproval" then
    return result("Suspended", say(kind, reason))
  end
  return result("Progressing", say(kind, reason))
end

if #wrong > 0 then
  return result("Unknown", "malformed object: " .. table.concat(wrong, "; "))
elseif deletion ~= "" then
  local message = say("Reconciling", "pending deletion")
  return {status = "Progressing", message = message, deletionMessage = message}
elseif suspended then
  return result("Suspended", say("Ready", "suspended"))
elseif observed == nil then
  return result("Progressing", "not reconciled yet")
elseif observed ~= generation then
  for _, c in ipairs(conditions) do
    if c.type == "Reconciling" and c.status == "True" and c.observedGeneration == generation then
      return waiting("Reconciling", c.reason)
    end
  end
  return result("Progressing", "generation " .. generation .. " not reconciled yet, last was " .. observed)
end

for _, c in ipairs(conditions) do
  if c.status == "True" and c.type == "Stalled" then
    if c.reason == "Stopped" then
      return result("Suspended", say("Stalled", c.reason))
    end
    return result("Degraded", say("Stalled", c.reason))
  elseif c.status == "True" and c.type == "Reconciling" then
    return waiting("Reconciling", c.reason)
  end
end

for _, c in ipairs(conditions) do
  if c.type == "Ready" then
    if c.status == "True" then
      if c.reason == "StoppedWhenIdle" then
        return result("Suspended", c.message or "")
      end
      return result("Healthy", c.message or "")
    end
    return waiting("Ready", c.reason)
  end
end

return result("Progressing", "no Ready condition yet")
