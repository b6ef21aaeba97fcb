import { setPriority } from 'node:os'
import { z } from 'zod'
import { type Child, startChild } from '../child.ts'
import { eachOf } from '../each-of.ts'
import { fetchAnswer } from '../gateway/answer.ts'
import { provideSources } from '../gateway/sources.ts'
import type { CrowdJob, OpenLoopJob } from '../processes/jobs.ts'
import type { BenchGateway, Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { type Misses, MissSupply } from './misses.ts'
import { monotonicMs } from './monotonic.ts'
import { type Sample, sampleSchema } from './sample.ts'

/** A gateway with pictures in its memory, many more in its bucket, and processes that ask for either. */
export interface OverloadSite {
  readonly gateway: BenchGateway
  readonly supply: MissSupply
  /** Asks for what is in memory so many times a second. */
  hits(rps: number, seconds: number, startAt: number): Promise<readonly Sample[]>
  /** Asks for these, one after the other, so many a second, in a process for a flood or in one for a single visitor. */
  misses(by: 'flood' | 'visitor', misses: Misses, rps: number, startAt: number): Promise<readonly Sample[]>
  /** Renders as many a second as can be done, for so long. */
  capacity(seconds: number): Promise<number>
  close(): Promise<void>
}

export interface SiteOptions {
  /** How many pictures are in the bucket. */
  readonly sources: number
  readonly settings?: Readonly<Record<string, string>>
}

const HITS = 20
const FLOOD_NICENESS = 5
const HIT_WIDTH = 800
/** Under way at once while capacity is measured: enough that no worker waits for a picture. */
const AT_ONCE = 8
/** More than a request may take. */
const PATIENCE_MS = 20_000
/** Pictures in store for a second of all that can be rendered. */
const MOST_A_SECOND = 150

const samplesSchema = z.object({ samples: z.array(sampleSchema) })

/** Starts it on the core of the server, its workers included, and everything else on the other one. */
export async function openOverloadSite(stage: Stage, options: SiteOptions): Promise<OverloadSite> {
  const { cores } = stage
  const keys = await provideSources(stage, { from: 'jpg', pictures: stage.photos, count: options.sources })
  const children = {
    hits: startChild('open-loop', cores.load),
    flood: startChild('open-loop', cores.load),
    visitor: startChild('open-loop', cores.load),
    crowd: startChild('crowd', cores.load),
  }
  // Those who measure hits must not wait for those who flood: that would be no time of the gateway's.
  for (const { pid } of [children.flood, children.crowd])
    if (pid !== undefined) setPriority(pid, FLOOD_NICENESS)
  // Any size, so that there are enough that are new; clients told by a proxy, as behind a CDN.
  const settings = { HALFTONE_SIZES: 'any', HALFTONE_TRUSTED_HOPS: '1', ...options.settings }
  const gateway = await stage.startGateway(settings, cores.server)
  const supply = new MissSupply(keys.slice(HITS))
  const hot = await fillMemory(gateway, keys.slice(0, HITS))
  const ask = (child: Child, job: Omit<OpenLoopJob, 'url' | 'patienceMs'>) =>
    child
      .ask({ ...job, url: gateway.url, patienceMs: PATIENCE_MS } satisfies OpenLoopJob, samplesSchema)
      .then(({ samples }) => samples)
  return {
    gateway,
    supply,
    hits(rps, seconds, startAt) {
      const paths = Array.from({ length: Math.ceil(rps * seconds) }, (_, at) => hot[at % hot.length] ?? '')
      return ask(children.hits, { paths, startAt, everyMs: 1000 / rps, clients: [] })
    },
    misses: (by, misses, rps, startAt) => ask(children[by], { ...misses, startAt, everyMs: 1000 / rps }),
    async capacity(seconds) {
      const { paths } = supply.take('everyone', Math.ceil(seconds * MOST_A_SECOND))
      const job: CrowdJob = { url: gateway.url, paths, concurrency: AT_ONCE, seconds }
      const { rps } = await children.crowd.ask(job, turnSchema)
      if (rps === 0) throw new Error(`No picture with ${AT_ONCE} requests at once`)
      return rps
    },
    async close() {
      await Promise.all([...Object.values(children), gateway].map((side) => side.stop()))
    },
  }
}

/** When what is sent to several processes can begin in all of them. */
export function soon(): number {
  return monotonicMs() + 300
}

/** Has the pictures rendered; their versioned paths, at which they are answered from memory alone. */
async function fillMemory(gateway: BenchGateway, keys: readonly string[]): Promise<string[]> {
  const paths: string[] = []
  await eachOf(keys, async (key) => {
    const { status, headers } = await fetchAnswer(`${gateway.url}/img/${key}/${HIT_WIDTH}.webp`)
    const path = headers['content-location']
    if (status !== 200 || path === undefined) throw new Error(`${key}: ${status}`)
    paths.push(path)
  })
  return paths
}
