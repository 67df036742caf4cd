-- The first digits of a digest, which a menu has room for. Without the library string
-- they are found by comparing.
local function short(digest)
  local text = "sha256:"
  for _ = 1, 8 do
    local digit
    for _, d in ipairs({"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"}) do
      if text .. d <= digest then
        digit = d
      end
    end
    if digit == nil then
      return digest
    end
    text = text .. digit
  end
  return text
end
-- Argo CD 3.5 drops the defaults of parameters: there the title is all that a person
-- sees of what is decided on.
local names, which = {}, ""
for _, s in ipairs(awaiting) do
  table.insert(names, s.name)
end
if #awaiting == 1 then
  which = " " .. names[1] .. " " .. short(awaiting[1].evidence)
elseif #awaiting > 1 then
  which = " one of " .. table.concat(names, ", ")
end
-- A new table for each: Argo CD refuses one that stands in two places.
local function decide()
  if #awaiting == 1 then
    return {{name = "step", default = names[1]}, {name = "evidence", default = awaiting[1].evidence}}
  elseif #awaiting > 1 then
    return {{name = "step"}, {name = "evidence"}}
  end
end
actions["approve"] = {displayName = "Approve" .. which, iconClass = "fa fa-fw fa-check", disabled = #awaiting == 0, params = decide()}
actions["reject"] = {displayName = "Reject" .. which, iconClass = "fa fa-fw fa-times", disabled = #awaiting == 0, params = decide()}
