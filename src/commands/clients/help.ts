import { appNames } from '../../oidc/presets/presets.ts'

export const help = `npm run clients -- <command>

  add <app> <address> [--allow everybody|<group>,…] [--id <client_id>] [--name <name>] [--redirect-uri <uri>]…
      [--public] [--device-flow] [--alg RS256|ES256] [--lang en|zh] [--json]
                            lets people log in to an app: writes its entry, makes a secret, prints that once, and what to enter at the app.
                            Without --allow only the people in a group may, which has the client's id as its name
  list [--json]             the apps, and who may log in there
  remove <client_id>        takes an app out of the file: nobody can log in there any more
  secret <client_id> [--finish|--replace] [--json]
                            makes another secret and prints it: the old one works, too, until --finish, which makes none, ends it. --replace
                            ends it at once, for one that has leaked
  check [--fetch] [--json]  tells what is wrong or risky in the file. It calls nobody; --fetch asks this service for its discovery, and whether
                            each app answers

<app> is one of ${appNames.slice(0, 9).join(', ')},
${appNames.slice(9).join(', ')}. <address> is where people open it, like https://git.example.com.

The settings are those of the service, from the environment or from .env: PUBLIC_URL, and OIDC_CLIENTS_FILE. Where that is not set, the file is
clients.json in the folder of KEYS_FILE, and add says which line to put into .env. A service that reads the file knows a change within five
seconds, and need not be stopped.

--json prints for add {"client_id", "client_secret", "issuer", "discovery", "redirect_uris", "allow", "file", "env", "setup"}, with null as the
secret of a public client, and as "env" where nothing is missing in .env; for list a line for each app; for secret {"client_id", "client_secret"}; for check {"file", "errors", "risks", "fetched"}.
The exit code is 0 where the command has done its work, and 1 otherwise, with the reason on the standard error: for check, where something is wrong.
`
