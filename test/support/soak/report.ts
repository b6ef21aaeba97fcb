import { rounded } from '../../../bench/statistics.ts'
import type { Run } from './run.ts'
import { BOUND_MS } from './stage.ts'
import type { SoakOptions } from './soak.ts'
import type { Finding, Latencies, Tally } from './tally.ts'
import { growthOf, type Vitals } from './vitals.ts'

/** Kinds of findings that the budget pays for; of all others there may be none. */
const PAID = new Set(['a request failed', 'a change failed'])

/** What a process held. */
interface Holding {
  readonly name: string
  readonly seconds: number
  readonly rssMb: { readonly warm: number; readonly end: number; readonly max: number }
  readonly descriptors: { readonly end: number; readonly max: number }
  readonly sockets: { readonly end: number; readonly max: number }
  readonly workersMb: number
}

export interface SoakReport {
  readonly seed: number
  readonly minutes: number
  readonly rate: number
  readonly budget: number
  readonly boundS: number
  /** Failures while nothing was wrong on purpose, and what share of all requests they are. */
  readonly failures: number
  readonly failureShare: number
  readonly isGood: boolean
  readonly counts: Readonly<Record<string, number>>
  readonly latencies: Readonly<Record<string, Latencies>>
  readonly holdings: readonly Holding[]
  /** What the gateways have logged as errors, and how often. */
  readonly complaints: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
}

/** Whether a run was good: the budget kept, and nothing found that no budget pays for. */
export function judgeRun(
  tally: Tally,
  budget: number,
): Pick<SoakReport, 'failures' | 'failureShare' | 'isGood'> {
  const requests = tally.of('views') + tally.of('changes: done')
  const failures = tally.of('failures')
  const failureShare = requests === 0 ? 1 : failures / requests
  const isGood = failureShare <= budget && tally.findings.every(({ what }) => PAID.has(what))
  return { failures, failureShare, isGood }
}

export function reportOf(
  { tally, stage }: Run,
  { seed, minutes, rate, budget }: Pick<SoakOptions, 'seed' | 'minutes' | 'rate' | 'budget'>,
): SoakReport {
  return {
    seed,
    minutes,
    rate,
    budget,
    boundS: BOUND_MS / 1000,
    ...judgeRun(tally, budget),
    counts: Object.fromEntries([...tally.counts].toSorted(([a], [b]) => a.localeCompare(b))),
    latencies: tally.latencies(),
    holdings: stage.patients.flatMap(({ name, samples }) => {
      const [first, last] = [samples[0], samples.at(-1)]
      if (first === undefined || last === undefined) return []
      const growth = growthOf(samples)
      const most = (of: (one: Vitals) => number) => Math.max(...samples.map(of))
      return {
        name,
        seconds: rounded((last.atMs - first.atMs) / 1000, 0),
        rssMb: {
          warm: growth?.warmMb ?? first.rssMb,
          end: growth?.endMb ?? last.rssMb,
          max: most((one) => one.rssMb),
        },
        descriptors: { end: last.descriptors, max: most((one) => one.descriptors) },
        sockets: { end: last.sockets, max: most((one) => one.sockets) },
        workersMb: most((one) => one.workersMb),
      }
    }),
    complaints: stage.complaints(),
    findings: tally.findings,
  }
}

/** The report for people. */
export function formatReport(report: SoakReport): string {
  const { counts, latencies, holdings, complaints, findings } = report
  const share = (report.failureShare * 100).toFixed(3)
  return [
    ...Object.entries(counts).map(([name, count]) => `${String(count).padStart(9)}  ${name}`),
    '',
    ...Object.entries(latencies).map(
      ([name, { count, p50Ms, p99Ms, maxMs }]) =>
        `${name}: ${count}, p50 ${p50Ms} ms, p99 ${p99Ms} ms, at most ${maxMs} ms`,
    ),
    '',
    ...holdings.map(
      ({ name, seconds, rssMb, descriptors, sockets, workersMb }) =>
        `${name}, ${seconds} s: ${rssMb.warm} MB warm, ${rssMb.end} MB at the end, ${rssMb.max} MB at most (workers ${workersMb} MB); ` +
        `${descriptors.end} descriptors (at most ${descriptors.max}), ${sockets.end} sockets (at most ${sockets.max})`,
    ),
    '',
    ...Object.entries(complaints).map(([said, count]) => `${String(count).padStart(9)}  in the log: ${said}`),
    '',
    ...findings.map(({ what, atS, details }) => `${atS} s: ${what}: ${JSON.stringify(details)}`),
    `failures while nothing was wrong: ${report.failures}, ${share} % of all, ${report.budget * 100} % allowed; bound ${report.boundS} s; seed ${report.seed}`,
    report.isGood ? 'nothing was lost, wrong, old or left behind' : 'NOT GOOD: see above',
  ].join('\n')
}
