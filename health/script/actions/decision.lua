-- The step and the evidence that a person has seen; without them, the one that waits.
-- Of the evidence the beginning will do, of which a menu shows eight digits.
local step, evidence = actionParams["step"] or "", actionParams["evidence"] or ""
local waiting = {}
for _, s in ipairs(awaiting) do
  if step == "" or s.name == step then
    table.insert(waiting, s)
  end
end
if #waiting ~= 1 then
  error(#waiting .. " steps await a decision" .. (step ~= "" and " by the name " .. step or "") .. ": name one")
end
local is = waiting[1].evidence
local begins = #evidence >= #"sha256:12345678" and evidence <= is and is < evidence .. "g"
if evidence ~= "" and evidence ~= is and not begins then
  error("step " .. waiting[1].name .. " has other evidence now: " .. is)
end
local decision = waiting[1].name .. "=" .. is
