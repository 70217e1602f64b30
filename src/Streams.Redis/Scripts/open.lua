-- Brings a partition's log into being, or writes a gap when it may have lost its tail.
--
-- KEYS: log, head    ARGV: floor
-- Returns "position gap": gap is the position before a gap that was written (-1: none).

local floor = tonumber(ARGV[1])
local head = readHead(KEYS[2])
local run = runId()
local lastBefore = lostAfter(head, floor, run)
local known = head.run == run
head.run = run
if lastBefore then
  head.ingested = math.max(head.ingested, now())
  addGap(KEYS[1], head, floor, lastBefore)
end

if not known or lastBefore then
  writeHead(KEYS[2], head)
end

if lastBefore then
  publish(KEYS[1], head)
end

return text(head.position) .. ' ' .. (lastBefore and text(lastBefore) or '-1')
