import { setTimeout as pause } from 'node:timers/promises'
import { type Crowd, CROWDS, type Misses } from './misses.ts'
import { monotonicMs } from './monotonic.ts'
import { recoveryMs } from './recovery.ts'
import { dueWithin, having, type Sample, type Tally, tallyOf } from './sample.ts'
import { type OverloadSite, soon } from './site.ts'

export interface RunOptions {
  readonly seconds: number
  /** Requests a second for what is in memory. */
  readonly hitRps: number
  /** Misses come so many times as fast as they can be rendered. */
  readonly times: number
  /** How long it is looked at what comes after. */
  readonly aftermathSeconds: number
}

/** What one turn has shown. */
export interface OverloadTurn {
  /** Renders a second with nothing else to do. */
  readonly capacity: number
  readonly idle: { readonly hits: Tally; readonly misses: Tally }
  readonly loaded: {
    readonly hits: Tally
    readonly misses: Tally
    readonly refusals: Tally
    readonly rendersPerSecond: number
    readonly bucketCallsPerMiss: number
    /** Processor time of the gateway's own process for all of it, a miss. */
    readonly cpuMsPerMiss: number
  }
  /** Milliseconds after the last miss. */
  readonly recovery: { readonly hits: number; readonly misses: number; readonly queue: number }
  /** What a visitor got who asks rarely, while so many more ask for something else. */
  readonly visitors: Readonly<Record<Exclude<Crowd, 'everyone'>, Tally>>
}

const SLICE_MS = 250
/** A visitor asks for less than its share, by as much. */
const VISITOR_SHARE = 1 / 8
const LOOK_EVERY_MS = 50
/** By how much slower than when idle an answer may be and still count as normal. */
export const SLOWER = 5

/** Asks for everything that is measured, for a while that is not counted: what is measured is compiled code and open connections. */
export async function warmUp(site: OverloadSite, { seconds, hitRps, times }: RunOptions): Promise<void> {
  const briefly = Math.min(2, seconds)
  const capacity = await site.capacity(briefly)
  const startAt = soon()
  const hitting = site.hits(hitRps, briefly, startAt)
  await flood(site, 'everyone', { seconds: briefly, rps: times * capacity, startAt })
  await hitting
  await drained(site)
}

/** Measures, idles, overloads, waits, and lets a visitor compete with each kind of flood. */
export async function takeOverloadTurn(site: OverloadSite, options: RunOptions): Promise<OverloadTurn> {
  const { seconds, hitRps } = options
  const capacity = await site.capacity(seconds)
  await drained(site)
  const visitorRps = capacity * VISITOR_SHARE
  const idle = {
    hits: tallyOf(await site.hits(hitRps, seconds, soon())),
    misses: tallyOf(await visit(site, visitorRps, seconds, soon())),
  }
  await drained(site)
  const { loaded, recovery } = await overload(site, { ...options, capacity, idle })
  const floods = CROWDS.filter((crowd) => crowd !== 'everyone')
  const visitors: [string, Tally][] = []
  for (const crowd of floods) {
    await drained(site)
    visitors.push([crowd, await compete(site, crowd, { ...options, capacity })])
  }
  const [source, client, dialect] = visitors.map(([, tally]) => tally)
  if (!source || !client || !dialect) throw new Error('A kind of flood is missing')
  return { capacity, idle, loaded, recovery, visitors: { source, client, dialect } }
}

interface Load extends RunOptions {
  readonly capacity: number
}

async function overload(
  site: OverloadSite,
  { seconds, aftermathSeconds, hitRps, times, capacity, idle }: Load & Pick<OverloadTurn, 'idle'>,
): Promise<Pick<OverloadTurn, 'loaded' | 'recovery'>> {
  const before = await site.gateway.metrics()
  const startAt = soon()
  const endedAt = startAt + seconds * 1000
  const hitting = site.hits(hitRps, seconds + aftermathSeconds, startAt)
  const missing = flood(site, 'everyone', { seconds, rps: times * capacity, startAt })
  const probing = visit(site, capacity * VISITOR_SHARE, aftermathSeconds, endedAt)
  await pause(endedAt - monotonicMs())
  const after = await site.gateway.metrics()
  const queue = await drained(site, endedAt)
  const [hits, misses, probes] = await Promise.all([hitting, missing, probing])
  const normal = { endedAt, sliceMs: SLICE_MS }
  return {
    loaded: {
      hits: tallyOf(dueWithin(hits, startAt, endedAt)),
      misses: tallyOf(misses),
      refusals: tallyOf(having(misses, 'refused')),
      rendersPerSecond: (after.renders - before.renders) / seconds,
      cpuMsPerMiss: ((after.cpuSeconds - before.cpuSeconds) / misses.length) * 1000,
      bucketCallsPerMiss: (after.bucketCalls - before.bucketCalls) / misses.length,
    },
    recovery: {
      hits: recoveryMs(hits, { ...normal, share: 0.99, limitMs: SLOWER * idle.hits.p99Ms }),
      // A slice has one or none of them.
      misses: recoveryMs(probes, { ...normal, share: 1, limitMs: SLOWER * idle.misses.p99Ms }),
      queue,
    },
  }
}

/** What a visitor gets of other pictures, natively, while a crowd floods. */
async function compete(site: OverloadSite, crowd: Crowd, { capacity, times, seconds }: Load): Promise<Tally> {
  const startAt = soon()
  const flooding = flood(site, crowd, { seconds, rps: times * capacity, startAt })
  const visited = await visit(site, capacity * VISITOR_SHARE, seconds, startAt)
  await flooding
  return tallyOf(visited)
}

interface Flood {
  readonly seconds: number
  readonly rps: number
  readonly startAt: number
}

async function flood(
  site: OverloadSite,
  crowd: Crowd,
  { seconds, rps, startAt }: Flood,
): Promise<readonly Sample[]> {
  return site.misses('flood', site.supply.take(crowd, Math.ceil(seconds * rps)), rps, startAt)
}

async function visit(site: OverloadSite, rps: number, seconds: number, startAt: number) {
  const { paths } = site.supply.take('everyone', Math.ceil(seconds * rps))
  const own: Misses = { paths, clients: ['192.0.2.50'] }
  return site.misses('visitor', own, rps, startAt)
}

/** Waits until nobody waits for a slot; how long after `since` that was, in milliseconds. */
async function drained({ gateway }: OverloadSite, since = monotonicMs()): Promise<number> {
  while ((await gateway.metrics()).waiting > 0) await pause(LOOK_EVERY_MS)
  return Math.max(0, monotonicMs() - since)
}
