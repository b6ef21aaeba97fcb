import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Bounds, within } from './bounds.ts'

/** An origin that ships, running as a process of its own. */
export interface RunningOrigin {
  readonly url: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly dir: string
  /** Of the process that runs now. */
  readonly pid: number
  /** Ends it in good order and removes its directory. */
  stop(): Promise<void>
  /** Ends it at once, as a crash does; its directory stays. */
  kill(): Promise<void>
  /** Starts it again after `kill`, on the same port and directory. */
  restart(): Promise<void>
}

const identity = {
  bucket: 'halftone-test',
  accessKeyId: 'test-key',
  secretAccessKey: 'test-secret-of-origin',
}

/** What an origin for tests differs in: what it may use of the machine, and its clock. */
export interface OriginOptions extends Bounds {
  /** How far its clock is ahead. */
  readonly aheadMs?: number
}

/** Starts the compiled origin on a free port with an empty bucket. */
export async function startOrigin(options: OriginOptions = {}): Promise<RunningOrigin> {
  const dir = await mkdtemp(join(tmpdir(), 'halftone-origin-'))
  const environment = {
    ORIGIN_DIR: dir,
    ORIGIN_CREDENTIALS: `${identity.accessKeyId}:${identity.secretAccessKey}`,
    ORIGIN_BUCKETS: identity.bucket,
    ORIGIN_STOP_WITH_STDIN: '1',
  }
  let running = await launch({ ...environment, ORIGIN_PORT: '0' }, options)
  const { url } = running
  return {
    ...identity,
    url,
    dir,
    get pid() {
      return running.process.pid ?? 0
    },
    async stop() {
      await end(running.process, () => running.process.stdin?.end())
      await rm(dir, { recursive: true, force: true })
    },
    kill: () => end(running.process, () => running.process.kill('SIGKILL')),
    async restart() {
      running = await launch({ ...environment, ORIGIN_PORT: new URL(url).port }, options)
    },
  }
}

/** What a process imports first whose clock is ahead. */
const skewed = (aheadMs: number) => `
  const Right = Date
  globalThis.Date = class Date extends Right {
    constructor(...parts) { if (parts.length === 0) super(Right.now() + ${aheadMs}); else super(...parts) }
    static now() { return Right.now() + ${aheadMs} }
  }`

async function launch(
  environment: NodeJS.ProcessEnv,
  { aheadMs = 0, ...bounds }: OriginOptions,
): Promise<{ process: ChildProcess; url: string }> {
  const skew =
    aheadMs === 0 ? [] : ['--import', `data:text/javascript,${encodeURIComponent(skewed(aheadMs))}`]
  const [command, ...rest] = within(bounds, [process.execPath, ...skew, 'dist/origin/main.js'])
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = urlIn(line)
    if (url === undefined) continue
    // Read on, or the process stops when the pipe is full.
    child.stdout.resume()
    return { process: child, url }
  }
  throw new Error('The origin ended before it listened')
}

function urlIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const entry: unknown = JSON.parse(line)
  if (typeof entry !== 'object' || entry === null || !('url' in entry)) return undefined
  return typeof entry.url === 'string' ? entry.url : undefined
}

async function end(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  ask()
  await exited
}
