import type { Terms } from './run.ts'

const settings = `The settings are those of the service: STORE_URL, KEYS_FILE and OIDC_CLIENTS_FILE, from the environment or from .env. The exit code is 0 where
the command has done its work, and 1 otherwise, with the reason on the standard error.
`

const backupForm = '<folder> [--passphrase-file <file>] [--keys-only] [--json]'

const backupHelp = `npm run backup -- ${backupForm}

Makes a backup in a folder that does not exist yet, beside the running service or without it, as the user of the service or as root. The folder
appears when the backup is whole and on the disk. Meanwhile a copy of the store needs room beside the store.

In it are the store as it was at one moment (who is logged in, people, groups, blocks), the key file, and the file of the apps, with a
manifest.json that has the time, the version and a SHA-256 of each. Not in it are the settings (.env), which have the secrets of WeChat and of the
webhook, and files that a setting or an entry of an app names (client_secret_file, GEOIP_FILE, SITE_LOGO): the command lists them.

Whoever has a backup has the keys: keep it as you keep these. Only the user who has made it can read it: one that root has made is root's.

  --passphrase-file <file>  encrypts it (scrypt, AES-256-GCM) with the passphrase in a private file, of at least 16 characters
  --keys-only               without the store: the key file and the file of the apps
  --json                    prints {"folder", "version", "made_at", "encrypted", "people", "logins", "files": [{"name", "bytes", "sha256"}], "not_included"}

Redis makes copies of its own, which you take while it runs: dump.rdb, once BGSAVE has written it, or with appendonly yes the folder
appendonlydir, while no rewrite of it runs. Back up the keys beside it with --keys-only: without them the copy is worth nothing.
src/stores/README.md has the commands.

${settings}`

const restoreForm = '<folder> [--passphrase-file <file>] [--sign-everybody-out] [--keys-only] [--json]'

const restoreHelp = `npm run restore -- ${restoreForm}

Puts a backup where STORE_URL, KEYS_FILE and OIDC_CLIENTS_FILE say, while the service is stopped. It overwrites nothing: an old store has to be
moved away first. A key file or file of apps that is there already with the same content stays. Before anything is in place, the whole backup is
read and held against its manifest. The store comes last: a restore that was interrupted can be run again.

Root may run this for a service of another user: files get the owner of the folder that they are put into, and missing folders that of the folder
which is there.

What has happened since the backup is lost, and what had ended since is back: whoever has logged in since logs in once more, browsers and phones
that were signed out since are logged in again, and so are people who were blocked or have deleted their data since. The command says how to find
them in the log of the service. Do that before you start the service.

  --passphrase-file <file>  for an encrypted backup
  --sign-everybody-out      ends every login in it, in browsers, on phones and in apps: for a store that somebody broke into, or an old backup.
                            People, groups, owners and blocks stay, and everybody scans once more
  --keys-only               without the store: the key file and the file of the apps
  --json                    prints {"folder", "version", "made_at", "people", "logins", "restored", "kept", "signed_out", "not_included"}

For Redis, stop Redis and the service, put dump.rdb or the folder appendonlydir where its setting "dir" says, start it, and restore the keys with
--keys-only. With appendonly yes it reads appendonlydir alone, and starts empty from a dump.rdb: start it once with --appendonly no, run
CONFIG SET appendonly yes, wait for aof_rewrite_in_progress:0 in INFO persistence, and start it again as usual. What is said above of lost and
ended things holds there, too.

${settings}`

export const backupTerms: Terms = { name: 'backup', form: backupForm, help: backupHelp, options: ['keys-only', 'json'] }

export const restoreTerms: Terms = { name: 'restore', form: restoreForm, help: restoreHelp, options: ['sign-everybody-out', 'keys-only', 'json'] }
