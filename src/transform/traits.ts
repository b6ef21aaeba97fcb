import type { Traits } from './negotiation.ts'
import type { OutputFormat } from './spec.ts'

const STILL_OPAQUE: Traits = { animated: false, hasAlpha: false }
const STILL_ALPHA: Traits = { animated: false, hasAlpha: true }

/** Whatever a picture may be. */
export const ANY_TRAITS: readonly Traits[] = [
  STILL_OPAQUE,
  STILL_ALPHA,
  { animated: true, hasAlpha: false },
  { animated: true, hasAlpha: true },
]

/** Types that move; several pages or layers of others are no animation. */
const MOVING_FORMATS: ReadonlyMap<string, OutputFormat> = new Map([
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
])

/** Types of which only the first picture is ever rendered. */
const STILL_TYPES: ReadonlySet<string> = new Set([
  'image/png',
  'image/avif',
  'image/heic',
  'image/tiff',
  'image/svg+xml',
])

/** What pictures of a media type can be like; of an unknown type anything. */
export function possibleTraits(contentType: string): readonly Traits[] {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'image/jpeg') return [STILL_OPAQUE]
  return STILL_TYPES.has(type) ? [STILL_OPAQUE, STILL_ALPHA] : ANY_TRAITS
}

/** What was found out about one picture. */
export interface KnownPicture {
  /** The media type, by its bytes. */
  readonly type: string
  readonly frames: number
  readonly hasAlpha: boolean
  /** Its sides as it is shown, in pixels. */
  readonly width: number
  readonly height: number
}

/** What this very picture is like. */
export function traitsOf({ type, frames, hasAlpha, width, height }: KnownPicture): Traits {
  const movesAs = frames > 1 ? MOVING_FORMATS.get(type) : undefined
  return { animated: movesAs !== undefined, hasAlpha, movesAs, longestSide: Math.max(width, height) }
}
