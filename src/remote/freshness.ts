/** How long an answer is believed at least: whatever the other server says, it is not asked about each picture. */
const LEAST_MS = 3_600_000
const MOST_MS = 365 * 86_400_000

/** The headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** One header as a text; of several with the same name all, with commas. */
export function headerOf(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** How long an answer is fresh from `nowMs` on, by its own words (RFC 9111, section 4.2.1): between an hour and a year. */
export function freshnessMs(headers: AnswerHeaders, nowMs: number): number {
  const control = headerOf(headers, 'cache-control') ?? ''
  const stated = directive(control, 's-maxage') ?? directive(control, 'max-age')
  const lifetimeMs = stated === undefined ? untilExpiryMs(headers, nowMs) : stated * 1000
  const age = headerOf(headers, 'age') ?? ''
  const ageMs = /^\d{1,10}$/.test(age) ? Number(age) * 1000 : 0
  return Math.min(MOST_MS, Math.max(LEAST_MS, lifetimeMs - ageMs))
}

function directive(control: string, name: string): number | undefined {
  const [, seconds] = new RegExp(`(?:^|[,\\s])${name}="?(\\d{1,10})"?\\s*(?:,|$)`, 'i').exec(control) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}

function untilExpiryMs(headers: AnswerHeaders, nowMs: number): number {
  const expires = Date.parse(headerOf(headers, 'expires') ?? '')
  const date = Date.parse(headerOf(headers, 'date') ?? '')
  return Number.isNaN(expires) ? 0 : expires - (Number.isNaN(date) ? nowMs : date)
}
