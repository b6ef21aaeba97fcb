import { type AuditQuery, findEntries } from '../audit/find-entries.ts'
import { AUDIT_ACTIONS, type TrailEntry } from '../audit/trail-entry.ts'
import { type Config, ConfigError } from '../config.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

export interface AuditChoices {
  readonly user?: string | undefined
  readonly object?: string | undefined
  readonly action?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly json?: boolean | undefined
}

/** Without `--from` so much is read. */
const DEFAULT_MS = 7 * 86_400_000

/** Prints the entries of the audit trail that are asked for; false when a part of it could not be understood. */
export async function audit(config: Config, choices: AuditChoices): Promise<boolean> {
  const query = parseQuery(choices)
  const faults: string[] = []
  await useBucket(withBucket(config), async (store) => {
    const onFault = (key: string) => void faults.push(key)
    for await (const entry of findEntries({ store, onFault }, query)) {
      const line = choices.json ? JSON.stringify(entry) : printable(formatEntry(entry))
      process.stdout.write(`${line}\n`)
    }
  })
  for (const key of faults) process.stderr.write(printable(`${key}: cannot be understood\n`))
  return faults.length === 0
}

function parseQuery({ user, object, action, from, to }: AuditChoices): AuditQuery {
  const known = AUDIT_ACTIONS.find((name) => name === action)
  if (action !== undefined && known === undefined) {
    throw new ConfigError(`audit: --action is one of ${AUDIT_ACTIONS.join(', ')}`)
  }
  const fromMs = from === undefined ? Date.now() - DEFAULT_MS : parseTime('--from', from)
  const toMs = to === undefined ? undefined : parseTime('--to', to)
  return { user, object, action: known, fromMs, toMs }
}

const time = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/

function parseTime(option: string, text: string): number {
  const match = time.exec(text)
  // A day is midnight UTC already; a time without a zone would be that of this machine.
  const isLocal = text.includes('T') && match?.[1] === undefined
  const ms = match === null ? Number.NaN : Date.parse(isLocal ? `${text}Z` : text)
  if (Number.isNaN(ms))
    throw new ConfigError(`audit: ${option} is a time such as 2026-03-01 or 2026-03-01T12:30:00Z`)
  return ms
}

function formatEntry({ at, principal, action, object, address, requestId, detail }: TrailEntry): string {
  const notes = [
    detail,
    address === undefined ? undefined : `from ${address}`,
    requestId === undefined ? undefined : `request ${requestId}`,
  ]
  return [at, principal ?? '(nobody)', action, object, ...notes.filter((note) => note !== undefined)].join(
    '  ',
  )
}
