-- Records version and number of partitions of a log that is not there yet.
--
-- KEYS: meta    ARGV: schema version, partitions
-- Returns version and partitions of the log that is there.

if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'schema', ARGV[1], 'partitions', ARGV[2])
end

return redis.call('HMGET', KEYS[1], 'schema', 'partitions')
