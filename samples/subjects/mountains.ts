import { box, dark, light, mix, type Pair, shape, stroke, textured } from '../kit/draw.ts'
import { random } from '../kit/random.ts'

/** The row of the water's far edge. */
export const shore = 1180

/** Where chance comes from. */
type Next = () => number

/** A broken line between two points: the middle is moved, then the middles of the halves. */
function broken(from: Pair, to: Pair, rough: number, next: Next): readonly Pair[] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1])
  if (length < 26) return [from]
  const shift = () => (next() - 0.5) * length * rough
  const centre: Pair = [(from[0] + to[0]) / 2 + shift(), (from[1] + to[1]) / 2 + shift()]
  return [...broken(from, centre, rough, next), ...broken(centre, to, rough, next)]
}

const polygon = (points: readonly Pair[]): string =>
  `M${points.map(([x, y]) => `${x.toFixed(0)} ${y.toFixed(0)}`).join('L')}z`

interface Peak {
  readonly top: Pair
  /** How far it reaches to the left and to the right. */
  readonly reach: Pair
  readonly colour: string
  /** The row under which there is no snow. */
  readonly snow: number
}

/** One side of a peak: rock, gullies, and snow with a ragged edge. */
function face(
  side: readonly Pair[],
  ridge: readonly Pair[],
  tints: Pair2,
  peak: Peak & { next: Next },
): string {
  const { next, snow } = peak
  const rock = polygon([...side, ...ridge.toReversed()])
  const [inside, outside] = [ridge.filter(([, y]) => y < snow), side.filter(([, y]) => y < snow + 30)]
  const [from, to] = [outside.at(-1) ?? peak.top, inside.at(-1) ?? peak.top]
  const lower = broken(from, to, 0.75, next).slice(1)
  const gullies = ridge.map(([x, y]) => {
    const [lean, length] = [Math.sign((side.at(-1)?.[0] ?? x) - x) * (30 + next() * 90), 70 + next() * 190]
    return shape(
      `M${x} ${y}l${lean} ${length}l${-lean * 0.3} ${-length * 0.25}z`,
      next() > 0.5 ? dark(tints[0], 0.35) : light(tints[0], 0.2),
      'fill-opacity=".4"',
    )
  })
  return (
    shape(rock, tints[0]) +
    gullies.join('') +
    shape(polygon([...outside, ...lower, ...inside.toReversed()]), tints[1])
  )
}

type Pair2 = readonly [rock: string, snow: string]

/** A peak of two faces, with the sun on the left one. */
export function mountain(peak: Peak, seed: number): string {
  const next = random(seed)
  const { top, reach, colour } = peak
  const left = broken(top, [top[0] - reach[0], shore], 0.2, next)
  const right = broken(top, [top[0] + reach[1], shore], 0.2, next)
  const rock = polygon([...left.toReversed(), ...right])
  const ridge = broken(top, [top[0] + (reach[1] - reach[0]) * 0.25 + 60, shore], 0.34, next)
  const known = { ...peak, next }
  return (
    face(left, ridge, [light(colour, 0.2), '#ffe6d2'], known) +
    face(right, ridge, [dark(colour, 0.25), mix(colour, '#dfe4f5', 0.6)], known) +
    (reach[0] > 600 ? textured(rock, 'plaster', 0.9) : '')
  )
}

/** A spruce from its foot: ragged tiers, with the sun on their left. */
export function spruce([x, y]: Pair, height: number, colour: string, next: Next): string {
  const tiers = Math.max(7, Math.round(height / 22))
  const half = (sign: number) => {
    const points = Array.from({ length: tiers }, (_, i) => {
      const row = y - height * (1 - (i + 0.6) / tiers)
      const reach = height * 0.2 * ((i + 0.5) / tiers) ** 0.85 * (0.7 + next() * 0.55)
      return `L${(x + sign * reach).toFixed(1)} ${(row + height * 0.035).toFixed(1)}L${(x + sign * reach * 0.45).toFixed(1)} ${row.toFixed(1)}`
    })
    return `M${x} ${(y - height).toFixed(1)}${points.join('')}L${x} ${y}z`
  }
  return (
    box([x - height * 0.012, y - 6], [height * 0.024, height * 0.05], '#20160f') +
    shape(half(-1), light(colour, 0.14)) +
    shape(half(1), dark(colour, 0.35)) +
    (height > 500 ? boughs([x, y], height, colour, next) : '')
  )
}

/** Single boughs, so that a tree that is near is more than an outline. */
function boughs([x, y]: Pair, height: number, colour: string, next: Next): string {
  return Array.from({ length: 260 }, () => {
    const share = 0.06 + next() ** 0.7 * 0.92
    const [side, reach] = [next() * 2 - 1, height * 0.2 * share ** 0.85]
    const [from, row] = [x + side * reach * 0.5, y - height * (1 - share)]
    const tint = side < 0.1 ? light(colour, 0.1 + next() * 0.3) : dark(colour, next() * 0.5)
    return stroke(
      `M${from.toFixed(0)} ${row.toFixed(0)}q${(side * reach * 0.3).toFixed(0)} 2 ${(side * reach * 0.55).toFixed(0)} ${(height * 0.03).toFixed(0)}`,
      tint,
      height * 0.006,
      'stroke-opacity=".8"',
    )
  }).join('')
}
