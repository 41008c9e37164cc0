-- Asks scan-login who a request is from, as HAProxy can't by itself. What it refuses goes to the visitor as it is.
local service = "http://127.0.0.1:3000"
local host = "login.example.com"

-- The service gets its own cookies only. Of several, all, as another subdomain may have set one.
local function login_cookies(lines)
  local found = {}
  for _, line in pairs(lines or {}) do
    for cookie in line:gmatch("[^;]+") do
      if cookie:match("scan_login%s*=") then found[#found + 1] = cookie end
    end
  end
  return table.concat(found, ";")
end

-- HAProxy's own to set.
local own = { ["connection"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true, ["content-length"] = true }

core.register_action("scan-login", { "http-req" }, function(txn, path)
  local sent = txn.http:req_get_headers()
  local function first(name) return { sent[name] and sent[name][0] or "" } end
  local headers = {
    ["host"] = { host },
    ["cookie"] = { login_cookies(sent["cookie"]) },
    ["accept"] = first("accept"),
    ["x-forwarded-for"] = { txn.f:src() },
    ["x-forwarded-proto"] = { "https" },
    ["x-forwarded-host"] = first("host"),
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-uri"] = { txn.f:pathq() },
  }
  if sent["sec-fetch-mode"] then headers["sec-fetch-mode"] = first("sec-fetch-mode") end
  local answer = core.httpclient():get({ url = service .. path, headers = headers, timeout = 6000 })

  -- Without an answer nothing is set, and haproxy.cfg refuses the request.
  if not answer or not answer.status or answer.status < 200 then return end
  local function value(name) return answer.headers[name] and answer.headers[name][0] or "" end
  if answer.status < 300 then
    if value("remote-user") == "" then return end
    for _, name in ipairs({ "user", "name", "email", "groups" }) do
      txn:set_var("txn.login_" .. name, value("remote-" .. name))
    end
    return
  end
  local reply = txn:reply({ status = answer.status, reason = answer.reason, body = answer.body })
  for name, values in pairs(answer.headers) do
    for _, each in pairs(values) do
      if not own[name] then reply:add_header(name, each) end
    end
  end
  txn:done(reply)
end, 1)
