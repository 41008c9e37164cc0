/**
 * Owns the few scripts run in Redis. Ends are told by Redis' own clock alone. They are sent whole with every call (EVAL): they are short,
 * Redis keeps them compiled, and a restarted or failed-over server, which knows none of them, needs no second try as with EVALSHA.
 * Each touches one key, so they work in a cluster as well.
 */

/** KEYS: entry. ARGV: version, new text, milliseconds to live, channel, message. 1 where the entry had this version, else 0. */
export const replaceScript = `
local text = redis.call('GET', KEYS[1])
if not text then return 0 end
local value = cjson.decode(text).value
if type(value) ~= 'table' or value.version ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], ARGV[5]) -- a hint: where it is not allowed, the value is replaced all the same
return 1`

/**
 * A sorted set of members by their ends; the set itself ends with the last of them. What has ended is removed last: a server without
 * memory refuses a script at its first write only where that one adds something.
 * KEYS: group. ARGV: member, milliseconds to live, limit. 1 where the member has a place, else 0.
 */
export const admitScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = redis.call('ZSCORE', KEYS[1], ARGV[1])
local isIn = mine and tonumber(mine) > now
if not isIn and redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf') >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

/**
 * The window is there, with its end, before anything is counted in it: no count is ever without an end.
 * KEYS: window. ARGV: milliseconds to live. Both give the count and the milliseconds that are left.
 */
export const countScript = `
redis.call('SET', KEYS[1], 0, 'PX', ARGV[1], 'NX')
return { redis.call('INCR', KEYS[1]), redis.call('PTTL', KEYS[1]) }`

export const countOfScript = `
return { tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1]) }`
