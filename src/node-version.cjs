// Says in one line that Node.js is too old, before that fails on a file of TypeScript. `npm start` and the other commands load it first, so an old Node.js has to be able to read it.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 19) || major === 23) {
  process.stderr.write('scan-login: this is Node.js ' + process.versions.node + ', and scan-login needs 22.19 or newer, best 24: install it from https://nodejs.org, or use Docker\n')
  process.exit(1)
}
