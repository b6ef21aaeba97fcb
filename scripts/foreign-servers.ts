import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { quietSdk } from '../src/config.ts'
import { createClient, makeBucket } from '../test/conformance/subject.ts'

/** A server that we did not write: how it is installed and started. */
interface ForeignServer {
  /** As in the table of differences. */
  readonly name: string
  readonly packages: readonly string[]
  readonly command: (port: number) => readonly string[]
  readonly environment: (port: number, directory: string) => Readonly<Record<string, string>>
  /** Answers 200 when the server is ready. */
  readonly health: string
  /** What the contracts of storage and transfers are not asked of it. */
  readonly lacks: readonly string[]
}

const SERVERS: readonly ForeignServer[] = [
  {
    name: 'moto',
    packages: ['moto[server,s3]==5.2.5'],
    command: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`],
    environment: () => ({}),
    health: '/moto-api/data.json',
    lacks: [
      'conditional-deletes',
      'control-characters',
      'copy-conditions',
      'source-conditions',
      'missing-uploads',
    ],
  },
  {
    name: 'localstack',
    // The four after it: newer ones of these do not work with it.
    packages: [
      'localstack-core[base-runtime]==4.13.1',
      'cbor2==5.8.0',
      'pyOpenSSL==25.3.0',
      'cryptography==46.0.7',
      'service-identity',
    ],
    command: () => ['-m', 'localstack.runtime.main'],
    environment: (port, directory) => ({
      SERVICES: 's3',
      STRICT_SERVICE_LOADING: '1',
      EAGER_SERVICE_LOADING: '1',
      PERSISTENCE: '0',
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      LOCALSTACK_HOST: `127.0.0.1:${port}`,
      S3_SKIP_SIGNATURE_VALIDATION: '0',
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
      OVERRIDE_IN_DOCKER: '0',
      DNS_ADDRESS: '0',
      FILESYSTEM_ROOT: join(directory, 'files'),
      XDG_CACHE_HOME: join(directory, 'cache'),
    }),
    health: '/_localstack/health',
    lacks: ['conditional-deletes', 'control-characters', 'copy-conditions'],
  },
]

interface Suite {
  readonly name: string
  /** For vitest. */
  readonly args: readonly string[]
}

const SUITES: readonly Suite[] = [
  { name: 'conformance', args: ['--project', 'unit', 'test/conformance'] },
  { name: 'storage and transfers', args: ['--project', 'integration', 'test/contracts', '-t', 'S3, http'] },
  {
    name: 'a journey',
    args: ['--project', 'integration', 'test/integration/journey.test.ts', '-t', 'S3, http'],
  },
]

/** Both servers take any. */
const identity = { region: 'us-east-1', accessKey: 'test', secret: 'test' }

/** Not here: what takes minutes to install, or more than one command to start. By hand: docs/origin.md. */
const BY_HAND = ['Ceph RGW', 'MinIO', 'versitygw', 's3proxy']

const INSTALL_MS = 120_000
const READY_MS = 60_000
const STOP_MS = 5000
const root = join(tmpdir(), 'halftone-foreign-servers')

quietSdk()
let failed = false
const [only] = process.argv.slice(2)
for (const server of SERVERS.filter(({ name }) => only === undefined || name === only)) {
  const obstacle = await prove(server)
  if (obstacle !== undefined) console.log(`${server.name}: left out: ${obstacle}`)
}
console.log(`By hand: ${BY_HAND.join(', ')} (docs/origin.md)`)
process.exitCode = failed ? 1 : 0

/** Runs the suites against a server; answers with why it could not. */
async function prove(server: ForeignServer): Promise<string | undefined> {
  const directory = join(root, server.name)
  const obstacle = install(server, directory)
  if (obstacle !== undefined) return obstacle
  const port = await freePort()
  const child = spawn(python(directory), server.command(port), {
    cwd: directory,
    env: { ...process.env, ...server.environment(port, directory) },
    stdio: 'ignore',
  })
  try {
    const url = `http://127.0.0.1:${port}`
    if (!(await isReady(child, url + server.health))) return `it was not ready within ${READY_MS / 1000} s`
    const bucket = await makeBucket(createClient({ name: server.name, url, ...identity }))
    const environment = {
      S3_TEST_ENDPOINT: url,
      S3_TEST_SERVER: server.name,
      S3_TEST_BUCKET: bucket,
      S3_TEST_LACKS: server.lacks.join(','),
    }
    for (const suite of SUITES) runSuite(server.name, suite, environment)
    return undefined
  } finally {
    await stop(child)
  }
}

function runSuite(server: string, suite: Suite, environment: Readonly<Record<string, string>>): void {
  const { status, stdout, stderr } = spawnSync('npx', ['vitest', 'run', ...suite.args], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  })
  const summary = /^\d+ passed, \d+ failed.*$/m.exec(stdout)?.[0] ?? 'it did not run to its end'
  console.log(`${server}: ${suite.name}: ${summary}`)
  if (status === 0) return
  failed = true
  console.log(stdout, stderr)
}

/** Installs once; later runs find what is there. Answers with why that cannot be done. */
function install({ packages }: ForeignServer, directory: string): string | undefined {
  const done = join(directory, 'installed')
  if (existsSync(done)) return undefined
  mkdirSync(directory, { recursive: true })
  const steps: readonly (readonly [string, ...string[]])[] = [
    ['python3', '-m', 'venv', join(directory, 'venv')],
    [python(directory), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'],
    [python(directory), '-m', 'uv', 'pip', 'install', '--quiet', '-p', python(directory), ...packages],
  ]
  for (const [program, ...args] of steps) {
    const { error, status, stderr } = spawnSync(program, args, { timeout: INSTALL_MS, encoding: 'utf8' })
    if (error !== undefined) return error.message
    if (status !== 0) return stderr.trim().split('\n').at(-1) ?? `${program} exited with ${status}`
  }
  mkdirSync(done)
  return undefined
}

function python(directory: string): string {
  return join(directory, 'venv', 'bin', 'python')
}

async function isReady(child: ChildProcess, url: string): Promise<boolean> {
  const deadline = Date.now() + READY_MS
  while (child.exitCode === null && Date.now() < deadline) {
    if (await answers(url)) return true
    await pause(200)
  }
  return false
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    // Nothing listens there yet.
    return false
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await ended
  clearTimeout(late)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port')
  return address.port
}
