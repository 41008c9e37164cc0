export const help = `npm run doctor [-- --json] [--fix]

Walks through the set-up of a service and says for each fault what to do: settings, keys and folders, the store, the clock, PUBLIC_URL as visitors
reach it, the proxy in front, WeChat, the mini program, apps, webhook and metrics. Run it as the user of the service, with its settings and in its folder,
beside the running service. It takes about half a minute, as it waits as long as a poll does.

What it does leaves no trace: it writes to the store and removes what it wrote, makes one ticket and gives it up, and asks WeChat for one code
(and one URL Link where those are on). WEBHOOK_URL gets one signed message of the type "test", which a receiver may ignore.

  --json  prints {"ok", "version", "findings": [{"check", "status", "code", "text", "todo"}], "mended": [{"check", "text"}]}. The status is "ok", "not-checked",
          "warning" or "failure"; code and todo are null for the first two
  --fix   mends what can be mended safely, such as the rights of files, and says what it has done

The exit code is 0 where there is no failure (there may be warnings), and 1 otherwise.
`
