import type { S3Request } from '../protocol/s3-request.ts'
import type { Store } from '../store/store.ts'
import type { CorsRule } from './cors-configuration.ts'

/** What a page of another origin asks for. */
export interface CorsQuestion {
  readonly origin: string
  readonly method: string
  /** In lower case; empty but in a preflight. */
  readonly headers: readonly string[]
}

type Headers = Readonly<Record<string, string>>

/** The answer depends on these, allowed or not: a cache must not hand one page's answer to another. */
const VARY: Headers = {
  vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
}

/** What an answer to a request that is not a preflight carries, an error too; nothing where the bucket has no rules. */
export function corsHeaders(request: S3Request, store: Store): Headers {
  const rules = store.findBucket(request.bucket)?.settings.cors
  if (rules === undefined) return {}
  const origin = request.sentHeaders.get('origin')
  if (origin === undefined) return VARY
  return grant(rules, { origin, method: request.method, headers: [] }) ?? VARY
}

/** The headers by which the first rule that fits allows what is asked; `undefined` when none fits. */
export function grant(rules: readonly CorsRule[], question: CorsQuestion): Headers | undefined {
  const rule = rules.find((candidate) => allows(candidate, question))
  if (rule === undefined) return undefined
  const pattern = rule.allowedOrigins.find((candidate) => fits(candidate, question.origin))
  return {
    // Only for the bare wildcard does S3 answer with one; else the origin itself, which may then send credentials.
    'access-control-allow-origin': pattern === '*' ? '*' : question.origin,
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    ...(question.headers.length > 0 && { 'access-control-allow-headers': question.headers.join(', ') }),
    ...(rule.exposeHeaders.length > 0 && { 'access-control-expose-headers': rule.exposeHeaders.join(', ') }),
    ...(rule.maxAgeSeconds !== undefined && { 'access-control-max-age': String(rule.maxAgeSeconds) }),
    ...(pattern !== '*' && { 'access-control-allow-credentials': 'true' }),
    ...VARY,
  }
}

function allows(rule: CorsRule, { origin, method, headers }: CorsQuestion): boolean {
  return (
    rule.allowedMethods.includes(method) &&
    rule.allowedOrigins.some((pattern) => fits(pattern, origin)) &&
    headers.every((header) => rule.allowedHeaders.some((pattern) => fits(pattern.toLowerCase(), header)))
  )
}

/** A `*` stands for any characters, none too. */
function fits(pattern: string, value: string): boolean {
  const [head = '', tail] = pattern.split('*')
  if (tail === undefined) return value === pattern
  return value.length >= head.length + tail.length && value.startsWith(head) && value.endsWith(tail)
}
