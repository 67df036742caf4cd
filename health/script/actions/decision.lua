-- The step and the evidence that a person has seen; without them, the one that waits.
local step, evidence = actionParams["step"] or "", actionParams["evidence"] or ""
local waiting = {}
for _, s in ipairs((obj.status or {}).steps or {}) do
  if s.phase == "AwaitingApproval" and (step == "" or s.name == step) then
    table.insert(waiting, s)
  end
end
if #waiting ~= 1 then
  error(#waiting .. " steps await a decision" .. (step ~= "" and " by the name " .. step or "") .. ": name one")
end
if evidence ~= "" and evidence ~= waiting[1].evidence then
  error("step " .. waiting[1].name .. " has other evidence now: " .. (waiting[1].evidence or "none"))
end
local decision = waiting[1].name .. "=" .. (waiting[1].evidence or "")
