-- Keeps a record that cannot be read; the lowest positions make room. Nothing when it is kept already.
--
-- KEYS: aside    ARGV: position, value, records kept at most
-- Returns how many made room.

if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 or redis.call('HLEN', KEYS[1]) <= tonumber(ARGV[3]) then
  return 0
end

local lowest
for _, position in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not lowest or tonumber(position) < tonumber(lowest) then
    lowest = position
  end
end

return redis.call('HDEL', KEYS[1], lowest)
