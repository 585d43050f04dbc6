-- Filter for Fluent Bit: adds authproblem_reason, _owner, _remedy, _attack and _severity to failures of Okta and Auth0.
-- The rules are those of `python -m authproblem registry --format csv`; the first that fits an event counts.

local rules = {}
local cache, cached, MOST = {}, 0, 8192

local function row_of(line)
  local cells, position = {}, 1
  while position <= #line + 1 do
    if line:sub(position, position) == '"' then
      local cell = ""
      position = position + 1
      while true do
        local stop = line:find('"', position, true) or #line + 1
        cell = cell .. line:sub(position, stop - 1)
        position = stop + 1
        if line:sub(position, position) ~= '"' then break end
        cell = cell .. '"'
        position = position + 1
      end
      cells[#cells + 1] = cell
      position = position + 1
    else
      local stop = line:find(",", position, true) or #line + 1
      cells[#cells + 1] = line:sub(position, stop - 1)
      position = stop + 1
    end
  end
  return cells
end

-- A pattern with `*` as a list of the texts between, nil for one that fits anything.
local function parts_of(pattern)
  if pattern == "*" then return nil end
  local parts = {}
  for part in (pattern:lower() .. "*"):gmatch("([^*]*)%*") do parts[#parts + 1] = part end
  return parts
end

local function fits(value, parts)
  if parts == nil then return true end
  if #parts == 1 then return value == parts[1] end
  local first, last = parts[1], parts[#parts]
  if value:sub(1, #first) ~= first or #value < #first + #last then return false end
  if last ~= "" and value:sub(-#last) ~= last then return false end
  local position = #first + 1
  for index = 2, #parts - 1 do
    local start, stop = value:find(parts[index], position, true)
    if not start then return false end
    position = stop + 1
  end
  return position <= #value - #last + 1
end

local function load(name)
  local file = assert(io.open(name, "r"))
  file:read("*l")
  for line in file:lines() do
    local row = row_of(line)
    rules[#rules + 1] = {
      provider = row[1], kind = parts_of(row[2]), result = parts_of(row[3]), reason = parts_of(row[4]),
      problem = row[5], owner = row[6], remedy = row[7], attack = row[8], severity = row[9],
    }
  end
  file:close()
end

local function find(provider, kind, result, reason)
  local key = provider .. "\0" .. kind .. "\0" .. result .. "\0" .. reason
  local known = cache[key]
  if known ~= nil then return known end
  local found = false
  for _, rule in ipairs(rules) do
    if rule.provider == provider and fits(kind, rule.kind) and fits(result, rule.result)
      and fits(reason, rule.reason) then
      found = rule
      break
    end
  end
  if cached >= MOST then cache, cached = {}, 0 end
  cache[key], cached = found, cached + 1
  return found
end

local function text(value)
  if type(value) == "string" then return value:sub(1, 512):lower() end
  return ""
end

local function said(event)
  local error = type(event.details) == "table" and event.details.error or nil
  local message = type(error) == "table" and error.message or error
  local start = text(message)
  return (start ~= "" and start .. " " or "") .. text(event.description)
end

function authproblem(tag, timestamp, record)
  if #rules == 0 then load(os.getenv("AUTHPROBLEM_CSV") or "authproblem.csv") end
  local rule = false
  if type(record.eventType) == "string" then
    local outcome = type(record.outcome) == "table" and record.outcome or {}
    rule = find("okta", record.eventType:lower(), text(outcome.result), text(outcome.reason))
  else
    local event = type(record.data) == "table" and record.data or record
    if type(event.type) == "string" then rule = find("auth0", event.type:lower(), "", said(event)) end
  end
  if not rule or rule.problem == "" then return 0, timestamp, record end
  record.authproblem_reason, record.authproblem_owner = rule.problem, rule.owner
  record.authproblem_remedy = rule.remedy
  if rule.attack ~= "" then
    record.authproblem_attack, record.authproblem_severity = rule.attack, rule.severity
  end
  return 2, timestamp, record
end
