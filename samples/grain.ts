import type { Look } from './kit/draw.ts'
import { random } from './kit/random.ts'

/** One octave of a texture: how many cells across and down, and how strong. */
export type Octave = readonly [across: number, down: number, strength: number]

/** A grey tile of smooth noise around 128 whose edges meet, row by row. */
export function noiseTile(
  sides: readonly [number, number],
  octaves: readonly Octave[],
  seed: number,
): Uint8Array {
  const sum = new Float32Array(sides[0] * sides[1])
  const next = random(seed)
  for (const octave of octaves) addOctave(sum, sides, octave, next)
  return Uint8Array.from(sum, (value) => Math.max(0, Math.min(255, Math.round(128 + value * 127))))
}

const eased = (share: number): number => share * share * (3 - 2 * share)

function addOctave(
  sum: Float32Array,
  sides: readonly [number, number],
  octave: Octave,
  next: () => number,
): void {
  const [width, height] = sides
  const [across, down, strength] = octave
  const knots = Float32Array.from({ length: across * down }, () => (next() * 2 - 1) * strength)
  const knot = (x: number, y: number): number => knots[(y % down) * across + (x % across)] ?? 0
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * down) / height)
    const v = eased((y * down) / height - row)
    for (let x = 0; x < width; x++) {
      const column = Math.floor((x * across) / width)
      const u = eased((x * across) / width - column)
      const upper = knot(column, row) * (1 - u) + knot(column + 1, row) * u
      const lower = knot(column, row + 1) * (1 - u) + knot(column + 1, row + 1) * u
      sum[y * width + x] = (sum[y * width + x] ?? 0) + upper * (1 - v) + lower * v
    }
  }
}

const grainBits = 16

/** Bell-shaped noise with a standard deviation of one. */
function grainTable(seed: number): Float32Array {
  const next = random(seed)
  const bell = () => (next() + next() + next() + next() - 2) * Math.sqrt(3)
  return Float32Array.from({ length: 1 << grainBits }, bell)
}

/** What contrast and warmth make of each of 256 levels, of red, green and blue in turn. */
function toneCurves(look: Look): readonly Float32Array[] {
  return [1, 0.15, -1].map((lean) =>
    Float32Array.from({ length: 256 }, (_, level) => {
      const share = level / 255
      const curved = share + look.contrast * 0.6 * (share * share * (3 - 2 * share) - share)
      const warmed = curved * (1 + look.warmth * lean * 0.12)
      return 6 + warmed * 246
    }),
  )
}

export interface Canvas {
  /** Red, green, blue, row by row. */
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
}

/** Develops a picture in place: tone curve, colour cast, darker corners, grain that is strongest in the middle tones. */
export function develop(canvas: Canvas, look: Look, seed: number): void {
  const grain = grainTable(seed)
  const [red, green, blue] = toneCurves(look)
  if (!red || !green || !blue) return
  const { pixels, width, height } = canvas
  const next = random(seed + 1)
  const corner = look.vignette / (width * width + height * height)
  for (let y = 0, at = 0; y < height; y++) {
    const rise = (2 * y - height) ** 2
    let pick = Math.floor(next() * grain.length)
    for (let x = 0; x < width; x++, at += 3) {
      const shade = 1 - corner * (rise + (2 * x - width) ** 2)
      pick = (pick + 1) & (grain.length - 1)
      const green0 = pixels[at + 1] ?? 0
      const speck = (grain[pick] ?? 0) * look.grain * (0.55 + (green0 * (255 - green0)) / 32_000)
      pixels[at] = clamp((red[pixels[at] ?? 0] ?? 0) * shade + speck)
      pixels[at + 1] = clamp((green[green0] ?? 0) * shade + speck)
      pixels[at + 2] = clamp((blue[pixels[at + 2] ?? 0] ?? 0) * shade + speck)
    }
  }
}

const clamp = (level: number): number => (level < 0 ? 0 : level > 255 ? 255 : level)
