import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandBlocks, DOCUMENTS } from './support/documents.ts'
import { encode, photo } from './support/pictures.ts'
import { environmentOf, runProgram, type Served, serve } from './support/program.ts'
import { type RunningOrigin, startOrigin } from './support/s3-server.ts'

/** What shows that the commands of a block work: they are run here, or elsewhere, or cannot be run and why. */
type Proof = 'here' | { readonly by: string; readonly which: string } | { readonly not: string }

const AWS = { not: 'needs an AWS account; test/deploy holds the templates against the code' }
const DOCKER = { not: 'needs a container engine; npm run test:container does its steps without one' }

const PROOFS: Readonly<Record<string, Proof>> = {
  'README.md: Try it': { by: 'scripts/first-start.ts', which: "spawn('npm', ['start']" },
  'README.md: Your own photos': 'here',
  'README.md: Taking pictures in': 'here',
  'README.md: A bucket of your own': {
    by: 'test/integration/program.test.ts',
    which: 'environmentOf(origin)',
  },
  'README.md: As a package': { by: 'scripts/package.ts', which: "'npm', 'install'" },
  'CONTRIBUTING.md: Contributing': { by: '.ci/run', which: 'npm run check' },
  'bench/README.md: Measuring': { by: 'test/bench/main.test.ts', which: '--json' },
  'bench/README.md: Overload': { by: 'test/bench/overload.test.ts', which: '--json' },
  'docs/access.md: Tokens': 'here',
  'docs/api.md: The API': 'here',
  'docs/api.md: Purging by hand': 'here',
  'docs/audit.md: Reading it': 'here',
  'docs/bucket-events.md: A queue': 'here',
  'docs/container.md: In a container': DOCKER,
  'docs/container.md: A small site': DOCKER,
  'docs/deploy.md: 1. The secret': AWS,
  'docs/deploy.md: 2. The stacks': AWS,
  'docs/deploy.md: Kubernetes': {
    not: 'needs a cluster; npm run test:deploy validates the manifests',
  },
  'docs/edge.md: See a purge': { by: 'test/edge/program.test.ts', which: 'main' },
  'docs/edge.md: See a purge (2)': { by: 'test/edge/program.test.ts', which: 'createCloudFrontApi' },
  'docs/edge.md: See a purge (3)': { by: 'test/edge/program.test.ts', which: 'x-amz-meta-cache-tag' },
  'docs/encoders.md: The study': { by: 'test/bench/quality.test.ts', which: 'quality' },
  'docs/events.md: Events': 'here',
  'docs/events.md: What was given up': { by: 'test/commands/trails.test.ts', which: 'retryEvents' },
  'docs/faq.md: How do I sign a size?': 'here',
  'docs/localstack.md: LocalStack': { by: '.ci/run', which: 'storage:test' },
  'docs/localstack.md: LocalStack (2)': { by: '.ci/run', which: 'storage:start -- --host' },
  'docs/localstack.md: With the gateway in a container, too': DOCKER,
  'docs/library.md: Adopt what is there': 'here',
  'docs/library.md: What is in it': 'here',
  'docs/operations.md: Setting up a bucket': {
    by: 'test/commands/commands.test.ts',
    which: "describe('setup'",
  },
  'docs/operations.md: Stores': {
    by: 'scripts/foreign-servers.ts',
    which: 'test/integration/journey.test.ts',
  },
  'docs/origin.md: The origin': { by: 'test/origin/process.test.ts', which: 'ORIGIN_' },
  'docs/origin.md: Checking what is stored': { by: 'test/origin/fsck.test.ts', which: 'fsck' },
  'docs/pictures.md: Your own folder': { by: 'test/scripts/pictures.test.ts', which: 'pictures' },
  'docs/reliability.md: The soak': { by: 'test/soak/report.test.ts', which: "'--minutes', '30'" },
  'docs/set-up.md: On this machine': { by: 'scripts/first-start.ts', which: "spawn('npm', ['start']" },
  'docs/set-up.md: AWS': AWS,
  'docs/set-up.md: Any other store': 'here',
  'docs/uploads.md: The life of a ticket': 'here',
  'docs/warming.md: Warming': { by: 'test/commands/warm.test.ts', which: 'warm' },
  'docs/warming.md: Hit ratio': { by: 'test/commands/warm.test.ts', which: "'stats', 'cdn'" },
}

