import { z } from 'zod'

/** What a sweep can find, in words, in the order of the report; `frees`: what it removes (a dry run: would remove). */
export const FINDINGS = {
  expiredUploads: { label: 'uploads that were never completed', frees: true },
  abandonedMultiparts: { label: 'uploads in parts that were never completed', frees: true },
  oldUploadStates: { label: 'notes on uploads that ended a week ago', frees: true },
  oldAnswers: { label: 'answers to Idempotency-Keys of a day ago', frees: true },
  oldPurges: { label: 'notes on purges of a week ago', frees: true },
  expiredDocuments: { label: 'documents that have expired', frees: true },
  leftOverIntents: { label: 'changes and purges that were cut short: finished', frees: false },
  unnamedFiles: { label: 'files that their record does not name, marked long enough ago', frees: true },
  newMarks: { label: 'files that their record does not name: marked', frees: false },
  waitingFiles: { label: 'files that their record does not name, marked before: they wait', frees: false },
  liftedMarks: { label: 'marks whose file is named, changed or gone: lifted', frees: false },
  restoredFiles: { label: 'files put back: their record named them in the last moment', frees: false },
  foreignFiles: {
    label: 'files that their record does not name, not written by Halftone: left',
    frees: false,
  },
  filesWithoutRecord: { label: 'files whose record is missing: left', frees: false },
  deadVariants: { label: 'variants of dead versions', frees: true },
  unknownVariants: { label: 'variants whose source cannot be asked for: left', frees: false },
} as const satisfies Record<string, { label: string; frees: boolean }>

export type Finding = keyof typeof FINDINGS

const MAX_EXAMPLES = 5
const MAX_FAULTS = 100

const findingKeys = Object.keys(FINDINGS).filter((key): key is Finding => key in FINDINGS)

const count = z.object({
  objects: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** Keys, a few. */
  examples: z.array(z.string()),
})

/** What was counted so far; a sweep that is resumed goes on with it. */
export const tally = z.object({
  examined: z.int().nonnegative(),
  findings: z.record(z.enum(findingKeys), count),
  /** What needs somebody's attention; the first hundred. */
  faults: z.array(z.string()),
  faultCount: z.int().nonnegative(),
})

export type Tally = z.infer<typeof tally>

/** Where reports are stored, by the time when their sweep began. */
export const REPORTS = 'system/sweep/reports/'

/** The account of one sweep, as it is stored. */
export interface SweepReport extends Tally {
  /** A dry run removes nothing. */
  readonly mode: 'dry-run' | 'delete'
  /** `lost`: another replica took the lease; what is left is up to it, or to the next sweep. */
  readonly outcome: 'finished' | 'lost'
  readonly startedAt: string
  readonly endedAt: string
  /** Whether an earlier sweep that did not come to its end was gone on with. */
  readonly resumed: boolean
}

/** Nothing counted yet. */
export function emptyTally(): Tally {
  const findings = Object.fromEntries(findingKeys.map((key) => [key, { objects: 0, bytes: 0, examples: [] }]))
  return tally.parse({ examined: 0, findings, faults: [], faultCount: 0 })
}

/** Counts an object under what was found about it. */
export function addFinding(to: Tally, finding: Finding, object: { key: string; bytes: number }): void {
  const entry = to.findings[finding]
  entry.objects += 1
  entry.bytes += object.bytes
  if (entry.examples.length < MAX_EXAMPLES) entry.examples.push(object.key)
}

/** Notes what needs somebody's attention. */
export function addFault(to: Tally, fault: string): void {
  to.faultCount += 1
  if (to.faults.length < MAX_FAULTS) to.faults.push(fault)
}

/** What was removed; in a dry run what would have been. */
export function freed({ findings }: Pick<Tally, 'findings'>): { objects: number; bytes: number } {
  const counted = findingKeys.filter((key) => FINDINGS[key].frees).map((key) => findings[key])
  const sum = (field: 'objects' | 'bytes') => counted.reduce((total, entry) => total + entry[field], 0)
  return { objects: sum('objects'), bytes: sum('bytes') }
}

/** The report for people: a line for each thing found, with examples. */
export function formatReport(report: SweepReport): string {
  const { mode, outcome, examined, findings, faults, faultCount } = report
  const found = findingKeys.filter((key) => findings[key].objects > 0)
  const lines = found.flatMap((key) => {
    const { objects, bytes, examples } = findings[key]
    const more = objects > examples.length ? [`       … and ${objects - examples.length} more`] : []
    return [
      `${String(objects).padStart(6)} ${FINDINGS[key].label} (${formatBytes(bytes)})`,
      ...examples.map((example) => `       ${example}`),
      ...more,
    ]
  })
  const verb = mode === 'delete' ? 'freed' : 'a sweep with --delete would free'
  return [
    ...lines,
    ...faults.map((fault) => ` FAULT ${fault}`),
    ...(faultCount > faults.length ? [` FAULT … and ${faultCount - faults.length} more`] : []),
    `${examined} objects examined, ${verb} ${formatBytes(freed(report).bytes)}${faultCount > 0 ? `, ${faultCount} faults` : ''}`,
    ...(outcome === 'lost' ? ['Another replica took over: this sweep stopped.'] : []),
    '',
  ].join('\n')
}

function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, bytes === 0 ? 0 : Math.floor(Math.log(bytes) / Math.log(1024)))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
