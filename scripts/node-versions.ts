/**
 * The tests on other versions of Node than the one at hand: `npm run test:node -- 22 24 [--all | --short]`. Without
 * `--all` only what differs between versions: sockets, streams, child processes, cryptography, and whole programs; with
 * `--short` one of each.
 */
import { spawnSync } from 'node:child_process'

const VERSIONS = ['22', '24']
const CHOSEN = [
  'test/http',
  'test/origin/connections.test.ts',
  'test/origin/process.test.ts',
  'test/pixels',
  'test/render',
  'test/running',
  'test/storage',
  'test/transfers',
  'test/index.test.ts',
  'test/integration/program.test.ts',
  'test/integration/journey.test.ts',
]

const SHORT = [
  'test/http/server.test.ts',
  'test/origin/connections.test.ts',
  'test/render/worker-pool.test.ts',
  'test/remote/fetch-remote.test.ts',
  'test/storage',
  'test/index.test.ts',
]

const args = process.argv.slice(2)
const named = args.filter((arg) => /^\d+(?:\.\d+)*$/.test(arg))
const files = args.includes('--all') ? [] : args.includes('--short') ? SHORT : CHOSEN

for (const version of named.length > 0 ? named : VERSIONS) {
  process.stdout.write(`\nNode ${version}\n`)
  // npx puts that Node first into the path, so that workers, origins and gateways run on it too.
  const command = ['node node_modules/vitest/vitest.mjs run --reporter=dot', ...files].join(' ')
  const reported = `${command} --reporter=./test/support/summary-reporter.ts`
  const { status } = spawnSync('npx', ['--yes', '-p', `node@${version}`, '-c', reported], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
}
