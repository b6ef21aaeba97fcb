import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { emissions } from './emissions/watch.ts'
import { type Bounds, within } from './bounds.ts'
import type { RunningOrigin } from './s3-server.ts'

/** Where a bucket is, and how it is opened. */
export type BucketAddress = Pick<RunningOrigin, 'url' | 'bucket' | 'accessKeyId' | 'secretAccessKey'>

/** The variables that lead a gateway to a bucket, on ports of its own choice. */
export function environmentOf(origin: BucketAddress): Record<string, string> {
  return {
    PORT: '0',
    HALFTONE_ADMIN_PORT: '0',
    HALFTONE_BUCKET: origin.bucket,
    AWS_ENDPOINT_URL_S3: origin.url,
    AWS_ACCESS_KEY_ID: origin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: origin.secretAccessKey,
    HALFTONE_SOURCES: 'items/,profiles/,photos/',
    HALFTONE_JOURNAL_INTERVAL_MS: '200',
  }
}

/** The bucket of a running origin, or of any other server. */
export const openOrigin = (origin: BucketAddress) =>
  createS3ObjectStore({
    bucket: origin.bucket,
    region: 'us-east-1',
    endpoint: origin.url,
    credentials: { accessKeyId: origin.accessKeyId, secretAccessKey: origin.secretAccessKey },
    forcePathStyle: true,
  })

/** A run of the compiled program: its output, and its exit code when it has ended. */
export interface Run {
  readonly pid: number
  readonly output: string[]
  readonly ended: Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/** Runs `halftone` with these arguments and nothing else in its environment. */
export function runProgram(
  args: readonly string[],
  environment: Record<string, string>,
  bounds: Bounds = {},
): Run {
  const [command, ...rest] = within(bounds, [process.execPath, 'dist/src/main.js', ...args])
  const child: ChildProcess = spawn(command, rest, {
    // Beside many other tests workers would have no time at all.
    env: { PATH: process.env['PATH'], HALFTONE_WORKER_NICENESS: '5', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  emissions.expect(environment)
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line)
      emissions.note('output', line)
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { pid: child.pid ?? 0, output, ended, kill: (signal) => child.kill(signal) }
}

export interface Served extends Run {
  readonly url: string
  readonly adminUrl: string
}

/** Runs `halftone serve` until it listens. */
export async function serve(environment: Record<string, string>, bounds?: Bounds): Promise<Served> {
  const run = runProgram(['serve'], environment, bounds)
  let ended = false
  void run.ended.then(() => (ended = true))
  for (;;) {
    const line = run.output.find((text) => text.includes('"msg":"listening"'))
    if (line !== undefined) {
      const { url, admin } = JSON.parse(line)
      noteWorkers(run.pid)
      return { ...run, url, adminUrl: admin }
    }
    if (ended) throw new Error(`halftone serve ended: ${run.output.join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The render workers of a gateway: its child processes. Linux only. */
export function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    // It has ended between the listing and this look.
    return undefined
  }
}

function noteWorkers(pid: number): void {
  if (process.platform !== 'linux') return
  for (const worker of workersOf(pid)) noteEnvironment(worker)
}

/** Looks for secrets in the environment of a process. Linux only. */
export function noteEnvironment(pid: number): void {
  const file = `/proc/${pid}/environ`
  if (existsSync(file)) emissions.note('worker-environment', readFileSync(file, 'utf8'))
}

/** Processor time that a process has used, in clock ticks. Linux only. */
export function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}
