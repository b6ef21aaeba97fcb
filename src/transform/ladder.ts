import { GatewayError } from '../errors.ts'
import { DENSITIES } from './size.ts'
import { type FittedSize, type Size, sizeName } from './spec.ts'

const RUNGS = [
  16, 32, 48, 64, 96, 128, 160, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1600,
  1920, 2048, 2560, 3840,
] as const
const LARGEST = 3840

type Box = Size & { readonly fit: 'cover' }

interface Ratio {
  readonly name: string
  /** Height over width, as a fraction: exact where a decimal would not be. */
  readonly across: number
  readonly down: number
}

const RATIOS: readonly Ratio[] = [
  { name: '1:1', across: 1, down: 1 },
  { name: '4:3', across: 4, down: 3 },
  { name: '3:4', across: 3, down: 4 },
  { name: '3:2', across: 3, down: 2 },
  { name: '2:3', across: 2, down: 3 },
  { name: '16:9', across: 16, down: 9 },
  { name: '9:16', across: 9, down: 16 },
]

/**
 * The size on the ladder that stands for the one asked for: itself, or the next larger. Widths and heights among
 * `ownSides` need no rung. Throws `size_not_allowed` above the largest rung and for boxes of another ratio.
 */
export function climb(size: Size, ownSides: ReadonlySet<number>): Size {
  switch (size.fit) {
    case 'original':
      return size
    case 'width':
      return ownSides.has(size.width) ? size : { ...size, width: rungFor('width', size.width) }
    case 'height':
      return ownSides.has(size.height) ? size : { ...size, height: rungFor('height', size.height) }
    case 'cover':
      return climbBox(size)
    default:
      return climbFitted(size, ownSides)
  }
}

/** By its box where it names one, else by its side. */
function climbFitted(size: FittedSize, ownSides: ReadonlySet<number>): Size {
  const { fit, width, height } = size
  if (width !== undefined && height !== undefined) {
    return { ...climbBox({ fit: 'cover', width, height }), fit }
  }
  const climbSide = (name: string, side: number) => (ownSides.has(side) ? side : rungFor(name, side))
  return {
    fit,
    ...(width !== undefined && { width: climbSide('width', width) }),
    ...(height !== undefined && { height: climbSide('height', height) }),
  }
}

function climbBox(box: Box): Box {
  const ratio = RATIOS.filter((ratio) => isOfRatio(box, ratio)).toSorted(byDistanceFrom(box))[0]
  if (!ratio) {
    const names = RATIOS.map(({ name }) => name).join(', ')
    throw new GatewayError('size_not_allowed', `box ${sizeName(box)}: its ratio must be one of ${names}`)
  }
  const width = rungFor('width', box.width)
  return { fit: 'cover', width, height: Math.round(heightAt(width, ratio)) }
}

/** Whether only rounding keeps a box from the ratio: less than one pixel, or what `@n` makes of the rounding before it. */
function isOfRatio(box: Box, ratio: Ratio): boolean {
  if (distance(box, ratio) < 1) return true
  return DENSITIES.some((density) => {
    const width = box.width / density
    return Number.isInteger(width) && box.height === Math.round(Math.round(heightAt(width, ratio)) * density)
  })
}

const byDistanceFrom = (box: Box) => (one: Ratio, other: Ratio) => distance(box, one) - distance(box, other)

const distance = (box: Box, ratio: Ratio): number => Math.abs(box.height - heightAt(box.width, ratio))

const heightAt = (width: number, { across, down }: Ratio): number => (width * down) / across

function rungFor(name: string, pixels: number): number {
  const rung = RUNGS.find((rung) => rung >= pixels)
  if (rung !== undefined) return rung
  throw new GatewayError('size_not_allowed', `${name} ${pixels}: must be at most ${LARGEST} pixels here`)
}
