-- A run that git has given its name can be there only once.
local fixed = false
for _, run in ipairs(status.runs or {}) do
  fixed = fixed or run.name == spec[nameField] and run.startTime ~= nil
end
local why = fixed and " (needs another " .. nameField .. ")" or ""
actions["rerun"] = {displayName = "Run again" .. why, iconClass = "fa fa-fw fa-redo", disabled = atWork or fixed or observed}
