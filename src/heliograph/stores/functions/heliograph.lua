-- Server-side functions of Heliograph. The library's name ends in a hash of this file, so that two versions
-- of the code can use one server. All keys of a call lie in one bucket, that is one hash slot of a cluster.
--
-- An id list holds post ids, the newest first, as decimal text. Its last element may be a marker:
--   "0"  the list is complete: nothing older exists than what it holds;
--   "-1" the list is being built: nothing is known of what is older.
-- A list without a marker was cut: it is complete down to its last id and says nothing below it.
-- A list holds `cap` ids at most, and one with `cap` ids counts as cut. Only what is being built keeps its marker beside
-- them: it must not look complete down to its last id because so much was delivered meanwhile.
-- Ids are compared as text, longer first, since Lua's numbers lose precision above 2^53.

local function above(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

local function is_marker(item)
  return item == '0' or item == '-1'
end

local NEAR = 4

-- Drop the oldest ids above `cap`.
local function trim(key, cap)
  if server.call('LINDEX', key, -1) ~= '-1' then
    server.call('LTRIM', key, 0, cap - 1)
  elseif server.call('LLEN', key) > cap + 1 then
    server.call('LTRIM', key, 0, cap - 1)
    server.call('RPUSH', key, '-1')
  end
end

-- How long a list of `cap` may grow before it is cut: cutting costs as much as pushing, and is logged as well.
local function slack(cap)
  return cap + math.floor(cap / 50)
end

-- Put `id` before `item` if it belongs there; whether all is done then, since it does, or is there already.
local function placed(key, id, item, cap)
  if not item or item == id then return true end
  if not (is_marker(item) or above(id, item)) then return false end
  if server.call('LINSERT', key, 'BEFORE', item, id) > slack(cap) then trim(key, cap) end
  return true
end

-- Put `id` into an existing list, in order, once. Nearly always it is the newest.
local function insert(key, id, head, cap)
  if head == id then return end
  if is_marker(head) or above(id, head) then
    if server.call('LPUSH', key, id) > slack(cap) then trim(key, cap) end
    return
  end
  -- Its place is nearly always close behind the newest, where another post has overtaken it: look there one by one, then through
  -- the whole list.
  for at = 1, NEAR do
    if placed(key, id, server.call('LINDEX', key, at), cap) then return end
  end
  for _, item in ipairs(server.call('LRANGE', key, NEAR + 1, -1)) do
    if placed(key, id, item, cap) then return end
  end
end

-- KEYS: any key of the bucket. ARGV: key prefix, cap, then for each post its id and account ids of 19 digits without a
-- separator. Lists that do not exist are left alone: their readers are away. Returns how many were reached.
local function push(keys, args)
  local prefix, cap = args[1], tonumber(args[2])
  local reached = 0
  for post = 3, #args, 2 do
    local id, blob = args[post], args[post + 1]
    for at = 1, #blob, 19 do
      local key = prefix .. string.sub(blob, at, at + 18)
      local head = server.call('LINDEX', key, 0)
      if head then
        insert(key, id, head, cap)
        reached = reached + 1
      end
    end
  end
  return reached
end

-- KEYS: the list. ARGV: seconds to live. Makes an absent list exist, as being built. Returns 1 if it was absent.
local function begin(keys, args)
  if server.call('EXISTS', keys[1]) == 1 then return 0 end
  server.call('RPUSH', keys[1], '-1')
  server.call('EXPIRE', keys[1], args[1])
  return 1
end

-- Two lists in descending order into one, without duplicates.
local function merged(a, b)
  local all, i, j = {}, 1, 1
  while i <= #a or j <= #b do
    local item
    if j > #b or (i <= #a and above(a[i], b[j])) then
      item = a[i]; i = i + 1
    elseif i > #a or above(b[j], a[i]) then
      item = b[j]; j = j + 1
    else
      item = a[i]; i = i + 1; j = j + 1
    end
    all[#all + 1] = item
  end
  return all
end

-- KEYS: the list. ARGV: cap, seconds to live (0: as it was), "1" when this ends the building of the list, floor,
-- then ids in descending order: all that exists above `floor` ("0": all) of what is merged in.
-- An absent list stays absent. Returns the length, 0 if absent.
local function merge(keys, args)
  local key, cap, ttl, builds, floor = keys[1], tonumber(args[1]), tonumber(args[2]), args[3] == '1', args[4]
  local had = server.call('LRANGE', key, 0, -1)
  if #had == 0 then return 0 end
  local marker = had[#had]
  if is_marker(marker) then
    had[#had] = nil
  else
    marker = nil
    -- A cut list is complete down to its last id, inclusive: what is merged below that would leave a hole.
    if above(had[#had], floor) then floor = had[#had] end
  end
  local given = {}
  for i = 5, #args do given[#given + 1] = args[i] end
  local building = marker == '-1' and not builds
  if building then floor = '0' end
  local kept = {}
  for _, id in ipairs(merged(had, given)) do
    if #kept < cap and (floor == '0' or id == floor or above(id, floor)) then kept[#kept + 1] = id end
  end
  if building then
    kept[#kept + 1] = '-1'
  elseif floor == '0' and #kept < cap then
    kept[#kept + 1] = '0'
  end
  local expires_ms = server.call('PEXPIRETIME', key)
  server.call('DEL', key)
  if #kept == 0 then return 0 end
  for from = 1, #kept, 1000 do
    server.call('RPUSH', key, unpack(kept, from, math.min(from + 999, #kept)))
  end
  if ttl > 0 then
    server.call('EXPIRE', key, ttl)
  elseif expires_ms > 0 then
    server.call('PEXPIREAT', key, expires_ms)
  end
  return #kept
end

-- A cached value is 16 hex digits of version, then the body; a tombstone is a version without a body.
-- A lease on a missing value is 16 digits of its round and 16 of its holder; see stores/leases.py.
local ROUND = 16

-- KEYS: the value; with a lease: the lease. ARGV: version, value, seconds to live; with a lease: its round, and "1" if it was claimed.
-- Refuses a value older than what is there, and one whose lease is gone. The round ends either way. Returns 1 if stored.
local function fill(keys, args)
  if keys[2] then
    local lease = server.call('GET', keys[2])
    if not lease or string.sub(lease, 1, ROUND) ~= args[4] then return 0 end
    server.call('DEL', keys[2])
  end
  local had = server.call('GETRANGE', keys[1], 0, 15)
  if #had == 16 and had > args[1] then return 0 end
  -- Renewed, and the same once more: nobody who keeps it has to be told.
  if args[5] == '1' and server.call('STRLEN', keys[1]) == 16 + #args[2] and server.call('GETRANGE', keys[1], 16, -1) == args[2] then
    return 1
  end
  server.call('SET', keys[1], args[1] .. args[2], 'EX', args[3])
  return 1
end

-- KEYS: the value, the lease. ARGV: who asks, milliseconds to live, version below which a value is not believed, the lease
-- that was waited for too long. Returns {0, the value}, {1, the lease that is now the asker's} or {2, somebody else's}.
local function lease(keys, args)
  local had = server.call('GET', keys[1])
  if had and #had > 16 and string.sub(had, 1, 16) >= args[3] then return {0, had} end
  local held = server.call('GET', keys[2])
  if held and held ~= args[4] then return {2, held} end
  local mine = (held and string.sub(held, 1, ROUND) or args[1]) .. args[1]
  server.call('SET', keys[2], mine, 'PX', args[2])
  return {1, mine}
end

-- KEYS: the lease. ARGV: what it must be. Ends it, so that the next who asks is given one.
local function give_back(keys, args)
  if server.call('GET', keys[1]) ~= args[1] then return 0 end
  return server.call('DEL', keys[1])
end

-- KEYS: those whose values are out of date, then the leases on them. ARGV: version below which no fill is believed,
-- seconds to live, and "1" to leave the leases, which are of later rounds than the change.
local function invalidate(keys, args)
  local values = #keys / 2
  for at = 1, values do
    local had = server.call('GETRANGE', keys[at], 0, 15)
    if not (#had == 16 and had >= args[1]) then
      server.call('SET', keys[at], args[1], 'EX', args[2])
    end
  end
  if args[3] ~= '1' then server.call('DEL', unpack(keys, values + 1)) end
  return values
end

-- KEYS: the value, the lease. ARGV: who asks, milliseconds to live, then as `invalidate`. For one who has changed something and
-- would put the new value in place of the old: the lease, whoever held it, and the old value stays; or none, and a tombstone,
-- where there is no value.
local function claim(keys, args)
  if server.call('STRLEN', keys[1]) <= 16 then
    invalidate(keys, {args[3], args[4]})
    return ''
  end
  local mine = args[1] .. args[1]
  server.call('SET', keys[2], mine, 'PX', args[2])
  return mine
end

-- KEYS: values. ARGV: seconds to live. Leaves of each its version, as a tombstone: what has read since then may fill it. How many
-- were values.
local function forget(keys, args)
  local forgotten = 0
  for _, key in ipairs(keys) do
    if server.call('STRLEN', key) > 16 then
      server.call('SET', key, server.call('GETRANGE', key, 0, 15), 'EX', args[1])
      forgotten = forgotten + 1
    end
  end
  return forgotten
end

-- KEYS: where the generation is kept. ARGV: run id of this server, the generation that begins with this run.
-- Feeds of an older run are not believed, unless whoever restarted the server vouched for it by storing the new run id.
local function generation(keys, args)
  local had = server.call('HMGET', keys[1], 'run', 'generation')
  if had[1] == args[1] and had[2] then return had[2] end
  server.call('HSET', keys[1], 'run', args[1], 'generation', args[2])
  return args[2]
end

server.register_function('push_SUFFIX', push)
server.register_function('begin_SUFFIX', begin)
server.register_function('merge_SUFFIX', merge)
server.register_function('fill_SUFFIX', fill)
server.register_function('lease_SUFFIX', lease)

-- What must be possible on a server that is full as well: to take back what is not true any more, which needs next to no room,
-- and to be greeted.
local function register_always(name, callback)
  server.register_function{function_name = name, callback = callback, flags = {'allow-oom'}}
end

register_always('give_back_SUFFIX', give_back)
register_always('invalidate_SUFFIX', invalidate)
register_always('claim_SUFFIX', claim)
register_always('forget_SUFFIX', forget)
register_always('generation_SUFFIX', generation)
