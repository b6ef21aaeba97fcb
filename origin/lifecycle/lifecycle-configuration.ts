import { randomUUID } from 'node:crypto'
import {
  allowOnly,
  child,
  children,
  type Element,
  malformedXml,
  plainText,
  text,
  toElement,
} from '../body/read-document.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import { formatFilter, type LifecycleFilter, parseFilter } from './lifecycle-filter.ts'

/** What is to become of a bucket's objects and uploads as they age. */
export interface LifecycleRule {
  readonly id: string
  readonly isEnabled: boolean
  readonly filter: LifecycleFilter
  readonly expiration: Expiration | undefined
  /** Days after which an upload that was not completed is aborted. */
  readonly abortAfterDays: number | undefined
}

/** When objects go: so many days after they were written, or all at a day (milliseconds since 1970, a midnight). */
export type Expiration = { readonly days: number } | { readonly date: number }

/** A thousand rules of the longest kind fit. */
export const MAX_LIFECYCLE_BYTES = 4 * 1024 * 1024
const MAX_RULES = 1000
const DAY_MS = 86_400_000

const RULE = ['ID', 'Status', 'Filter', 'Prefix', 'Expiration', 'AbortIncompleteMultipartUpload']

/** What S3 knows and this server cannot do: it keeps no versions and has one storage class. */
const REFUSED = ['Transition', 'NoncurrentVersionTransition', 'NoncurrentVersionExpiration']

/** Reads a `LifecycleConfiguration`; throws for what does not fit its schema, and for rules that cannot be honoured. */
export function parseLifecycle(document: Element): LifecycleRule[] {
  allowOnly(document, ['Rule'])
  const rules = children(document, 'Rule').map((value) => parseRule(toElement(value)))
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformedXml()
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw new S3Error('InvalidArgument', 'Rule ID must be unique. Found same ID for more than one rule')
  }
  return rules
}

/** The configuration as a document, as it is stored and answered. */
export function formatLifecycle(rules: readonly LifecycleRule[]): string {
  return xmlDocument('LifecycleConfiguration', rules.map(formatRule))
}

function formatRule({ id, isEnabled, filter, expiration, abortAfterDays }: LifecycleRule): Xml {
  const abort = abortAfterDays === undefined ? [] : [element('DaysAfterInitiation', abortAfterDays)]
  return element('Rule', [
    element('ID', id),
    formatFilter(filter),
    element('Status', isEnabled ? 'Enabled' : 'Disabled'),
    ...(expiration ? [element('Expiration', [formatExpiration(expiration)])] : []),
    ...(abort.length > 0 ? [element('AbortIncompleteMultipartUpload', abort)] : []),
  ])
}

function formatExpiration(expiration: Expiration): Xml {
  if ('days' in expiration) return element('Days', expiration.days)
  return element('Date', new Date(expiration.date).toISOString())
}

function parseRule(rule: Element): LifecycleRule {
  for (const name of REFUSED) {
    if (name in rule) throw notImplemented(name)
  }
  allowOnly(rule, RULE)
  const filter = parseFilter(rule)
  const expiration = parseExpiration(child(rule, 'Expiration'))
  const abortAfterDays = parseAbort(child(rule, 'AbortIncompleteMultipartUpload'))
  if (expiration === undefined && abortAfterDays === undefined) {
    throw new S3Error('InvalidRequest', 'At least one action needs to be specified in a rule')
  }
  const { tags, largerThan, smallerThan } = filter
  if (
    abortAfterDays !== undefined &&
    (tags.length > 0 || largerThan !== undefined || smallerThan !== undefined)
  ) {
    throw new S3Error(
      'InvalidRequest',
      'AbortIncompleteMultipartUpload cannot be specified with tags or object sizes.',
    )
  }
  return {
    id: parseId(plainText(rule, 'ID')),
    isEnabled: parseStatus(rule),
    filter,
    expiration,
    abortAfterDays,
  }
}

function parseId(id: string | undefined): string {
  if (id === undefined || id === '') return randomUUID()
  if (id.length <= 255) return id
  throw new S3Error('InvalidArgument', 'ID length should not exceed allowed limit of 255')
}

function parseStatus(rule: Element): boolean {
  const status = text(rule, 'Status')
  if (status === 'Enabled' || status === 'Disabled') return status === 'Enabled'
  throw malformedXml()
}

function parseExpiration(expiration: Element | undefined): Expiration | undefined {
  if (expiration === undefined) return undefined
  if ('ExpiredObjectDeleteMarker' in expiration) throw notImplemented('ExpiredObjectDeleteMarker')
  allowOnly(expiration, ['Days', 'Date'])
  const days = text(expiration, 'Days')
  const date = text(expiration, 'Date')
  if ((days === undefined) === (date === undefined)) throw malformedXml()
  return date === undefined ? { days: parseDays('Expiration', days) } : { date: parseDate(date) }
}

function parseAbort(abort: Element | undefined): number | undefined {
  if (abort === undefined) return undefined
  allowOnly(abort, ['DaysAfterInitiation'])
  return parseDays('AbortIncompleteMultipartUpload', text(abort, 'DaysAfterInitiation'))
}

function parseDays(action: string, days: string | undefined): number {
  if (days === undefined || !/^-?\d{1,9}$/.test(days)) throw malformedXml()
  if (Number(days) > 0) return Number(days)
  throw new S3Error('InvalidArgument', `'Days' for ${action} action must be a positive integer`)
}

function parseDate(text: string): number {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d))?$/.test(text))
    throw malformedXml()
  const date = Date.parse(text)
  if (Number.isNaN(date)) throw malformedXml()
  if (date % DAY_MS === 0) return date
  throw new S3Error('InvalidArgument', "'Date' must be at midnight GMT")
}

function notImplemented(name: string): S3Error {
  return new S3Error(
    'NotImplemented',
    `This server keeps no versions and has one storage class: ${name} cannot be carried out`,
  )
}
