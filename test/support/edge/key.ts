import type { EdgeBehavior, EdgeRequest, EdgeRules } from './edge.ts'

/** Parameters of a signed URL. */
const SIGNATURE = new Set(['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'])

/** What an answer is kept under. */
export interface EdgeKey {
  readonly key: string
  /** What invalidations name: path and query, as far as the query is in the key. */
  readonly path: string
}

/** Path, queries and headers that the cache policy names, and nothing else; `Vary` has no part in it. */
export function edgeKey(request: EdgeRequest, behavior: EdgeBehavior): EdgeKey {
  const { path, query } = splitTarget(request.target)
  const kept = keptQuery(query, behavior.keyQueries ?? [])
  const named = withQuery(path, kept)
  const names = [...(behavior.keyHeaders ?? []), ...(behavior.gzip === true ? ['accept-encoding'] : [])]
  const headers = names.map((name) => `${name}:${request.headers[name] ?? ''}`)
  return { key: [named, ...headers].join('\n'), path: named }
}

/** Path and query that the origin is asked for. */
export function originTarget({ target }: EdgeRequest, behavior: EdgeBehavior): string {
  const { path, query } = splitTarget(target)
  const kept = behavior.forwardQueries === true ? 'all' : (behavior.keyQueries ?? [])
  return withQuery(path, keptQuery(query, kept))
}

/** The request without the parameters of its signature, where viewers sign. */
export function withoutSignature(
  request: EdgeRequest,
  behavior: EdgeBehavior,
  rules: EdgeRules,
): EdgeRequest {
  if (behavior.signed !== true || !rules.signatureRemoved) return request
  const { path, query } = splitTarget(request.target)
  const left = query.filter((part) => !SIGNATURE.has(nameOf(part)))
  return { ...request, target: withQuery(path, left) }
}

/** The pattern of a behaviour, for paths. */
export function pathPattern(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}

/** A target cut into its path and the parts of its query. */
export function splitTarget(target: string): { path: string; query: string[] } {
  const mark = target.indexOf('?')
  if (mark === -1) return { path: target, query: [] }
  return {
    path: target.slice(0, mark),
    query: target
      .slice(mark + 1)
      .split('&')
      .filter((part) => part !== ''),
  }
}

const nameOf = (part: string) => part.split('=', 1)[0] ?? ''

function keptQuery(query: readonly string[], names: readonly string[] | 'all'): readonly string[] {
  return names === 'all' ? query : query.filter((part) => names.includes(nameOf(part)))
}

const withQuery = (path: string, query: readonly string[]) =>
  query.length === 0 ? path : `${path}?${query.join('&')}`
