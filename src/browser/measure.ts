import { formatBytes } from './elements.ts'

/** What an answer with a picture was like. */
export interface Measurement {
  readonly contentType: string
  readonly bytes: number
  /** From asking to the last byte; none where this browser had it all along. */
  readonly ms: number | undefined
  readonly cacheControl: string
  readonly layer: string
}

/** By `Cache-Status` (RFC 9211), from the layer nearest to the viewer on: the first that fits. */
const LAYERS: readonly (readonly [RegExp, string])[] = [
  [/^memory; hit/, 'Memory'],
  [/bucket; hit/, 'Bucket'],
  [/collapsed/, 'Shared'],
  [/bucket; fwd=miss/, 'Rendered'],
]

/**
 * What the picture that an image shows came with. Nothing is asked for again: time and bytes stand in the browser's
 * timings, the headers beside the picture in its cache; what it does not keep there remains unknown.
 */
export async function measureShown(image: HTMLImageElement): Promise<Measurement> {
  const url = image.currentSrc
  const kept = await fromCache(url)
  const timings = performance
    .getEntriesByName(url, 'resource')
    .filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming)
    .filter(({ initiatorType }) => initiatorType !== 'fetch')
  const timing = timings.at(-1)
  const isKept = timing !== undefined && timing.transferSize === 0 && timing.encodedBodySize > 0
  return {
    contentType: kept?.headers.get('content-type') ?? '',
    bytes: timing?.encodedBodySize ?? Number(kept?.headers.get('content-length') ?? 0),
    ms: isKept || timing === undefined ? undefined : timing.responseEnd - timing.requestStart,
    cacheControl: kept?.headers.get('cache-control') ?? '',
    layer: isKept ? 'This browser' : layerOf(kept?.headers),
  }
}

/** Asks for a picture past the browser's cache, and says what that was like. Rejects when there is no picture. */
export async function measureAgain(url: string): Promise<Measurement> {
  const from = performance.now()
  const answer = await fetch(url, { cache: 'reload' })
  const { size } = await answer.blob()
  if (!answer.ok) throw new Error(`The gateway answered ${answer.status}`)
  return {
    contentType: answer.headers.get('content-type') ?? '',
    bytes: size,
    ms: performance.now() - from,
    cacheControl: answer.headers.get('cache-control') ?? '',
    layer: layerOf(answer.headers),
  }
}

/** Writes a measurement into the list of facts in a part of the page. */
export function showMeasurement(within: ParentNode, { contentType, bytes, ...rest }: Measurement): void {
  const facts: Readonly<Record<string, string>> = {
    type: contentType.replace(/^image\//, '').toUpperCase(),
    bytes: formatBytes(bytes),
    time: rest.ms === undefined ? '' : `${Math.max(1, Math.round(rest.ms))} ms`,
    layer: rest.layer,
    'cache-control': rest.cacheControl,
  }
  for (const [name, text] of Object.entries(facts)) {
    const place = within.querySelector(`[data-fact="${name}"]`)
    if (place !== null) place.textContent = text === '' ? '–' : text
  }
}

async function fromCache(url: string): Promise<Response | undefined> {
  try {
    const answer = await fetch(url, { cache: 'only-if-cached', mode: 'same-origin' })
    // Read to its end: a body that is left open keeps its place in the cache locked.
    await answer.blob()
    return answer.ok ? answer : undefined
  } catch {
    // Not kept, or by another origin: there is nothing to read then.
    return undefined
  }
}

function layerOf(headers: Headers | undefined): string {
  const status = headers?.get('cache-status') ?? ''
  if (/^Hit/i.test(headers?.get('x-cache') ?? '')) return 'Edge'
  return LAYERS.find(([pattern]) => pattern.test(status))?.[1] ?? ''
}
