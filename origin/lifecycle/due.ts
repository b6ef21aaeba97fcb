import type { ObjectRecord } from '../store/object-record.ts'
import type { LifecycleRule } from './lifecycle-configuration.ts'
import { matchesFilter } from './lifecycle-filter.ts'
import type { IncompleteUpload } from '../uploads/incomplete-uploads.ts'

type Rules = readonly LifecycleRule[] | undefined

const DAY_MS = 86_400_000

/** Whether a rule says that an object is to go by now. */
export function isExpired(rules: Rules, record: ObjectRecord, now: number): boolean {
  return rules?.some((rule) => isDue(rule, record, now)) === true
}

/** Whether a rule says that an upload is to be aborted by now. */
export function isAbandoned(rules: Rules, { key, initiatedAt }: IncompleteUpload, now: number): boolean {
  return (
    rules?.some(({ isEnabled, filter, abortAfterDays }) => {
      if (!isEnabled || abortAfterDays === undefined) return false
      return key.startsWith(filter.prefix ?? '') && endOf(initiatedAt, abortAfterDays) <= now
    }) === true
  )
}

function isDue({ isEnabled, filter, expiration }: LifecycleRule, record: ObjectRecord, now: number): boolean {
  if (!isEnabled || expiration === undefined || !matchesFilter(filter, record)) return false
  const due = 'date' in expiration ? expiration.date : endOf(record.lastModified, expiration.days)
  return due <= now
}

/** S3 adds the days and rounds up to the next midnight, UTC. */
function endOf(start: number, days: number): number {
  return Math.ceil((start + days * DAY_MS) / DAY_MS) * DAY_MS
}
