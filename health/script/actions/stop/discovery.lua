-- A run that waits has not been made yet, and what is held back is not stopped.
local running = false
for _, run in ipairs(status.runs or {}) do
  running = running or run.outcome == "Running"
end
if stands.Reconciling == "WaitingForReference" or stands.Reconciling == "Stopping" or suspended or inSpec or observed then
  running = false
end
actions["stop"] = {displayName = "Stop", iconClass = "fa fa-fw fa-stop", disabled = not (atWork and running)}
