import { until } from '../../render/until.ts'
import { bombs } from './bombs.ts'
import { cutsOf } from './cases.ts'
import { createCheck, formatReport, mutations, type Report, tryAll, type Trial, trials } from './fuzz.ts'
import { type ByFormat, type Format, type HostileFile, isLong } from './hostile-file.ts'
import { polyglotsOf } from './polyglots.ts'
import type { Held, Stage } from './stage.ts'
import { createUploader } from './uploads.ts'

/** What is tried out. */
export interface Plan {
  readonly seed: number
  readonly formats: readonly Format[]
  readonly perFormat: number
  /** One mutation alone, by its number. */
  readonly only?: number | undefined
  /** At how many places each good file is cut off. */
  readonly cuts: number
  /** How many mutations of a format are uploaded as well. */
  readonly uploads: number
  /** Whether bombs that take seconds are tried as well. */
  readonly long: boolean
  /** Files that are in work at once. */
  readonly atOnce: number
  /** When no further mutations are begun, on the clock of `performance.now()`. */
  readonly end?: number
}

/** What a run has shown. */
export interface Outcome {
  readonly faults: readonly string[]
  readonly deaths: readonly string[]
  readonly cases: number
  /** After all good files. */
  readonly before: Held
  /** After all hostile ones, once the work is over. */
  readonly after: Held
}

/** Tries out all that a plan says; a line for each part of it goes to `say`. */
export async function runFuzz(
  stage: Stage,
  seeds: ByFormat<readonly HostileFile[]>,
  plan: Plan,
  say: (line: string) => void,
): Promise<Outcome> {
  const isGood = await createCheck(stage)
  const reports: Report[] = []
  async function part(what: string, files: Iterable<Trial | Promise<Trial>>): Promise<void> {
    const { atOnce, end } = plan
    const report = await tryAll(stage, files, { atOnce, ...(end !== undefined && { end }) })
    if (!(await isGood())) report.faults.push(`after ${what}: a good picture is not what it was`)
    reports.push(report)
    say(formatReport(what, report))
  }

  // Each format has loaded its decoder, and memory is where good pictures bring it.
  for (const format of plan.formats) await part(`${format}, good`, trials(format, seeds[format]))
  const upload = await createUploader(stage)
  for (const format of plan.formats) {
    await part(`${format}, good, uploaded`, goodUploads(format, seeds, upload))
  }
  const before = stage.held()
  for (const format of plan.formats) {
    for (const [kind, files] of filesOf(format, seeds, plan)) await part(`${format}, ${kind}`, files)
  }
  for (const format of plan.formats) {
    await part(`${format}, uploaded`, uploads(format, seeds, plan, upload))
  }
  const after = await settled(stage, before)
  return {
    faults: reports.flatMap(({ faults }) => faults),
    deaths: reports.flatMap(({ deaths }) => deaths),
    cases: reports.reduce((sum, { cases }) => sum + cases, 0),
    before,
    after,
  }
}

function filesOf(format: Format, seeds: ByFormat<readonly HostileFile[]>, plan: Plan) {
  const { seed, perFormat, only, cuts, long } = plan
  const numbers = only === undefined ? Array.from({ length: perFormat }, (_, index) => index) : [only]
  const mutated = ['mutated', mutations({ seed, format }, seeds, numbers)] as const
  if (only !== undefined) return [mutated]
  const cut = seeds[format].flatMap((file) => cutsOf(file, Math.max(1, Math.ceil(file.bytes.length / cuts))))
  const polyglots = polyglotsOf(seeds).filter((file) => file.format === format)
  return [
    ['bombs', bombTrials(format, long)] as const,
    ['polyglots', trials(format, polyglots)] as const,
    ['cut off', trials(format, cut, 0)] as const,
    mutated,
  ]
}

function* bombTrials(format: Format, long: boolean): Generator<Promise<Trial>> {
  const made = bombs[format].filter(([name]) => long || !isLong(format, name))
  for (const [name, make] of made) yield makeBomb(format, name, make)
}

async function makeBomb(format: Format, name: string, make: () => Buffer | Promise<Buffer>): Promise<Trial> {
  const [trial] = trials(format, [{ name: `${format}: ${name}`, bytes: await make() }])
  if (trial === undefined) throw new Error(`No trial was made of ${name}`)
  return trial
}

function* goodUploads(
  format: Format,
  seeds: ByFormat<readonly HostileFile[]>,
  upload: NonNullable<Trial['judge']>,
): Generator<Trial> {
  for (const trial of trials(format, seeds[format])) yield { ...trial, judge: upload }
}

function* uploads(
  format: Format,
  seeds: ByFormat<readonly HostileFile[]>,
  { seed, uploads: count }: Plan,
  upload: NonNullable<Trial['judge']>,
): Generator<Trial> {
  const numbers = Array.from({ length: count }, (_, index) => index)
  for (const trial of mutations({ seed, format }, seeds, numbers)) yield { ...trial, judge: upload }
}

const SETTLED_WITHIN_MS = 30_000

/** Connections to the bucket that are kept for the next calls: as many as were ever needed at once, whatever came. */
const SPARE_SOCKETS = 16

/** What is held once descriptors are given back and workers idle are no larger than any picture makes them. */
async function settled(stage: Stage, before: Held): Promise<Held> {
  return until(() => {
    const now = stage.held()
    return now.descriptors <= before.descriptors + SPARE_SOCKETS && now.workers === before.workers && now
  }, SETTLED_WITHIN_MS)
}
