import { S3Error } from '../s3-error.ts'

/** What the one who signed a form allows whoever fills it in. */
export interface PostPolicy {
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly conditions: readonly FieldCondition[]
  /** Length of the file, both included; the narrowest of those given. */
  readonly minBytes: number
  readonly maxBytes: number
}

interface FieldCondition {
  readonly operator: 'eq' | 'starts-with'
  /** In lower case. */
  readonly name: string
  readonly value: string
  /** As the policy has it, for the refusal. */
  readonly text: string
}

/** Fields that no condition need cover: the signature cannot sign itself. */
const UNCOVERED: ReadonlySet<string> = new Set(['policy', 'x-amz-signature', 'file'])
const IGNORED_PREFIX = 'x-ignore-'

/** Reads a policy document from base64; throws `InvalidPolicyDocument` for anything in it that is not understood. */
export function parsePostPolicy(base64: string): PostPolicy {
  const document = parseJson(base64)
  if (!isObject(document)) throw invalid('Invalid JSON.')
  const { expiration, conditions, ...rest } = document
  const unexpected = Object.keys(rest)[0]
  if (unexpected !== undefined) throw invalid(`Unexpected: '${unexpected}'`)
  if (!Array.isArray(conditions)) throw invalid('Policy missing conditions.')
  const entries: readonly unknown[] = conditions
  const ranges = entries.filter(isRange).map(parseRange)
  return {
    expiresAt: parseExpiration(expiration),
    conditions: entries.filter((entry) => !isRange(entry)).flatMap(parseCondition),
    minBytes: Math.max(0, ...ranges.map(({ min }) => min)),
    maxBytes: Math.min(Number.POSITIVE_INFINITY, ...ranges.map(({ max }) => max)),
  }
}

/** Throws `AccessDenied` unless the policy still holds, every condition is met, and every field is covered by one. */
export function checkPolicy(policy: PostPolicy, fields: ReadonlyMap<string, string>, now: number): void {
  if (now >= policy.expiresAt) throw denied('Policy expired.')
  const failed = policy.conditions.find((condition) => !isMet(condition, fields))
  if (failed) throw denied(`Policy Condition failed: ${failed.text}`)
  const covered = new Set(policy.conditions.map(({ name }) => name))
  const extra = [...fields.keys()].filter(
    (name) => !covered.has(name) && !UNCOVERED.has(name) && !name.startsWith(IGNORED_PREFIX),
  )
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`)
}

function isMet({ operator, name, value }: FieldCondition, fields: ReadonlyMap<string, string>): boolean {
  const given = fields.get(name)
  if (given === undefined) return false
  if (operator === 'eq') return given === value
  // S3's documentation: of a list of content types each one must match.
  const parts = name === 'content-type' ? given.split(',').map((part) => part.trim()) : [given]
  return parts.every((part) => part.startsWith(value))
}

function parseJson(base64: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64')))
  } catch {
    throw invalid('Invalid JSON.')
  }
}

/** ISO 8601 in UTC. */
function parseExpiration(value: unknown): number {
  if (value === undefined) throw invalid('Policy missing expiration.')
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/
  const time = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw invalid(`Invalid 'expiration' value: ${JSON.stringify(value)}`)
  return time
}

function isRange(entry: unknown): entry is readonly unknown[] {
  return Array.isArray(entry) && entry[0] === 'content-length-range'
}

function parseRange(entry: readonly unknown[]): { min: number; max: number } {
  const [min, max] = entry.slice(1).map(parseLength)
  if (entry.length !== 3 || min === undefined || max === undefined) {
    throw invalid(`Invalid content-length-range: ${JSON.stringify(entry)}`)
  }
  return { min, max }
}

function parseLength(value: unknown): number | undefined {
  const length = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof length === 'number' && Number.isSafeInteger(length) && length >= 0 ? length : undefined
}

function parseCondition(entry: unknown): FieldCondition[] {
  const text = JSON.stringify(entry)
  if (Array.isArray(entry)) {
    const [operator, field, value]: unknown[] = entry
    if (
      entry.length === 3 &&
      (operator === 'eq' || operator === 'starts-with') &&
      typeof field === 'string' &&
      /^\$./.test(field) &&
      typeof value === 'string'
    ) {
      return [{ operator, name: field.slice(1).toLowerCase(), value, text }]
    }
  } else if (isObject(entry) && Object.keys(entry).length > 0) {
    return Object.entries(entry).map(([name, value]) => {
      if (typeof value !== 'string') throw invalid(`Invalid condition: ${text}`)
      return { operator: 'eq', name: name.toLowerCase(), value, text }
    })
  }
  throw invalid(`Invalid condition: ${text}`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(reason: string): S3Error {
  return new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}`)
}

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`)
}
