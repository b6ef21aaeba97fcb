import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { abandonedAfterMs } from '../../../src/composition/library.ts'
import { refillMs } from '../../../src/composition/purging.ts'
import { parseConfig } from '../../../src/config.ts'
import { beginEdgeJourney, type EdgeJourney } from '../edge-journey.ts'
import { type FaultyProxy, startFaultyProxy } from '../faulty-proxy.ts'
import { openOrigin, type Served } from '../program.ts'
import { type RunningOrigin, startOrigin } from '../s3-server.ts'
import { type Patient, readVitals, type Vitals } from './vitals.ts'

/** Shorter than by default, so that a run of a minute sees many changes through; memory so small that it is full. */
const ENVIRONMENT = {
  HALFTONE_MEMORY_MB: '8',
  HALFTONE_LOOKUP_TTL_MS: '500',
  HALFTONE_JOURNAL_INTERVAL_MS: '500',
  HALFTONE_JOURNAL_MAX_LAG_MS: '2000',
  HALFTONE_FETCH_TIMEOUT_MS: '4000',
  HALFTONE_QUEUE_WAIT_MS: '6000',
  HALFTONE_RENDER_TIMEOUT_MS: '8000',
  HALFTONE_REQUEST_TIMEOUT_MS: '12000',
  HALFTONE_EDGE_COMPLETION_S: '2',
  HALFTONE_PURGE_INTERVAL_MS: '1000',
  HALFTONE_CLOUDFRONT_TIMEOUT_MS: '2000',
  HALFTONE_LIMIT_TICKETS: '0',
  HALFTONE_LIMIT_COMPLETES: '0',
  HALFTONE_LIMIT_PRIVATE_RENDERS: '0',
}

/** For a call a second of the edge's API, and for a machine that does much else. */
const SLACK_MS = 3_000

const CONFIG = parseConfig({ HALFTONE_BUCKET: 'soak', ...ENVIRONMENT })

/** After so long a change that was announced counts as cut short, and so long are the pauses between two looks for those. */
export const ABANDONED_MS = abandonedAfterMs(CONFIG)

/** How long after it was acknowledged a change may be unseen, by the settings (docs/purging.md) and with that slack. */
export const BOUND_MS = CONFIG.HALFTONE_PURGE_INTERVAL_MS + refillMs(CONFIG) + SLACK_MS

const SAMPLE_MS = 1_000

/** Two gateways behind two locations of the edge, on a bucket behind a proxy that fails when it is told to. */
export interface Stage {
  readonly journey: EdgeJourney
  readonly proxy: FaultyProxy
  readonly origin: RunningOrigin
  /** The bucket, past the proxy. */
  readonly bucket: ReturnType<typeof openOrigin>
  /** Every gateway that has run, and the origin. */
  readonly patients: readonly Patient[]
  /** What a process holds now, by its name. */
  look(replica: Served): Vitals | undefined
  /** Ends a gateway: in good order, or at once. */
  end(replica: Served, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  start(): Promise<void>
  /** Errors in the logs of all gateways, by what they say, with how often. */
  complaints(): Record<string, number>
  /** Names of files that the programs have left in the directory for temporary ones. */
  leftOver(): Promise<string[]>
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const outside = process.env['TMPDIR']
  const directory = await mkdtemp(join(tmpdir(), 'halftone-soak-'))
  // The journey's own directories, too: what is there besides has been left behind.
  process.env['TMPDIR'] = directory
  const origin = await startOrigin()
  const proxy = await startFaultyProxy(origin.url)
  const journey = await beginEdgeJourney({ ...origin, url: proxy.url }, { ...ENVIRONMENT, TMPDIR: directory })
  const bucket = openOrigin(origin)
  const known = new Set(await readdir(directory))

  const patients: Patient[] = [{ name: 'origin', pid: origin.pid, samples: [] }]
  const logs: string[][] = []
  const admit = () => {
    for (const { pid, output } of journey.replicas) {
      if (patients.some((patient) => patient.pid === pid)) continue
      patients.push({ name: `gateway ${patients.length}`, pid, samples: [] })
      logs.push(output)
    }
  }
  admit()
  const sample = () => {
    // The proxy remembers every request.
    proxy.requests.length = 0
    for (const { pid, samples } of patients) {
      const vitals = readVitals(pid)
      if (vitals !== undefined) samples.push(vitals)
    }
  }
  const timer = setInterval(sample, SAMPLE_MS)

  return {
    journey,
    proxy,
    origin,
    bucket,
    patients,
    look: ({ pid }) => readVitals(pid),
    async end(replica, signal) {
      if (signal === 'SIGKILL') {
        // Nobody tells those that send it requests.
        replica.kill(signal)
        await replica.ended
      }
      await journey.end(replica, signal)
    },
    async start() {
      await journey.start({})
      admit()
    },
    complaints: () => complaintsIn(logs.flatMap((lines) => lines)),
    leftOver: async () => (await readdir(directory)).filter((name) => !known.has(name)),
    async close() {
      clearInterval(timer)
      bucket.close()
      await journey.close()
      await proxy.close()
      await origin.stop()
      if (outside === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = outside
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const COMPLAINTS = new Set(['error', 'fatal'])

/** Lines of the levels `error` and `fatal`, and those that are none of the log’s. */
function complaintsIn(lines: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const entry: unknown = line.startsWith('{') ? JSON.parse(line) : { level: 'fatal', msg: line }
    const { level, msg, err } = logLine.parse(entry)
    if (!COMPLAINTS.has(level)) continue
    const said = [msg, err?.type, err?.message, err?.stack?.split('\n').slice(1, 4).join(' ')].join(' | ')
    counts.set(said, (counts.get(said) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

const logLine = z.object({
  level: z.string(),
  msg: z.string().optional(),
  err: z
    .object({ type: z.string().optional(), message: z.string().optional(), stack: z.string().optional() })
    .optional(),
})
