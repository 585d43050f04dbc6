-- What envoy.yaml cannot express: which clients are blocked for a while, and who is redirected to the sign-in page.
-- Each worker has its own counts: with N workers, a client that uses all of them has N times the allowance.

local ALLOWED, WINDOW, CLIENTS = 5, 10, 10000
local GUESSES = { ["invalid-credentials"] = true, ["invalid-code"] = true, ["mfa-invalid-code"] = true, ["sign-in-failed"] = true }
local TO_SIGN_IN = { ["invalid-token"] = true, ["token-expired"] = true }
local EDGE = '{"type":"urn:problem-type:auth:rate-limited","title":"Rate limit exceeded","status":429,'
  .. '"detail":"There are too many requests right now. Please wait a moment and try again.","reason":"rate-limited",'
  .. '"owner":"limit","remedy":"wait","retry":{"policy":"after_delay","after":10,"automatic":false,"source":"default"},'
  .. '"provider":"oauth","upstream":{}}'

local counts, known = {}, 0

-- The count of a client in the current window.
local function count(client)
  local now, found = os.time(), counts[client]
  if found and now - found.since < WINDOW then
    return found
  end
  if not found then
    known = known + 1
    if known > CLIENTS then -- bounded: drop all of them
      counts, known = {}, 1
    end
  end
  counts[client] = { since = now, times = 0 }
  return counts[client]
end

local function client_of(handle)
  return (handle:streamInfo():downstreamRemoteAddress():gsub(":%d+$", ""))
end

function envoy_on_request(handle)
  local found = counts[client_of(handle)]
  if found and found.times > ALLOWED and os.time() - found.since < WINDOW then
    handle:respond({
      [":status"] = "429",
      ["content-type"] = "application/problem+json",
      ["retry-after"] = "10",
      ["cache-control"] = "no-store",
      ["auth-problem"] = "rate-limited",
      ["auth-problem-owner"] = "limit",
      ["auth-problem-retry"] = "manual",
    }, EDGE)
    return
  end
  local headers = handle:headers()
  local path = headers:get(":path"):gsub("%?.*", "")
  if headers:get("sec-fetch-mode") == "navigate" and path ~= "/sign-in" then
    handle:streamInfo():dynamicMetadata():set("gateway", "page", true)
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local problem, owner = headers:get("auth-problem"), headers:get("auth-problem-owner")
  if not problem then
    return
  end
  if owner == "limit" or GUESSES[problem] then
    local found = count(client_of(handle))
    found.times = found.times + 1
  end
  local status, noted = headers:get(":status"), handle:streamInfo():dynamicMetadata():get("gateway")
  local page = noted and noted.page and (status == "401" or status == "403")
  if page and (owner == "user" or TO_SIGN_IN[problem]) then
    headers:replace(":status", "303")
    headers:replace("location", "/sign-in?reason=" .. problem)
    headers:remove("www-authenticate")
  end
end
