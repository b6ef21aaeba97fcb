/** What of a `Cache-Control` the edge acts upon; seconds. A directive without its number is as not written. */
export interface CacheControl {
  /** Says `no-cache`, `no-store` or `private`. */
  readonly isForbidding: boolean
  readonly maxAgeS: number | undefined
  readonly sMaxAgeS: number | undefined
  readonly staleWhileRevalidateS: number | undefined
  readonly staleIfErrorS: number | undefined
}

/** Reads a `Cache-Control`; names in any case, values quoted or not. */
export function parseCacheControl(header = ''): CacheControl {
  const directives = new Map(
    header.split(',').map((part) => {
      const [name = '', value = ''] = part.split('=', 2)
      return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')] as const
    }),
  )
  const seconds = (name: string) => {
    const value = directives.get(name) ?? ''
    return /^\d+$/.test(value) ? Number(value) : undefined
  }
  return {
    isForbidding: ['no-cache', 'no-store', 'private'].some((name) => directives.has(name)),
    maxAgeS: seconds('max-age'),
    sMaxAgeS: seconds('s-maxage'),
    staleWhileRevalidateS: seconds('stale-while-revalidate'),
    staleIfErrorS: seconds('stale-if-error'),
  }
}
