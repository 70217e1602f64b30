-- Removes the oldest records at or below a position, as many as a chunk holds. Reads two records, whatever the chunk holds.
--
-- KEYS: log, head    ARGV: position, records of a chunk
-- Returns "done", "more", or "beyond <position of the head>".

local upTo, chunk = tonumber(ARGV[1]), tonumber(ARGV[2])
local position = tonumber(redis.call('HGET', KEYS[2], 'position') or '0')
if upTo > position then
  return 'beyond ' .. text(position)
end

local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if not first then
  return 'done'
end

local oldest = tonumber(string.match(first[1], '^%d+'))
if oldest > upTo then
  return 'done'
end

-- Positions follow each other but for gaps, so this many positions are at most a chunk of records.
local cut = math.min(upTo, oldest + chunk - 1)
local last = redis.call('XREVRANGE', KEYS[1], text(cut), '-', 'COUNT', 1)[1]
local lastPosition = string.match(last[1], '^%d+')
redis.call('XTRIM', KEYS[1], 'MINID', '=', lastPosition .. '-1')
redis.call('HSET', KEYS[2], 'trimmed', lastPosition, 'trimmedBytes', last[2][6])
return cut == upTo and 'done' or 'more'
