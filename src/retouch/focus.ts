import { boxBlur } from './box-blur.ts'
import { type Frame, openFrame, toFrame } from './frame.ts'

/** The smallest deviation, in pixels, that sharp accepts; less would not be seen. */
const LEAST_DEVIATION = 0.3
/** From here on three boxes are as good as the curve itself, and much faster. */
const BOXES_FROM = 2
/** A radius is so many standard deviations. */
const RADIUS = 2

/** Blurs by a radius; one below 0.6 pixels leaves the picture as it is. Colours of transparent pixels do not bleed in. */
export async function blur(frame: Frame, radius: number): Promise<Frame> {
  const sigma = radius / RADIUS
  if (sigma < LEAST_DEVIATION) return frame
  if (sigma >= BOXES_FROM) return boxBlur(frame, sigma)
  // With whole numbers, its default, libvips makes the picture brighter or darker, and does nothing where sigma is small.
  return toFrame(openFrame(frame).blur({ sigma, precision: 'float', minAmplitude: 0.01 }))
}

/**
 * Sharpens, 0 to 10: below 1 less of what 1 does, above it around wider edges and up to a larger difference. It is an
 * unsharp mask on lightness, which leaves colours alone.
 */
export async function sharpen(frame: Frame, amount: number): Promise<Frame> {
  if (amount === 0) return frame
  const [share, limit] = [Math.min(amount, 1), Math.max(amount, 1)]
  const mask = { sigma: 0.5 + amount / 4, m1: share, m2: 2 * share, y2: 10 * limit, y3: 20 * limit }
  return toFrame(openFrame(frame).sharpen(mask))
}
