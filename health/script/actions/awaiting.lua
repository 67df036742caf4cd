-- Steps that wait for a decision by annotation: those that the model registry decides
-- on have no evidence here, and for some only git counts.
local function byAnnotation(name)
  for _, s in ipairs((obj.spec or {}).steps or {}) do
    if s.name == name and s.approval ~= nil then
      for _, source in ipairs(s.approval.sources or {"Annotation"}) do
        if source == "Annotation" then
          return true
        end
      end
    end
  end
  return false
end
local awaiting = {}
for _, s in ipairs((obj.status or {}).steps or {}) do
  if s.phase == "AwaitingApproval" and (s.evidence or "") ~= "" and byAnnotation(s.name) then
    table.insert(awaiting, s)
  end
end
