import sharp from 'sharp'
import { createRandom } from '../../../bench/hit-ratio/random.ts'
import { photo, encode } from '../pictures.ts'
import { createCase } from './cases.ts'
import type { ByFormat, Format, HostileFile } from './hostile-file.ts'
import { judge, type Judgement } from './judge.ts'
import type { Stage } from './stage.ts'

/** A file, and how many questions it is asked beyond the first. */
export interface Trial extends HostileFile {
  readonly format: Format
  readonly random: () => number
  readonly more?: number
  /** What is done with it; by default it is put into the bucket and asked for. */
  readonly judge?: (file: HostileFile & { readonly format: Format }) => Promise<Judgement>
}

/** What became of many files. */
export interface Report {
  cases: number
  /** How often each answer was given. */
  readonly answers: Map<string, number>
  readonly faults: string[]
  /** Which files were in work when a worker was replaced, and why. */
  readonly deaths: string[]
  readonly slowest: { name: string; ms: number }
}

/** Mutations of the good files of a format, by their numbers. */
export function* mutations(
  { seed, format }: { readonly seed: number; readonly format: Format },
  seeds: ByFormat<readonly HostileFile[]>,
  numbers: Iterable<number>,
): Generator<Trial> {
  for (const index of numbers) yield { format, ...createCase({ seed, format, index }, seeds) }
}

/** Trials of files that are there already, the same questions every time. */
export function* trials(format: Format, files: Iterable<HostileFile>, more = 2): Generator<Trial> {
  let index = 0
  for (const file of files) yield { ...file, format, random: createRandom((index += 1)), more }
}

export interface Pace {
  /** Files that are in work at once. */
  readonly atOnce: number
  /** When to stop, on the clock of `performance.now()`. */
  readonly end?: number
}

/** Tries files out, and tells what became of them. */
export async function tryAll(
  stage: Stage,
  files: Iterable<Trial | Promise<Trial>>,
  { atOnce, end = Infinity }: Pace,
): Promise<Report> {
  const report: Report = {
    cases: 0,
    answers: new Map(),
    faults: [],
    deaths: [],
    slowest: { name: '', ms: 0 },
  }
  const inWork = new Set<string>()
  const waiting = files[Symbol.iterator]()
  async function work(): Promise<void> {
    for (;;) {
      const next = performance.now() < end ? waiting.next() : undefined
      if (next === undefined || next.done === true) return
      const trial = await next.value
      inWork.add(trial.name)
      const startedAt = performance.now()
      const judged = await (trial.judge?.(trial) ?? judge(stage, trial, trial.random, trial.more))
      note(report, trial.name, judged, performance.now() - startedAt)
      report.deaths.push(...deathsIn(stage.news(), inWork))
      inWork.delete(trial.name)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return report
}

/** Why workers were replaced, and what was in work then. */
function deathsIn(lines: readonly string[], inWork: ReadonlySet<string>): string[] {
  return lines
    .filter((line) => line.includes('worker replaced'))
    .map((line) => `${reasonIn(line)}: ${[...inWork].join(' | ')}`)
}

const reasonIn = (line: string) => /"reason":"(\w+)"/.exec(line)?.[1] ?? 'unknown'

function note(report: Report, name: string, { answers, faults }: Judgement, ms: number): void {
  report.cases += 1
  for (const answer of answers) report.answers.set(answer, (report.answers.get(answer) ?? 0) + 1)
  for (const fault of faults) report.faults.push(`${name}: ${fault}`)
  if (ms > report.slowest.ms) Object.assign(report.slowest, { name, ms })
}

/** One line a format: how many cases, what was answered, what workers died of. */
export function formatReport(what: string, { cases, answers, faults, deaths, slowest }: Report): string {
  const counts = [...answers]
    .toSorted(([, one], [, other]) => other - one)
    .map(([answer, count]) => `${answer} ×${count}`)
  const slow = `slowest ${(slowest.ms / 1000).toFixed(1)} s (${slowest.name})`
  return `${what}: ${cases} cases: ${counts.join(', ')}; ${faults.length} faults; ${deaths.length} workers replaced; ${slow}`
}

/** Whether a good picture is still what it was: the same bytes, rendered anew each time. */
export async function createCheck(stage: Stage): Promise<() => Promise<boolean>> {
  const good = await encode(photo(200, 150), 'png')
  const expected = await sharp(good).resize(100, 75, { fit: 'fill' }).raw().toBuffer()
  let times = 0
  return async () => {
    times += 1
    const key = `photos/good-${times}.png`
    await stage.store.put(key, good, { contentType: 'image/png' })
    const answer = await fetch(`${stage.url}/img/${key}/100.png`)
    const alive = await fetch(`${stage.url}/livez`)
    if (answer.status !== 200 || alive.status !== 200 || !stage.isAlive()) return false
    const seen = await sharp(Buffer.from(await answer.arrayBuffer()))
      .raw()
      .toBuffer()
    return seen.equals(expected)
  }
}