const blocks = DOCUMENTS.flatMap((page) => commandBlocks(page))

/** In the place of npm: what it would start is compiled already. */
const NPM = `npm() {
  while [ "$1" = run ] || [ "$1" = --silent ]; do shift; done
  [ "$1" = halftone ] && [ "$2" = -- ] && shift 2 && node "$ROOT/dist/src/main.js" "$@"
}`

let origin: RunningOrigin
let gateway: Served
let home: string
let environment: Record<string, string>
let token: string

beforeAll(async () => {
  origin = await startOrigin()
  environment = {
    ...environmentOf(origin),
    HALFTONE_WORKERS: '1',
    HALFTONE_JWT_SECRETS: 'a secret for tests that is long enough for HS256',
    HALFTONE_API_KEYS: 'shop:admin:hk_a-server-of-the-shop-0123456789abcdef',
    HALFTONE_SIGNING_KEYS: 'a key to sign sizes with',
    HALFTONE_S3_FORCE_PATH_STYLE: 'true',
  }
  gateway = await serve(environment)
  home = await mkdtemp(join(tmpdir(), 'halftone-commands-'))
  await mkdir(join(home, 'Pictures', 'shop', 'armchair'), { recursive: true })
  const picture = await encode(photo(640, 480), 'jpg')
  const files = [
    'chair.jpg',
    'photo.jpg',
    'front.jpg',
    'Pictures/shop/armchair/1.jpg',
    'Pictures/shop/vase.jpg',
  ]
  for (const file of files) await writeFile(join(home, file), picture)
  await writeFile(join(home, 'order.csv'), 'item,photo,owner\n')
  await writeFile(join(home, 'prices.json'), pricesOf(readFileSync('docs/library.md', 'utf8')))
  const made = runProgram(['token', '--user', 'ana', '--role', 'admin'], environment)
  if ((await made.ended) !== 0) throw new Error(made.output.join('\n'))
  token = made.output.join('')
})
afterAll(async () => {
  gateway.kill('SIGTERM')
  await gateway.ended
  await origin.stop()
  await rm(home, { recursive: true })
})

/** The price table that the page shows. */
function pricesOf(page: string): string {
  const [, json] = /### The monthly estimate.*?^```json\n(.*?)^```$/ms.exec(page) ?? []
  if (json === undefined) throw new Error('docs/library.md shows no price table')
  return json
}

/** Runs commands as they stand in the page, against the gateway of this test; resolves with the exit code and all they have said. */
async function runCommands(text: string): Promise<{ code: number | null; said: string }> {
  const commands = text.replaceAll('http://127.0.0.1:8080', gateway.url)
  const prelude = `set -euo pipefail
${NPM}
API=${gateway.url}/api/v1
API_KEY=hk_a-server-of-the-shop-0123456789abcdef
KEY='a key to sign sizes with'
TOKEN=${token}
AUTH="authorization: Bearer $TOKEN"
`
  const child = spawn('bash', ['-c', prelude + commands], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, ROOT: process.cwd(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said }
}

test('every block of commands has its proof, and no proof is left over', () => {
  expect(blocks.map(({ name }) => name).toSorted()).toEqual(Object.keys(PROOFS).toSorted())
})

test('a block that is new is noticed', () => {
  const [known, added] = commandBlocks('docs/a.md', '# A\n\n```sh\nls\n```\n\n```sh\nrm\n```\n')
  expect([known, added]).toEqual([
    { name: 'docs/a.md: A', text: 'ls\n' },
    { name: 'docs/a.md: A (2)', text: 'rm\n' },
  ])
})

describe('requirements: Documents – commands', () => {
  test.each(blocks.filter(({ name }) => PROOFS[name] === 'here'))('$name', async ({ text }) => {
    const { code, said } = await runCommands(text)
    expect(said).not.toMatch(/application\/problem|"code":"/)
    expect(code, said).toBe(0)
  })

  const elsewhere = Object.entries(PROOFS).flatMap(([name, proof]) =>
    typeof proof === 'object' && 'by' in proof ? [{ name, ...proof }] : [],
  )
  test.each(elsewhere)('$name: run by $by', ({ by, which }) => {
    expect(existsSync(by)).toBe(true)
    expect(readFileSync(by, 'utf8')).toContain(which)
  })
})
