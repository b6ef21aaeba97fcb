import type { EdgeBehavior, EdgeRequest } from './edge.ts'
import { isCachingDisabled } from './freshness.ts'
import { originTarget } from './key.ts'

/** What never reaches the origin unless it is in the key or an origin request policy names it. */
const WITHHELD = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'cookie',
  'host',
  'origin',
  'referer',
])

/** What is the edge's own to say. */
const REPLACED = new Set([
  'cache-control',
  'connection',
  'pragma',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
])

/** What the edge answers itself where it keeps anything. */
const OWN = new Set([
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
])

const DEFAULT_ADDRESS = '198.51.100.1'

/** Where a viewer comes from. */
export const addressOf = ({ address = DEFAULT_ADDRESS }: EdgeRequest): string => address

/** What the origin is asked for a viewer, before conditions, ranges and the origin's own headers are added. */
export function originRequest(request: EdgeRequest, behavior: EdgeBehavior): EdgeRequest {
  const { keyHeaders = [], forwardHeaders = [], gzip = false } = behavior
  const isKeyed = (name: string) => keyHeaders.includes(name) || (gzip && name === 'accept-encoding')
  const isNamed = (name: string) => forwardHeaders === 'all' || forwardHeaders.includes(name) || isKeyed(name)
  const keeps = !isCachingDisabled(behavior.ttls)
  const passed = Object.entries(request.headers).filter(
    ([name]) =>
      (!REPLACED.has(name) || (name === 'user-agent' && isNamed(name))) &&
      !(keeps && OWN.has(name)) &&
      (isNamed(name) || !WITHHELD.has(name)),
  )
  const before = request.headers['x-forwarded-for']
  const address = addressOf(request)
  const headers: Record<string, string> = {
    'user-agent': 'Amazon CloudFront',
    ...Object.fromEntries(passed),
    via: '1.1 edge.test (CloudFront)',
    'x-forwarded-for': before === undefined ? address : `${before}, ${address}`,
  }
  // A viewer's own is no proof of anything.
  delete headers['cloudfront-viewer-address']
  if (isNamed('cloudfront-viewer-address')) headers['cloudfront-viewer-address'] = `${address}:40000`
  return { method: request.method, target: originTarget(request, behavior), headers }
}
