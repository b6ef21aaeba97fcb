import type { ClientHints } from '../cloudflare/parse-options.ts'

/** The request headers that options may look at, for `Vary`. */
export const HINT_HEADERS = 'Sec-CH-Viewport-Width, Sec-CH-DPR, User-Agent, Save-Data, RTT, ECT, Downlink'

const SLOW_TYPES: ReadonlySet<string> = new Set(['slow-2g', '2g', '3g'])
const MAX_RTT_MS = 150
const MIN_DOWNLINK_MBPS = 5

/** What a client says of its screen and its connection. */
export function readHints(headers: Headers): ClientHints {
  const viewportWidth = numberIn(headers, 'sec-ch-viewport-width')
  const dpr = numberIn(headers, 'sec-ch-dpr')
  const userAgent = headers.get('user-agent') ?? undefined
  return {
    ...(viewportWidth !== undefined && { viewportWidth }),
    ...(dpr !== undefined && { dpr }),
    ...(userAgent !== undefined && { userAgent }),
    isSlow: isSlow(headers),
  }
}

/** Equal for hints that mean the same: of the browser only whether it is a phone's. */
export function hintsName({ viewportWidth, dpr, userAgent = '', isSlow }: ClientHints): string {
  return [viewportWidth, dpr, /iPhone|Android/.test(userAgent), isSlow].join(' ')
}

function isSlow(headers: Headers): boolean {
  const { rtt = 0, downlink = MIN_DOWNLINK_MBPS } = {
    rtt: numberIn(headers, 'rtt'),
    downlink: numberIn(headers, 'downlink'),
  }
  return (
    rtt > MAX_RTT_MS ||
    downlink < MIN_DOWNLINK_MBPS ||
    headers.get('save-data')?.toLowerCase() === 'on' ||
    SLOW_TYPES.has(headers.get('ect')?.toLowerCase() ?? '')
  )
}

function numberIn(headers: Headers, name: string): number | undefined {
  const value = headers.get(name) ?? ''
  return /^\d{1,6}(?:\.\d{1,4})?$/.test(value) ? Number(value) : undefined
}
