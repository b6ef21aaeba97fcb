import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { createRandom } from '../../../bench/hit-ratio/random.ts'
import { baselineOf, checkLeaks, checkRecords, checkSeen, checkStored, comeToRest } from './checks.ts'
import { FAULTS, type Fault, RARE_FAULTS } from './faults.ts'
import { reportOf, type SoakReport } from './report.ts'
import { pause, type Run } from './run.ts'
import { createSellers, type Sellers } from './sellers.ts'
import { BOUND_MS, openStage, type Stage } from './stage.ts'
import { Stock } from './stock.ts'
import { Tally } from './tally.ts'
import { createViewers } from './viewers.ts'
import { Windows } from './windows.ts'

export interface SoakOptions {
  /** Of traffic; filling, coming to rest and checking are besides. */
  readonly minutes: number
  /** Views a second; of changes there is one for ten. */
  readonly rate: number
  readonly seed: number
  readonly items: number
  /** The share of requests that may fail with 502, 503 or 504 while nothing is wrong on purpose. */
  readonly budget: number
  readonly faults?: readonly Fault[]
  /** Told what happens as it happens. */
  readonly say?: (text: string) => void
}

/** More than these at once are not begun: the machine that asks is the one that answers. */
const VIEWS_AT_ONCE = 64
const CHANGES_AT_ONCE = 6
const VIEWS_A_CHANGE = 10
const KEEP_ALIVE_MS = 4_000
/** From here on there is time for faults that take minutes. */
const LONG_MINUTES = 10

/** Runs everything at once for a while, and says what was wrong at any time or at the end. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const outer = getGlobalDispatcher()
  // Sockets of ours that idle are none of the gateways’.
  const agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS })
  setGlobalDispatcher(agent)
  const stage = await openStage()
  try {
    return await runOn(stage, options)
  } finally {
    await stage.close()
    setGlobalDispatcher(outer)
    await agent.close()
  }
}

/** Viewers and sellers of a stock that is still empty. */
export function prepareRun(stage: Stage, { seed, items }: Pick<SoakOptions, 'seed' | 'items'>) {
  const random = createRandom(seed)
  const unheard = new Windows()
  const stock = new Stock(items, random, unheard)
  const run: Run = { stage, stock, random, unheard, unwell: new Windows(), tally: new Tally() }
  return { run, sellers: createSellers(run), viewers: createViewers(run) }
}

async function runOn(stage: Stage, options: SoakOptions): Promise<SoakReport> {
  const { run, sellers, viewers } = prepareRun(stage, options)
  const say = options.say ?? (() => {})

  const baseline = baselineOf(run)
  await sellers.fill()
  say(`${run.stock.items.length} items are there`)

  const startMs = performance.now()
  const endMs = startMs + options.minutes * 60_000
  // What is changed last has to be seen, and all before that.
  const changesEndMs = Math.max(startMs, endMs - BOUND_MS - 1_000)
  await Promise.all([
    arrive({ ratePerS: options.rate, untilMs: endMs, most: VIEWS_AT_ONCE }, run, async () =>
      viewers.viewSomething(),
    ),
    arrive(
      { ratePerS: options.rate / VIEWS_A_CHANGE, untilMs: changesEndMs, most: CHANGES_AT_ONCE },
      run,
      async () => sellers.changeSomething(),
    ),
    repair(sellers, endMs),
    goWrong(run, options, { startMs, endMs: changesEndMs, say }),
  ])
  say('coming to rest')
  await comeToRest(run, sellers)
  say('checking')
  await checkRecords(run, sellers)
  await checkSeen(run, viewers)
  await checkStored(run)
  await checkLeaks(run, baseline)
  return reportOf(run, options)
}

interface Arrivals {
  readonly ratePerS: number
  readonly untilMs: number
  /** Beyond so many at once they are not begun. */
  readonly most: number
}

/** They come when they come, however long those before them take. */
async function arrive(
  { ratePerS, untilMs, most }: Arrivals,
  { random, tally }: Run,
  work: () => Promise<void>,
): Promise<void> {
  const present = new Set<Promise<void>>()
  const failures: unknown[] = []
  let nextMs = performance.now()
  while (nextMs < untilMs && failures.length === 0) {
    nextMs += (-Math.log(1 - random()) * 1000) / ratePerS
    await pause(Math.max(0, nextMs - performance.now()))
    if (present.size >= most) {
      tally.count('not begun: too many at once')
      continue
    }
    const one: Promise<void> = work()
      .catch((error: unknown) => void failures.push(error))
      .finally(() => present.delete(one))
    present.add(one)
  }
  await Promise.all(present)
  if (failures.length > 0) throw failures[0]
}

/** Looks into what nobody answered, now and then. */
async function repair(sellers: Sellers, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    await sellers.lookIntoUnsure()
    await pause(500)
  }
}

/** One fault after the other, with a pause behind each. */
async function goWrong(
  run: Run,
  { minutes, faults = FAULTS }: SoakOptions,
  { startMs, endMs, say }: { startMs: number; endMs: number; say: (text: string) => void },
): Promise<void> {
  const lengthMs = Math.min(10_000, 2_000 * minutes)
  const pauseMs = 1.2 * lengthMs
  await pause(pauseMs)
  for (let turn = 0; ; turn += 1) {
    const rare = minutes < LONG_MINUTES ? undefined : RARE_FAULTS.get(turn)
    const fault = rare ?? faults[turn % Math.max(1, faults.length)]
    if (fault === undefined || performance.now() + lengthMs > endMs) return
    say(`${Math.round((performance.now() - startMs) / 1000)} s: ${fault.name}`)
    run.tally.count(`fault: ${fault.name}`)
    await fault.happen(run, lengthMs)
    await pause(pauseMs)
  }
}
