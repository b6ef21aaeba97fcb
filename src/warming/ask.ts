/** Where an answer came from: the edge, a layer of the gateway, or what cannot be told. */
export const ANSWERED_BY = ['edge', 'memory', 'bucket', 'render', 'collapsed', 'unknown'] as const
export type AnsweredBy = (typeof ANSWERED_BY)[number]

/**
 * What came of one request. `later` says that the server has too much to do or cannot be reached, and after how long to
 * come back if it says that; `absent` that there is no such picture, or not for everybody.
 */
export type Asked =
  | { readonly outcome: 'warm'; readonly by: AnsweredBy; readonly bytes: number }
  | { readonly outcome: 'later'; readonly afterMs: number | undefined; readonly reason: string }
  | { readonly outcome: 'absent' | 'failed'; readonly reason: string }

/** Asks for one target. */
export type Ask = (target: string, signal?: AbortSignal) => Promise<Asked>

export interface AskOptions {
  /** The gateway or the edge in front of it, without a slash at the end. */
  readonly url: string
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly fetch?: typeof fetch
  readonly now?: () => number
}

/** From a path to the next larger size, and from a version to the current one. */
const MAX_REDIRECTS = 3

const ABSENT: ReadonlySet<number> = new Set([401, 403, 404, 410])

/** Asks as a browser does, and reads the picture to its end: an edge keeps only what is whole. */
export function createAsk({ url, headers, timeoutMs, ...options }: AskOptions): Ask {
  const { fetch: send = fetch, now = Date.now } = options
  const { origin } = new URL(url)

  async function request(address: string, redirects: number, signal: AbortSignal): Promise<Asked> {
    const response = await send(address, { headers, redirect: 'manual', signal })
    const bytes = (await response.arrayBuffer()).byteLength
    const { status } = response
    if (status === 200) return { outcome: 'warm', by: answeredBy(response.headers), bytes }
    if (status === 429 || status === 503) {
      const afterMs = retryAfterMs(response.headers.get('retry-after'), now())
      return { outcome: 'later', afterMs, reason: `answered ${status}` }
    }
    if (ABSENT.has(status)) return { outcome: 'absent', reason: `answered ${status}` }
    const location = response.headers.get('location')
    if (status < 300 || status >= 400 || location === null)
      return { outcome: 'failed', reason: `answered ${status}` }
    const next = new URL(location, address)
    // What the headers show is for this server alone.
    if (redirects === 0 || next.origin !== origin)
      return { outcome: 'failed', reason: `led to ${next.origin}${next.pathname}` }
    return request(next.href, redirects - 1, signal)
  }

  return async function ask(target, signal) {
    const late = AbortSignal.timeout(timeoutMs)
    try {
      return await request(
        `${url}${target}`,
        MAX_REDIRECTS,
        AbortSignal.any([late, ...(signal ? [signal] : [])]),
      )
    } catch (error) {
      signal?.throwIfAborted()
      // A connection that was refused, cut or too slow; fetch names the reason in its cause.
      const reason =
        error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : ''
      return { outcome: 'later', afterMs: undefined, reason }
    }
  }
}

/** By `X-Cache` of CloudFront, and behind that by `Cache-Status`; an edge repeats the `Cache-Status` of what it keeps. */
function answeredBy(headers: Headers): AnsweredBy {
  if (/^(?:refresh)?hit\b/i.test(headers.get('x-cache') ?? '')) return 'edge'
  const status = headers.get('cache-status') ?? ''
  if (/\bcollapsed\b/.test(status)) return 'collapsed'
  if (/\bmemory; hit\b/.test(status)) return 'memory'
  if (/\bbucket; hit\b/.test(status)) return 'bucket'
  return /\bbucket; fwd=miss\b/.test(status) ? 'render' : 'unknown'
}

/** Seconds, or a date (RFC 9110 §10.2.3). */
function retryAfterMs(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
