import { GatewayError } from '../errors.ts'
import type { Size } from './spec.ts'

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
  }
}

/** The size itself; throws `invalid_target` when a side is not 1 to 16,384 pixels. */
export function checkSides(size: Size): Size {
  if ('width' in size) checkSide('width', size.width)
  if ('height' in size) checkSide('height', size.height)
  return size
}

function checkSide(name: string, pixels: number): void {
  if (pixels >= 1 && pixels <= MAX_SIDE) return
  throw new GatewayError('invalid_target', `${name}: must be 1 to ${MAX_SIDE} pixels, after @n`)
}
