import { S3Error } from '../s3-error.ts'

/** What conditions are compared with. */
export interface Validators {
  /** Without quotes. */
  readonly etag: string
  /** Milliseconds since 1970, in whole seconds. */
  readonly lastModified: number
}

/** The four preconditions of a read, as they were sent. */
export interface ReadConditions {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifUnmodifiedSince: string | undefined
}

/** Reads the preconditions from headers whose names may have a prefix (`x-amz-copy-source-`). */
export function readConditions(headers: ReadonlyMap<string, string>, prefix = ''): ReadConditions {
  return {
    ifMatch: headers.get(`${prefix}if-match`),
    ifNoneMatch: headers.get(`${prefix}if-none-match`),
    ifModifiedSince: headers.get(`${prefix}if-modified-since`),
    ifUnmodifiedSince: headers.get(`${prefix}if-unmodified-since`),
  }
}

/** Evaluates in the order of RFC 9110 §13.2.2; ETags win over dates. */
export function evaluateRead(conditions: ReadConditions, at: Validators): 'met' | 'unmodified' | 'failed' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, at.etag, 'strong')) return 'failed'
  } else if (isAfter(at.lastModified, ifUnmodifiedSince) === true) return 'failed'
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, at.etag, 'weak') ? 'unmodified' : 'met'
  return isAfter(at.lastModified, ifModifiedSince) === false ? 'unmodified' : 'met'
}

/** Whether a range may still be answered: `If-Range` names this version, or there is no `If-Range`. */
export function rangeApplies(ifRange: string | undefined, at: Validators): boolean {
  if (ifRange === undefined) return true
  return ifRange.includes('"') ? matches(ifRange, at.etag, 'strong') : Date.parse(ifRange) === at.lastModified
}

/** Throws unless the conditions of a write hold against what is stored now (`undefined`: nothing). */
export function checkWrite(headers: ReadonlyMap<string, string>, current: Validators | undefined): void {
  const ifMatch = headers.get('if-match')
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new S3Error('NotImplemented', 'If-None-Match on a write accepts only *', {
      Header: 'If-None-Match',
    })
  }
  if (ifNoneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match')
  if (ifMatch === undefined) return
  if (current === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
  if (!matches(ifMatch, current.etag, 'strong')) throw preconditionFailed('If-Match')
}

/** The refusal that names the condition which did not hold. */
export function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })
}

/** ETags may come without quotes: many clients send them so, and S3 accepts it. */
function matches(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  const candidates = header.match(/(?:W\/)?"[^"]*"|[^\s,]+/g) ?? []
  return candidates.some((candidate) => {
    if (candidate === '*') return true
    if (candidate.startsWith('W/') && comparison === 'strong') return false
    return candidate.replace(/^W\//, '').replaceAll('"', '') === etag
  })
}

/** `undefined` when there is no date, or none that can be read: such a condition is ignored. */
function isAfter(lastModified: number, header: string | undefined): boolean | undefined {
  const date = Date.parse(header ?? '')
  return Number.isNaN(date) ? undefined : lastModified > date
}
