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
import { parseTag } from '../tagging/tag-set.ts'
import { element, type Xml } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { ObjectRecord, Tag } from '../store/object-record.ts'

/** Which objects a rule is for: those that meet all of it. */
export interface LifecycleFilter {
  /** Whether it was put as the `Prefix` of a rule, which S3 knew before there were filters: it is answered so. */
  readonly isBare: boolean
  readonly prefix: string | undefined
  readonly tags: readonly Tag[]
  /** Bytes; the object must be larger than this. */
  readonly largerThan: number | undefined
  /** Bytes; the object must be smaller than this. */
  readonly smallerThan: number | undefined
}

const PREDICATES = ['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan']

/** Reads a rule's `Filter` or its bare `Prefix`; a rule must have one of them. */
export function parseFilter(rule: Element): LifecycleFilter {
  const filter = child(rule, 'Filter')
  const isOld = 'Prefix' in rule
  if ((filter !== undefined) === isOld) throw malformedXml()
  if (filter === undefined) return { ...parsePredicates({ Prefix: plainText(rule, 'Prefix') }), isBare: true }
  allowOnly(filter, [...PREDICATES, 'And'])
  const both = child(filter, 'And')
  if (both === undefined) {
    if (countPredicates(filter) > 1) throw malformedXml()
    return parsePredicates(filter)
  }
  allowOnly(both, PREDICATES)
  if (countPredicates(filter) > 0 || countPredicates(both) < 2) throw malformedXml()
  return parsePredicates(both)
}

/** The filter as an element; several predicates stand in an `And`. */
export function formatFilter(filter: LifecycleFilter): Xml {
  const { isBare, prefix, tags, largerThan, smallerThan } = filter
  if (isBare) return element('Prefix', prefix ?? '')
  const predicates = [
    ...(prefix === undefined ? [] : [element('Prefix', prefix)]),
    ...tags.map(([key, value]) => element('Tag', [element('Key', key), element('Value', value)])),
    ...(largerThan === undefined ? [] : [element('ObjectSizeGreaterThan', largerThan)]),
    ...(smallerThan === undefined ? [] : [element('ObjectSizeLessThan', smallerThan)]),
  ]
  return element('Filter', predicates.length > 1 ? [element('And', predicates)] : predicates)
}

/** Whether a filter is for an object. */
export function matchesFilter(filter: LifecycleFilter, record: ObjectRecord): boolean {
  const { prefix = '', tags, largerThan = -1, smallerThan = Number.POSITIVE_INFINITY } = filter
  return (
    record.key.startsWith(prefix) &&
    record.bytes > largerThan &&
    record.bytes < smallerThan &&
    tags.every(([key, value]) => record.tags?.some((tag) => tag[0] === key && tag[1] === value) === true)
  )
}

function countPredicates(parent: Element): number {
  return PREDICATES.reduce((count, name) => count + children(parent, name).length, 0)
}

function parsePredicates(parent: Element): LifecycleFilter {
  const tags = children(parent, 'Tag').map((value) => parseTag(toElement(value)))
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw new S3Error('InvalidRequest', 'Duplicate Tag Keys are not allowed.')
  }
  const largerThan = parseSize(text(parent, 'ObjectSizeGreaterThan'))
  const smallerThan = parseSize(text(parent, 'ObjectSizeLessThan'))
  if (smallerThan !== undefined && smallerThan <= (largerThan ?? 0)) {
    throw new S3Error(
      'InvalidRequest',
      "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    )
  }
  return { isBare: false, prefix: plainText(parent, 'Prefix'), tags, largerThan, smallerThan }
}

function parseSize(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw malformedXml()
}
