import { z } from 'zod'
import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'

/** What can come of a request for a picture while too much is asked for. */
export const OUTCOMES = ['picture', 'stand-in', 'refused', 'limited', 'wrong'] as const

export const outcomeSchema = z.enum(OUTCOMES)

export type Outcome = z.infer<typeof outcomeSchema>

/**
 * Reads off the head of an answer what came of its request: the picture, another one in its place that says so, or a
 * refusal that says when to come again and is not kept. Anything else is wrong.
 */
export function outcomeOf(head: string): Outcome {
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = new Map(lines.map(fieldOf))
  const status = Number(statusLine.split(' ')[1])
  if (status === 200) return isStandIn(headers) ? 'stand-in' : 'picture'
  const isRefusal = headers.has('retry-after') && headers.get('cache-control') === 'no-store'
  if (status === 503 && isRefusal) return 'refused'
  return status === 429 && isRefusal ? 'limited' : 'wrong'
}

function isStandIn(headers: ReadonlyMap<string, string>): boolean {
  const isMarked = /;\s*detail=/.test(headers.get('cache-status') ?? '')
  return isMarked || headers.get('cache-control') === CACHE_CONTROL.O
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}
