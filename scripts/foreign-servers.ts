import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quietSdk } from '../src/config.ts'
import { createClient, makeBucket } from '../test/conformance/subject.ts'
import { ceph } from './foreign/ceph.ts'
import type { ForeignServer } from './foreign/foreign-server.ts'
import { freePort } from './foreign/free-port.ts'
import { localstack, moto } from './foreign/python-servers.ts'

const SERVERS: readonly ForeignServer[] = [moto, localstack, ceph]

/** Not here: what takes minutes to build. Any of them can be named by hand: docs/origin.md. */
const LEFT_OUT = ['MinIO', 'versitygw', 's3proxy']

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
  { name: 'invalidations', args: ['--project', 'unit', 'test/purging/foreign.test.ts'] },
  {
    name: 'bucket events',
    args: ['test/bucket-events/sqs.test.ts', 'test/integration/queue-journey.test.ts'],
  },
]

const root = join(tmpdir(), 'halftone-foreign-servers')

quietSdk()
let failed = false
const [only] = process.argv.slice(2)
for (const server of SERVERS.filter(({ name }) => only === undefined || name === only)) {
  const obstacle = await prove(server)
  if (obstacle !== undefined) console.log(`${server.name}: left out: ${obstacle}`)
}
console.log(`Left out, since they take minutes to build: ${LEFT_OUT.join(', ')} (by hand: docs/origin.md)`)
process.exitCode = failed ? 1 : 0

/** Runs the suites against a server; answers with why it could not. */
async function prove(server: ForeignServer): Promise<string | undefined> {
  const directory = join(root, server.name)
  mkdirSync(directory, { recursive: true })
  const obstacle = server.install(directory)
  if (obstacle !== undefined) return obstacle
  const port = await freePort()
  const running = await server.start(port, directory).catch(reasonOf)
  if (typeof running === 'string') return running
  try {
    await runSuites(server, `http://127.0.0.1:${port}`)
    return undefined
  } finally {
    await running.stop()
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message
  throw error
}

async function runSuites({ name, accessKey, secret, lacks, without }: ForeignServer, url: string) {
  const environment = {
    S3_TEST_ENDPOINT: url,
    S3_TEST_SERVER: name,
    S3_TEST_LACKS: lacks.join(','),
    S3_TEST_ACCESS_KEY_ID: accessKey,
    S3_TEST_SECRET_ACCESS_KEY: secret,
  }
  for (const suite of SUITES) {
    const reason = without?.[suite.name]
    // A suite finds nothing that another has left. No connection stands idle while this process waits for a suite.
    const client = createClient({ name, url, region: 'us-east-1', accessKey, secret })
    if (reason === undefined)
      runSuite(name, suite, { ...environment, S3_TEST_BUCKET: await makeBucket(client) })
    else console.log(`${name}: ${suite.name}: left out: ${reason}`)
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
