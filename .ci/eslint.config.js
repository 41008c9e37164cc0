// Format, three type-aware rules, and the floors: a file imports from lower floors or from its own folder, never upwards or sideways.
import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

const floors = [
  ['domain', 'errors.ts', 'config.ts', 'cache-options.ts', 'deadline.ts', 'file-rights.ts', 'heap.ts', 'log-codes.ts', 'log-limit.ts', 'rare-line.ts', 'setting-names.ts', 'setting-values.ts', 'timer-queue.ts', 'version.ts', 'weak-settings.ts'],
  ['login', 'outgoing'],
  ['stores', 'wechat', 'sessions', 'people', 'places', 'webhook'],
  ['http', 'oidc'],
  ['app.ts', 'app-oidc.ts', 'log-output.ts'],
  ['environment.ts', 'runtime.ts', 'serve.ts'],
  ['server.ts', 'keys.ts', 'commands', 'demo'],
]

const files = (room) => room.endsWith('.ts') ? `src/${room}` : `src/${room}/**/*.ts`
const asImport = (room) => room.endsWith('.ts') ? `**/${room}` : `**/${room}/**`

const floorRules = floors.flatMap((rooms, floor) => rooms.map((room) => ({
  files: [files(room)],
  rules: {
    'no-restricted-imports': ['error', {
      patterns: floors.slice(floor).flat()
        .filter((other) => other !== room && !(floor === 0) && !(room === 'app.ts' && other === 'app-oidc.ts')) // a part of it
        .concat(floor === 0 ? floors.slice(1).flat() : [])
        .map((other) => ({ group: [asImport(other)], message: `${room} is on floor ${floor} and may not import ${other}: imports go to lower floors only.` })),
    }],
  },
})))

export default [
  { ignores: ['node_modules/**', 'coverage/**', 'dist/**', '.tap/**', '.stryker/**', 'data/**'] },
  ...neostandard({ ts: true }),
  {
    files: ['src/**/*.ts', 'test/**/*.ts', '.ci/**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  { rules: { '@stylistic/comma-dangle': ['error', 'always-multiline'] } },
  // tsc checks these against what a browser has; eslint knows no DOM.
  { files: ['static/**/*.js', 'src/demo/sites/element/public/*.js'], rules: { 'no-undef': 'off' } },
  ...floorRules,
]
