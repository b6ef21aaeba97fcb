import { GatewayError } from '../errors.ts'
import type { Fit, Size } from './spec.ts'

/** The largest side of a variant, in pixels. */
export const MAX_SIDE = 16_384

/** The factors that `@{n}x` may name. */
export const DENSITIES = [1, 1.5, 2, 3] as const
export type Density = (typeof DENSITIES)[number]

const SIZE = /^(?:(?<width>\d+)|x(?<height>\d+)|(?<boxWidth>\d+)x(?<boxHeight>\d+))$/

/** A width `800`, a height `x600` or a box `800x600`, unchecked and with any leading zeros; `undefined` for other forms. */
export function parseSize(text: string): Size | undefined {
  const { width, height, boxWidth, boxHeight } = SIZE.exec(text)?.groups ?? {}
  if (width !== undefined) return { fit: 'width', width: Number(width) }
  if (height !== undefined) return { fit: 'height', height: Number(height) }
  if (boxWidth === undefined) return undefined
  return { fit: 'cover', width: Number(boxWidth), height: Number(boxHeight) }
}

/** A size at another density: both sides multiplied, rounded half up. */
export function scaleSize(size: Size, density: Density): Size {
  switch (size.fit) {
    case 'original':
      return size
    case 'width':
      return { ...size, width: Math.round(size.width * density) }
    case 'height':
      return { ...size, height: Math.round(size.height * density) }
    case 'cover':
      return {
        ...size,
        width: Math.round(size.width * density),
        height: Math.round(size.height * density),
      }
    default:
      return {
        ...size,
        ...(size.width !== undefined && { width: Math.round(size.width * density) }),
        ...(size.height !== undefined && { height: Math.round(size.height * density) }),
      }
  }
}

/** The sides that a size names, in pixels. */
export function sidesOf(size: Size): {
  readonly width?: number | undefined
  readonly height?: number | undefined
} {
  return size.fit === 'original' ? {} : size
}

/** The one size that a fit with these sides comes to: with one side alone several fits mean the same. */
export function fittedSize(fit: Fit | 'cover', width: number | undefined, height: number | undefined): Size {
  if (width !== undefined && height !== undefined) return { fit, width, height }
  if (width === undefined && height === undefined) return { fit: 'original' }
  const side = { ...(width !== undefined && { width }), ...(height !== undefined && { height }) }
  switch (fit) {
    case 'cover':
    case 'pad':
    case 'contain':
      return { fit: 'contain', ...side }
    case 'scale-up':
    case 'squeeze':
      return { fit, ...side }
    case 'scale-down':
    case 'crop':
    case 'aspect-crop':
      return width === undefined ? { fit: 'height', height: height ?? 0 } : { fit: 'width', width }
  }
}

/** The size itself; throws `invalid_target` when a side is not 1 to 16,384 pixels. */
export function checkSides(size: Size): Size {
  const { width, height } = sidesOf(size)
  if (width !== undefined) checkSide('width', width)
  if (height !== undefined) checkSide('height', height)
  return size
}

function checkSide(name: string, pixels: number): void {
  if (pixels >= 1 && pixels <= MAX_SIDE) return
  throw new GatewayError('invalid_target', `${name}: must be 1 to ${MAX_SIDE} pixels, after @n`)
}
