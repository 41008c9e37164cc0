export const help = `npm run people -- <command>

  list [--state waiting|active|blocked] [--json]
                            who has been here, in each state the latest first, and how many wait to be let in
  show <who> [--json] [--wechat-ids]
                            one person; --wechat-ids also what KEEP_WECHAT_IDS has kept
  owner add|remove <who>    makes a person an owner, who lets people in and blocks them from their phone, or no owner any more
  group add|remove <who> <group>
                            puts a person into a group or takes them out: sites read the groups from tokens and from Remote-Groups
  allow <who>               lets a person in, who waits or is blocked
  block <who>               keeps a person out, and signs them out everywhere. With a sub also somebody who has never been here
  sign-out <who>            signs a person out everywhere: every browser and every phone. They can log in again at once
  erase <who>               deletes what is stored of a person, without asking. Whoever is blocked stays blocked
  import <file.csv> [--json]
                            makes people known ahead of their first scan. The first line names the columns: openid, and where there are any
                            unionid, name and groups (separated by ";"). A wrong line stops it before anything has changed
  forget-wechat-ids         once KEEP_WECHAT_IDS is off: deletes what it has kept

<who> is a handle (wx-…) or a sub (43 characters). What changes takes effect at once, and is on the standard error as in the audit log of
the service, by "operator". The exit code is 0 where the command has done its work, and 1 otherwise, with the reason on the standard error.

--json prints {"id", "handle", "name", "state", "groups", "first_seen_at", "last_seen_at", "is_owner"}: list a line for each person, show one
with "browsers", and with "openid" and "unionid" where --wechat-ids asks for them; import prints {"new", "changed", "unchanged", "blocked"}.

The first owner: log in once, find yourself with "npm run people -- list", then "npm run people -- owner add <your handle>".

The settings are those of the service: STORE_URL, KEYS_FILE, and for import WECHAT_APPID and KEEP_WECHAT_IDS, from the environment or from .env.
The service need not be stopped.
`
