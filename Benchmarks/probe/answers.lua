-- wrk: asks blackbox_exporter for one target after the other and counts the checks that did not succeed.
local ours = {}
function setup(thread) table.insert(ours, thread) end

function init(args)
  failures, asked, paths = 0, 0, {}
  for i = 1, tonumber(args[2]) do
    local target = string.format("%s://127.0.0.%d:%s/", args[1], i, args[3])
    paths[i] = wrk.format("GET", "/probe?module=" .. args[1] .. "&target=" .. target)
  end
end

function request()
  asked = asked + 1
  return paths[asked % #paths + 1]
end

function response(status, headers, body)
  if status ~= 200 or not string.find(body, "\nprobe_success 1\n", 1, true) then failures = failures + 1 end
end

function done(summary, latency, requests)
  local failed = 0
  for _, thread in ipairs(ours) do failed = failed + thread:get("failures") end
  io.write(string.format("RESULT %d %d\n", summary.requests, failed))
end
