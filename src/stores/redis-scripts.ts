/**
 * The scripts use Redis' own clock only. They are sent whole with every call (EVAL): they are short, Redis caches them compiled, and a
 * restarted or failed-over server, which has none of them, needs no second try as with EVALSHA. Each touches one key, or several with one hash tag, so they
 * work in a cluster, too.
 */

/** KEYS: entry. ARGV: version, new text, milliseconds to live, channel, message. 1 where the entry had this version, else 0. */
export const replaceScript = `
local text = redis.call('GET', KEYS[1])
if not text then return 0 end
local value = cjson.decode(text).value
if type(value) ~= 'table' or value.version ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], ARGV[5]) -- a hint: a user without the right to publish replaces values all the same
return 1`

/** KEYS: entry. ARGV: text. 1 where the entry was this text, else 0. */
export const removeClaimScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])`

/**
 * A sorted set of members by their ends; the set itself ends with the last of them. Ended members are removed last: a server without free memory
 * refuses a script at its first write, and only where that write adds something.
 * KEYS: group. ARGV: member, milliseconds to live, limit. 1 where the member has a slot, else 0.
 */
export const acquirePlainSlotScript = `
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
 * Four sorted sets of a group: slots by their ends; each owner's slots; the provisional ones by their ends; each owner's provisional ones. An element is
 * `owner:member`, and in the owners' sets, which are in lexical order, `owner:end:member`. So each query is one range, and none of these ranges contains ended
 * slots, whether those were removed or not.
 */
const slots = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends, owned, provisional, ownedProvisional = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function ownedAs (slot, endsAt)
  local owner, member = slot:match('^([^:]+):(.+)$')
  return string.format('%s:%013.0f:%s', owner, endsAt, member)
end
local function drop (slot)
  local endsAt = redis.call('ZSCORE', ends, slot)
  redis.call('ZREM', ends, slot) -- even where there is none: only a write makes a replica refuse, which otherwise would answer for the master
  if not endsAt then return end
  redis.call('ZREM', owned, ownedAs(slot, tonumber(endsAt)))
  redis.call('ZREM', provisional, slot)
  redis.call('ZREM', ownedProvisional, ownedAs(slot, tonumber(endsAt)))
end`

/**
 * New elements are added first, as in `acquirePlainSlotScript`. Each call removes up to 100 ended slots and adds one, so ended ones can't pile up.
 * KEYS: as above. ARGV: owner, member, milliseconds to live, limit, limit of the owner, 1 for a provisional one. 1 and the evicted slot or '', or 0.
 */
export const acquireSlotScript = `${slots}
local owner, slot, endsAt = ARGV[1], ARGV[1] .. ':' .. ARGV[2], now + ARGV[3]
local before = tonumber(redis.call('ZSCORE', ends, slot) or 0)
local evicted = ''
if before <= now then
  local from, to = string.format('[%s:%013.0f', owner, now + 1), '(' .. owner .. ';'
  if redis.call('ZLEXCOUNT', owned, from, to) >= tonumber(ARGV[5]) then
    local oldest = redis.call('ZRANGEBYLEX', ownedProvisional, from, to, 'LIMIT', 0, 1)[1]
    if not oldest then return { 0, '' } end
    evicted = owner .. ':' .. oldest:match('[^:]+$')
  elseif redis.call('ZCOUNT', ends, string.format('(%.0f', now), '+inf') >= tonumber(ARGV[4]) then
    evicted = redis.call('ZRANGEBYSCORE', provisional, string.format('(%.0f', now), '+inf', 'LIMIT', 0, 1)[1]
    if not evicted then return { 0, '' } end
  end
end
local isProvisional = ARGV[6] == '1' and (before <= now or redis.call('ZSCORE', provisional, slot))
redis.call('ZADD', ends, string.format('%.0f', endsAt), slot)
redis.call('ZADD', owned, 0, ownedAs(slot, endsAt))
if before > 0 and before ~= endsAt then
  redis.call('ZREM', owned, ownedAs(slot, before))
  redis.call('ZREM', ownedProvisional, ownedAs(slot, before))
end
if isProvisional then
  redis.call('ZADD', provisional, string.format('%.0f', endsAt), slot)
  redis.call('ZADD', ownedProvisional, 0, ownedAs(slot, endsAt))
else
  redis.call('ZREM', provisional, slot)
  redis.call('ZREM', ownedProvisional, ownedAs(slot, endsAt))
end
if evicted ~= '' then drop(evicted) end
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)) do drop(ended) end
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[3]) then redis.call('PEXPIRE', key, ARGV[3]) end
end
return { 1, evicted }`

/** KEYS: as above. ARGV: owner, member. 1 where the member has a slot, else 0. */
export const secureSlotScript = `${slots}
local slot = ARGV[1] .. ':' .. ARGV[2]
local endsAt = tonumber(redis.call('ZSCORE', ends, slot) or 0)
if redis.call('ZREM', provisional, slot) == 1 then redis.call('ZREM', ownedProvisional, ownedAs(slot, endsAt)) end
return endsAt > now and 1 or 0`

/** KEYS: as above. ARGV: owner, member. */
export const releaseSlotScript = `${slots}
drop(ARGV[1] .. ':' .. ARGV[2])
return 1`

/**
 * The window is made, with its end, before it is incremented: no count is ever without an end.
 * KEYS: window. ARGV: milliseconds to live. The count and the milliseconds left.
 */
export const countScript = `
redis.call('SET', KEYS[1], 0, 'PX', ARGV[1], 'NX')
return { redis.call('INCR', KEYS[1]), redis.call('PTTL', KEYS[1]) }`

/** KEYS: windows. ARGV: milliseconds to live, and the limit of each. The position of the deciding window among them, its count and the milliseconds left. */
export const countAgainstLimitsScript = `
local function count (key)
  redis.call('SET', key, 0, 'PX', ARGV[1], 'NX')
  return redis.call('INCR', key)
end
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[i + 1]) then return { i, count(key), redis.call('PTTL', key) } end
end
local last = 0
for _, key in ipairs(KEYS) do last = count(key) end
return { #KEYS, last, redis.call('PTTL', KEYS[#KEYS]) }`

/** KEYS: windows. The count and the milliseconds left of each. */
export const readLimitCountsScript = `
local counts = {}
for i, key in ipairs(KEYS) do counts[i] = { tonumber(redis.call('GET', key) or 0), redis.call('PTTL', key) } end
return counts`
