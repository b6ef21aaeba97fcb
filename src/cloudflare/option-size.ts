import { checkSides, fittedSize, MAX_SIDE } from '../transform/size.ts'
import type { Size } from '../transform/spec.ts'
import type { GivenOptions } from './option-table.ts'

/** What a client says about itself in its headers. */
export interface ClientHints {
  /** In CSS pixels: `Sec-CH-Viewport-Width`. */
  readonly viewportWidth?: number | undefined
  /** `Sec-CH-DPR`. */
  readonly dpr?: number | undefined
  readonly userAgent?: string | undefined
  /** Whether any header says that the line is slow, or that little should be sent over it. */
  readonly isSlow: boolean
}

const BREAKPOINTS: readonly number[] = [320, 768, 960, 1200]
const MOBILE_WIDTH = 768
const DESKTOP_WIDTH = 1200
const MOBILE = /iPhone|Android/

const isPositive = (value: number | undefined): value is number => Number.isFinite(value) && (value ?? 0) > 0

/**
 * The width that `width=auto` stands for: the smallest breakpoint that the client's viewport fits in, in pixels of its
 * screen, or the largest; without hints what suits the kind of device.
 */
export function widthFor(given: GivenOptions, { viewportWidth, dpr, userAgent = '' }: ClientHints): number {
  if (!isPositive(viewportWidth)) {
    const { wmobile = MOBILE_WIDTH, wdesktop = DESKTOP_WIDTH } = given
    return MOBILE.test(userAgent) ? wmobile : wdesktop
  }
  const pixels = viewportWidth * (isPositive(dpr) ? dpr : 1)
  const widths = given.wbreakpoints ?? BREAKPOINTS
  return widths.find((width) => width >= pixels) ?? widths.at(-1) ?? DESKTOP_WIDTH
}

/** Beyond it nobody sees a difference. */
export const MAX_DPR = 3

/** The density that sides are multiplied by. */
export const densityOf = ({ dpr = 1 }: GivenOptions): number => Math.min(dpr, MAX_DPR)

/** The size that was asked for, density included. Throws `invalid_target` where a side becomes too large. */
export function sizeOf(given: GivenOptions, hints: ClientHints): Size {
  const scaled = (side: number | undefined) => side && Math.round(side * densityOf(given))
  // What one client's screen comes to is no mistake: caches would keep the refusal for all others.
  const width = given.width === 'auto' ? withinSides(scaled(widthFor(given, hints))) : scaled(given.width)
  return checkSides(fittedSize(given.fit ?? 'scale-down', width, scaled(given.height)))
}

const withinSides = (side = 1): number => Math.min(Math.max(side, 1), MAX_SIDE)

/** Whether parts of the picture may be cut off to fill a box. */
export const isCropped = ({ fit }: Size): boolean =>
  fit === 'cover' || fit === 'crop' || fit === 'aspect-crop'
