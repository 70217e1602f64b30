-- Appends groups of records to a partition's log, each group whole or not at all.
--
-- KEYS: log, head, keys, writers
-- ARGV: writer, sequence, floor, maxBytes, duplicateWindow (ms), maxKeys, groups,
--       then per group: number of keys, keys, number of records, per record: points, payload
--
-- Returns "sequence time first ingestedAt pointsBefore gap statuses": first is the position of the first record written, gap the
-- position before a gap that was written (-1: none), statuses one per group, separated by commas: A appended, F full,
-- R0.2 repeated: its first and third key are known.
--
-- A writer has one call under way at a time. The last result of each is kept: a call repeated because its answer was lost is
-- answered with it, and an older one that arrives late is refused.

local KEY_SCORES_PER_MS = 2048
local MAX_EXPIRED_KEYS = 256
local WRITER_LIFETIME = 3600000

local writer, sequence, floor = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local maxBytes, window, maxKeys, groups = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local result = redis.call('HGET', KEYS[4], writer)
if result then
  local last = tonumber(string.match(result, '^%d+'))
  if last == sequence then
    return result
  end
  if last > sequence then
    return redis.error_reply('STALE append ' .. ARGV[2] .. ' arrived after ' .. text(last))
  end
end

local time = now()
local head = readHead(KEYS[2])
local run = runId()
local lastBefore = lostAfter(head, floor, run)
head.run = run
head.ingested = math.max(head.ingested, time)

-- First decide, then write: nothing may fail once something has been written.
local oldestScore = (head.ingested - window) * KEY_SCORES_PER_MS
local held = head.bytes - head.trimmedBytes
local statuses, plan, taken, newKeys = {}, {}, {}, {}
local at = 8
for group = 1, groups do
  local keyCount = tonumber(ARGV[at])
  local firstKey = at + 1
  local repeated = {}
  for k = 0, keyCount - 1 do
    local key = ARGV[firstKey + k]
    local score = redis.call('ZSCORE', KEYS[3], key)
    if taken[key] or (score and tonumber(score) >= oldestScore) then
      repeated[#repeated + 1] = k
    end
  end

  local records = firstKey + keyCount
  local count = tonumber(ARGV[records])
  local bytes = 0
  for r = 1, count do
    bytes = bytes + #ARGV[records + 2 * r]
  end

  if #repeated > 0 then
    statuses[group] = 'R' .. table.concat(repeated, '.')
  elseif held + bytes > maxBytes then
    statuses[group] = 'F'
  else
    statuses[group] = 'A'
    held = held + bytes
    plan[#plan + 1] = { records = records, count = count }
    for k = 0, keyCount - 1 do
      local key = ARGV[firstKey + k]
      taken[key] = true
      newKeys[#newKeys + 1] = key
    end
  end

  at = records + 1 + 2 * count
end

if lastBefore then
  addGap(KEYS[1], head, floor, lastBefore)
end

local first, pointsBefore = head.position + 1, head.points
for _, group in ipairs(plan) do
  for r = 1, group.count do
    addRecord(KEYS[1], head, tonumber(ARGV[group.records + 2 * r - 1]), ARGV[group.records + 2 * r])
  end
end

if #newKeys > 0 then
  for _, key in ipairs(newKeys) do
    head.keyScore = math.max(head.keyScore + 1, head.ingested * KEY_SCORES_PER_MS)
    redis.call('ZADD', KEYS[3], text(head.keyScore), key)
  end

  local expired = redis.call('ZCOUNT', KEYS[3], '-inf', '(' .. text(oldestScore))
  local remove = math.max(redis.call('ZCARD', KEYS[3]) - maxKeys, math.min(expired, MAX_EXPIRED_KEYS))
  if remove > 0 then
    redis.call('ZREMRANGEBYRANK', KEYS[3], 0, remove - 1)
  end
end

if lastBefore or #plan > 0 then
  writeHead(KEYS[2], head)
end

result = table.concat({ text(sequence), text(time), text(first), text(head.ingested), text(pointsBefore),
  lastBefore and text(lastBefore) or '-1', table.concat(statuses, ',') }, ' ')
redis.call('HSET', KEYS[4], writer, result)

if lastBefore or #plan > 0 then
  publish(KEYS[1], head)
end

-- A process that starts clears away those that have ended.
if sequence == 1 then
  local writers = redis.call('HGETALL', KEYS[4])
  for w = 1, #writers, 2 do
    if tonumber(string.match(writers[w + 1], '^%d+ (%d+)')) < time - WRITER_LIFETIME then
      redis.call('HDEL', KEYS[4], writers[w])
    end
  end
end

return result
