/** Three numbers: light of three primaries, XYZ, or Lab. */
export type Vector = readonly [number, number, number]
type Matrix = readonly [Vector, Vector, Vector]
type Chromaticity = readonly [x: number, y: number]

/** How stored values become light: a plain power, or the curve of sRGB (IEC 61966-2-1). */
export type Curve = { readonly gamma: number } | 'srgb'

/** A colour space by its textbook definition. */
export interface ColourSpace {
  readonly red: Chromaticity
  readonly green: Chromaticity
  readonly blue: Chromaticity
  readonly white: Chromaticity
  readonly curve: Curve
}

const D65 = [0.3127, 0.329] as const
const D50 = [0.3457, 0.3585] as const

/** sRGB, and the spaces that cameras, phones and photographers use. Gammas are what their profiles can say: 256ths. */
export const SPACES = {
  srgb: { red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06], white: D65, curve: 'srgb' },
  displayP3: { red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06], white: D65, curve: 'srgb' },
  adobeRgb: {
    red: [0.64, 0.33],
    green: [0.21, 0.71],
    blue: [0.15, 0.06],
    white: D65,
    curve: { gamma: 563 / 256 },
  },
  proPhoto: {
    red: [0.7347, 0.2653],
    green: [0.1596, 0.8404],
    blue: [0.0366, 0.0001],
    white: D50,
    curve: { gamma: 461 / 256 },
  },
} as const satisfies Record<string, ColourSpace>

/** The light of a stored value; both from 0 to 1. */
export function toLight(value: number, curve: Curve): number {
  if (curve !== 'srgb') return value ** curve.gamma
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** The stored value of light in sRGB; both from 0 to 1. What is outside the gamut is cut off. */
export function fromLight(light: number): number {
  const clipped = Math.min(1, Math.max(0, light))
  return clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055
}

/** The sRGB colour, 0 to 255 and not rounded, that a stored colour of a space (0 to 1 a channel) is seen as. */
export function seenInSrgb(stored: Vector, space: ColourSpace): Vector {
  const light = map(stored, (value) => toLight(value, space.curve))
  const xyz = times(adaptation(space.white, D65), times(primaries(space), light))
  return map(times(inverse(primaries(SPACES.srgb)), xyz), (value) => 255 * fromLight(value))
}

/** The XYZ of a space's primaries and white, as an ICC profile states them: adapted to its own D50. */
export function profileColumns(space: ColourSpace): readonly Vector[] {
  const adapted = multiply(adaptation(space.white, D50), primaries(space))
  return [0, 1, 2].map((column) => map(adapted, (row) => row[column] ?? 0))
}

/** CIE Lab (D65) of an sRGB colour of 0 to 255. */
export function labOf(colour: Vector): Vector {
  const light = map(colour, (value) => toLight(value / 255, 'srgb'))
  const xyz = times(primaries(SPACES.srgb), light)
  const white = whiteXyz(D65)
  const relative: Vector = [xyz[0] / white[0], xyz[1] / white[1], xyz[2] / white[2]]
  const [x, y, z] = map(relative, (ratio) => {
    return ratio > 216 / 24_389 ? Math.cbrt(ratio) : (ratio * 24_389) / 27 / 116 + 16 / 116
  })
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** CIEDE2000 between two sRGB colours: below 1 nobody sees a difference. */
export function deltaE(one: Vector, other: Vector): number {
  return deltaE2000(labOf(one), labOf(other))
}

/** CIEDE2000 between two Lab colours (CIE 142-2001; Sharma, Wu and Dalal 2005). */
export function deltaE2000([l1, a1, b1]: Vector, [l2, a2, b2]: Vector): number {
  const meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2
  const g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)))
  const [x1, x2] = [a1 * (1 + g), a2 * (1 + g)]
  const [c1, c2] = [Math.hypot(x1, b1), Math.hypot(x2, b2)]
  const [h1, h2] = [hue(x1, b1), hue(x2, b2)]
  const isGrey = c1 * c2 === 0
  const turn = h2 - h1
  const dh = isGrey ? 0 : Math.abs(turn) <= 180 ? turn : turn - 360 * Math.sign(turn)
  const dH = 2 * Math.sqrt(c1 * c2) * sine(dh / 2)
  const h = isGrey
    ? h1 + h2
    : Math.abs(turn) <= 180
      ? (h1 + h2) / 2
      : (h1 + h2 + (h1 + h2 < 360 ? 360 : -360)) / 2
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2]
  const t =
    1 - 0.17 * cosine(h - 30) + 0.24 * cosine(2 * h) + 0.32 * cosine(3 * h + 6) - 0.2 * cosine(4 * h - 63)
  const lightness = (l2 - l1) / (1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2))
  const chroma = (c2 - c1) / (1 + 0.045 * c)
  const hueTerm = dH / (1 + 0.015 * c * t)
  const rotation = -sine(60 * Math.exp(-(((h - 275) / 25) ** 2))) * 2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7))
  return Math.sqrt(lightness ** 2 + chroma ** 2 + hueTerm ** 2 + rotation * chroma * hueTerm)
}

const sine = (degrees: number) => Math.sin((degrees * Math.PI) / 180)
const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180)
const hue = (a: number, b: number) =>
  a === 0 && b === 0 ? 0 : ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360

const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
]

/** Bradford's adaptation from one white to another. */
function adaptation(from: Chromaticity, to: Chromaticity): Matrix {
  const [source, target] = [times(BRADFORD, whiteXyz(from)), times(BRADFORD, whiteXyz(to))]
  const scale: Matrix = [
    [target[0] / source[0], 0, 0],
    [0, target[1] / source[1], 0],
    [0, 0, target[2] / source[2]],
  ]
  return multiply(inverse(BRADFORD), multiply(scale, BRADFORD))
}

/** From light of three primaries to XYZ, so that equal light is the white. */
function primaries({ red, green, blue, white }: ColourSpace): Matrix {
  const plain = transposed([whiteXyz(red), whiteXyz(green), whiteXyz(blue)])
  const [r, g, b] = times(inverse(plain), whiteXyz(white))
  return map(plain, (row) => [row[0] * r, row[1] * g, row[2] * b] as const)
}

const whiteXyz = ([x, y]: Chromaticity): Vector => [x / y, 1, (1 - x - y) / y]

function map<From, To>(three: readonly [From, From, From], change: (value: From) => To): [To, To, To] {
  return [change(three[0]), change(three[1]), change(three[2])]
}

const times = (matrix: Matrix, [x, y, z]: Vector): Vector => map(matrix, ([a, b, c]) => a * x + b * y + c * z)

const transposed = ([a, b, c]: Matrix): Matrix => [
  [a[0], b[0], c[0]],
  [a[1], b[1], c[1]],
  [a[2], b[2], c[2]],
]

const multiply = (one: Matrix, other: Matrix): Matrix =>
  transposed(map(transposed(other), (column) => times(one, column)))

const cross = ([a, b, c]: Vector, [x, y, z]: Vector): Vector => [b * z - c * y, c * x - a * z, a * y - b * x]

function inverse([a, b, c]: Matrix): Matrix {
  const columns: Matrix = [cross(b, c), cross(c, a), cross(a, b)]
  const determinant = a[0] * columns[0][0] + a[1] * columns[0][1] + a[2] * columns[0][2]
  return map(transposed(columns), (row) => map(row, (value) => value / determinant))
}
