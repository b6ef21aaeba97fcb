import type { IncomingMessage } from 'node:http'
import { purgeIdOf, PURGES } from '../../../src/cdn/forget.ts'
import type { FaultyProxy } from '../faulty-proxy.ts'
import { workersOf } from '../program.ts'
import { oneOf, pause, type Run } from './run.ts'
import { ABANDONED_MS } from './stage.ts'
import { isAlive } from './vitals.ts'

/** Something that goes wrong, and is over after a while. */
export interface Fault {
  readonly name: string
  /** Makes it go wrong; resolves when it is over. `lengthMs` is for those that last as long as they are told to. */
  happen(run: Run, lengthMs: number): Promise<void>
}

/** By then everything has to be as before (the issue's own figure). */
const RECOVERY_MS = 5_000
/** After so long without its holder another replica sends what the edge is told (docs/purging.md), and a bit. */
const SUCCESSION_MS = 126_000 + 10_000
/** After so long another has finished the changes that a gateway did not live to finish, and a bit. */
const FINISHED_MS = 3 * ABANDONED_MS + 10_000
const ORPHAN_MS = 10_000
/** More than the pause after which a gateway looks whether somebody sends. */
const HANDOVER_MS = 1_500

type Decide = FaultyProxy['decide']

/** A fault of the bucket: requests may fail, and changes may not be heard of. */
function bucketFault(name: string, decide: (random: () => number) => Decide): Fault {
  return {
    name,
    async happen(run, lengthMs) {
      const close = openBoth(run)
      run.stage.proxy.decide = decide(run.random)
      await pause(lengthMs)
      run.stage.proxy.decide = () => 'pass'
      close()
    },
  }
}

/** Opens both kinds of windows; what is returned closes them when the recovery is over. */
function openBoth({ unwell, unheard }: Run): () => void {
  const fromMs = performance.now()
  const closing = [unwell.open(fromMs), unheard.open(fromMs)]
  return () => {
    for (const close of closing) close(performance.now() + RECOVERY_MS)
  }
}

const reset = (request: IncomingMessage): 'pass' => {
  request.socket.destroy()
  return 'pass'
}

/** One gateway is replaced in good order, as a deployment does it: nobody may notice. */
const RESTART: Fault = {
  name: 'a gateway is restarted',
  async happen({ stage, tally }) {
    const replica = stage.journey.replicas[1]
    if (replica === undefined) return
    await stage.end(replica, 'SIGTERM')
    const code = await replica.ended
    if (code !== 0) tally.find('a gateway did not end well', { code, said: replica.output.slice(-5) })
    // Now the older one tells the edge of changes, if it has not before.
    await pause(HANDOVER_MS)
    await stage.start()
  },
}

/** What a worker had in hand another does again: nobody may notice. */
const WORKER_KILLED: Fault = {
  name: 'a worker is killed',
  async happen({ stage, random }) {
    const [worker] = workersOf(oneOf(random, stage.journey.replicas).pid)
    if (worker !== undefined) process.kill(worker, 'SIGKILL')
  },
}

/** A gateway dies with all that it had in hand, and another takes its place. */
const killGateway = (name: string, which: 0 | 1): Fault => ({
  name,
  async happen(run) {
    const { stage, unwell, unheard, tally } = run
    const replica = stage.journey.replicas[which]
    if (replica === undefined) return
    const workers = workersOf(replica.pid)
    const fromMs = performance.now()
    const [healthy, heard] = [unwell.open(fromMs), unheard.open(fromMs)]
    const { taken } = stage.journey.api.invalidations
    await stage.end(replica, 'SIGKILL')
    const told = taken.length
    const announced = await announcements(run)
    await stage.start()
    healthy(performance.now() + RECOVERY_MS)
    void closeAfter([untilHeard(() => taken.length > told, run), untilFinished(announced, run)], heard)
    await pause(ORPHAN_MS / 10)
    const orphans = workers.filter(isAlive)
    if (orphans.length > 0) {
      await pause(ORPHAN_MS)
      const left = orphans.filter(isAlive)
      if (left.length > 0) tally.find('workers outlive their gateway', { pids: left })
    }
  },
})

/** Time counts again when what the gateway had in hand is finished, and somebody has told the edge of a change since. */
async function closeAfter(ends: readonly Promise<void>[], close: (atMs: number) => void): Promise<void> {
  await Promise.all(ends)
  close(performance.now() + RECOVERY_MS)
}

async function untilHeard(isHeard: () => boolean, { tally }: Run): Promise<void> {
  if (await isSoon(isHeard, SUCCESSION_MS)) return
  tally.find('nobody tells the edge of changes', { afterS: SUCCESSION_MS / 1000 })
}

async function untilFinished(announced: ReadonlySet<string>, run: Run): Promise<void> {
  const left = async () => [...(await announcements(run))].filter((key) => announced.has(key))
  if (await isSoon(async () => (await left()).length === 0, FINISHED_MS)) return
  run.tally.find('changes that were cut short are not finished', { afterS: FINISHED_MS / 1000, announced })
}

/** Keys of the changes that are announced, and not finished. */
async function announcements({ stage }: Run): Promise<Set<string>> {
  const keys = new Set<string>()
  for await (const { key } of stage.bucket.list(PURGES)) if (purgeIdOf(key) !== undefined) keys.add(key)
  return keys
}

async function isSoon(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs
  while (performance.now() < untilMs) {
    if (await holds()) return true
    await pause(200)
  }
  return false
}

const often = (random: () => number, share: number) => random() < share

const AWAY = bucketFault('the bucket is away', () => reset)

/** All that goes wrong, one after the other, again and again. */
export const FAULTS: readonly Fault[] = [
  bucketFault('the bucket is slow', (random) => async (): Promise<'pass'> => {
    await pause(50 + random() * 700)
    return 'pass'
  }),
  WORKER_KILLED,
  bucketFault('the bucket answers 503', (random) => () => (often(random, 0.5) ? { status: 503 } : 'pass')),
  RESTART,
  bucketFault(
    'the bucket breaks connections off',
    (random) => (request) => (often(random, 0.3) ? reset(request) : 'pass'),
  ),
  AWAY,
  // The younger one: how much the older holds is measured over its whole life.
  killGateway('a gateway is killed', 1),
  bucketFault('the bucket answers 500, and loses answers', (random) => () => {
    if (often(random, 0.2)) return { status: 500 }
    return often(random, 0.2) ? 'lose-answer' : 'pass'
  }),
]

const AWAY_MS = 60_000

/** What happens once in a long run, by the turn at which it does. */
export const RARE_FAULTS: ReadonlyMap<number, Fault> = new Map([
  [FAULTS.length, killGateway('the gateway that tells the edge is killed', 0)],
  [
    2 * FAULTS.length,
    {
      name: 'the bucket is away for a minute',
      happen: async (run) => AWAY.happen(run, AWAY_MS),
    },
  ],
])
