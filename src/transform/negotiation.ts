import type { Colour } from './edits.ts'
import { type EditedSize, OUTPUT_FORMATS, type OutputFormat, SHRINKING, type Size } from './spec.ts'

/** How much a client wants each format, from 0 (not at all) to 1. */
export interface Acceptance extends Readonly<Record<OutputFormat, number>> {
  /** Whether what moves stays in its own format, wanted or not. */
  readonly keepsMotion?: boolean | undefined
}

/** What is given to somebody who names no format and may know none of the newer ones: JPEG, or PNG for transparency. */
export const PLAIN_ACCEPTANCE: Acceptance = { avif: 0, webp: 0, jpg: 1, png: 1, gif: 1, keepsMotion: true }

/** A media range of an `Accept` header, in lower case and without parameters, and its weight from 0 to 1. */
export interface WeightedRange {
  readonly range: string
  readonly weight: number
}

/** What the choice of a format depends on in a picture. */
export interface Traits {
  readonly animated: boolean
  readonly hasAlpha: boolean
  /** The format that it moves in, where it does and that is known. */
  readonly movesAs?: OutputFormat | undefined
  /** In pixels, where it is known. */
  readonly longestSide?: number | undefined
}

export interface ChooseOptions {
  /** The longest side asked for, in pixels, that is still worth the work that AVIF makes. */
  readonly avifMaxSide: number
  /** Whether the source's own sides count where it is smaller than what is asked for. */
  readonly looksAtSides?: boolean | undefined
}

/** Of the newer formats a client says by their names that it knows them: `image/*` is also said by those who do not. */
const FORMATS: Readonly<Record<OutputFormat, { readonly type: string; readonly byNameOnly: boolean }>> = {
  avif: { type: 'image/avif', byNameOnly: true },
  webp: { type: 'image/webp', byNameOnly: true },
  jpg: { type: 'image/jpeg', byNameOnly: false },
  png: { type: 'image/png', byNameOnly: false },
  gif: { type: 'image/gif', byNameOnly: false },
}

/** What a media range lets in: the most specific one that matches a format decides (RFC 9110 §12.5.1). */
export function acceptanceOf(ranges: readonly WeightedRange[]): Acceptance {
  const weightOf = (format: OutputFormat): number => {
    const { type, byNameOnly } = FORMATS[format]
    const matching = byNameOnly ? [type] : [type, 'image/*', '*/*']
    for (const range of matching) {
      const weights = ranges.filter((given) => given.range === range).map(({ weight }) => weight)
      if (weights.length > 0) return Math.max(...weights)
    }
    return 0
  }
  return {
    avif: weightOf('avif'),
    webp: weightOf('webp'),
    jpg: weightOf('jpg'),
    png: weightOf('png'),
    gif: weightOf('gif'),
  }
}

/** The format for a picture: of those that lose nothing of it the one that the client wants most, of equals the smallest. */
export function choose(
  acceptance: Acceptance,
  size: EditedSize,
  source: Traits,
  { avifMaxSide, looksAtSides = false }: ChooseOptions,
): OutputFormat {
  const traits = traitsAfter(source, size)
  if (acceptance.keepsMotion && traits.animated && traits.movesAs !== undefined) return traits.movesAs
  const ownSide = looksAtSides && !mayEnlarge(size) ? source.longestSide : undefined
  const mayBeAvif = Math.min(longestSide(size), ownSide ?? Number.POSITIVE_INFINITY) <= avifMaxSide
  let best: OutputFormat | undefined
  for (const format of candidatesFor(traits)) {
    if (format === 'avif' && !mayBeAvif) continue
    if (acceptance[format] > (best === undefined ? 0 : acceptance[best])) best = format
  }
  return best ?? lastResort(acceptance, traits)
}

/** The format that suits all pictures of these traits; `undefined` when they need different ones. */
export function chooseForAll(
  acceptance: Acceptance,
  size: EditedSize,
  traits: readonly Traits[],
  options: ChooseOptions,
): OutputFormat | undefined {
  const { avifMaxSide, looksAtSides = false } = options
  const isOpen = looksAtSides && acceptance.avif > 0 && !mayEnlarge(size)
  // A source that is smaller would be AVIF.
  if (isOpen && longestSide(size) > avifMaxSide) return undefined
  let agreed: OutputFormat | undefined
  for (const each of traits) {
    const format = choose(acceptance, size, each, options)
    if (agreed !== undefined && agreed !== format) return undefined
    agreed = format
  }
  return agreed
}

/** Formats that a client takes and that lose nothing of a picture, whichever of these traits it has; the smallest first. */
export function suitableFor(
  acceptance: Acceptance,
  size: EditedSize,
  traits: readonly Traits[],
): readonly OutputFormat[] {
  const candidates = traits.map((each) => candidatesFor(traitsAfter(each, size)))
  return OUTPUT_FORMATS.filter(
    (format) => acceptance[format] > 0 && candidates.every((formats) => formats.includes(format)),
  )
}

const ANIMATED: readonly OutputFormat[] = ['webp', 'gif']
const TRANSPARENT: readonly OutputFormat[] = ['avif', 'webp', 'png']
const OPAQUE: readonly OutputFormat[] = ['avif', 'webp', 'jpg']

/** The formats that lose nothing of such a picture, the smallest first; for opaque ones PNG would be too large. */
function candidatesFor({ animated, hasAlpha }: Traits): readonly OutputFormat[] {
  if (animated) return ANIMATED
  return hasAlpha ? TRANSPARENT : OPAQUE
}

/** Something is always sent, accepted or not, but nothing transparent as JPEG. */
function lastResort(acceptance: Acceptance, { hasAlpha }: Traits): OutputFormat {
  return hasAlpha || (acceptance.jpg === 0 && acceptance.png > 0) ? 'png' : 'jpg'
}

const mayEnlarge = ({ fit }: Size) => !SHRINKING.has(fit)

/** What a picture is like once it has been edited. */
function traitsAfter(traits: Traits, { edits, ...size }: EditedSize): Traits {
  if (edits === undefined) return traits
  const { background, border, still } = edits
  const shinesThrough =
    background === undefined
      ? traits.hasAlpha
      : !isOpaque(background) && (traits.hasAlpha || size.fit === 'pad')
  return {
    animated: traits.animated && still === undefined,
    hasAlpha: shinesThrough || (border !== undefined && !isOpaque(border.colour)),
    movesAs: traits.movesAs,
  }
}

const isOpaque = (colour: Colour) => colour.length === 6 || colour.endsWith('ff')

function longestSide(size: Size): number {
  switch (size.fit) {
    // As large as the source is, which nobody has asked yet.
    case 'original':
      return Number.POSITIVE_INFINITY
    case 'width':
      return size.width
    case 'height':
      return size.height
    default:
      return Math.max(size.width ?? 0, size.height ?? 0)
  }
}
