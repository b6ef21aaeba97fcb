import { between, type Place, seenOfChair, through } from './chair-space.ts'
import { dark, light, mix, shape, stroke } from '../kit/draw.ts'
import { random } from '../kit/random.ts'
import { range } from '../kit/range.ts'

/** The corners of the seat: front left, front right, back right, back left. */
export const seat: readonly [Place, Place, Place, Place] = [
  [-23, 45, -1],
  [23, 45, -1],
  [19, 45, 41],
  [-19, 45, 41],
]

const middle: Place = [0, 43.4, 20]
const strands = 17

/** One strand of a side of the seat, from corner to corner at a share of the way to the middle. */
function strand([corner, other]: readonly [Place, Place], index: number, tint: string): string {
  const at = (share: number) => [corner, other].map((end) => seenOfChair(between(end, middle, share)))
  const [near, far, half] = [at(index / strands), at((index + 1) / strands), at((index + 0.35) / strands)]
  return (
    shape(through([...near, ...far.toReversed()], true), tint) +
    stroke(through(half), light(tint, 0.55), 2, 'stroke-dasharray="13 8" stroke-opacity=".75"') +
    stroke(through(far), dark(tint, 0.7), 2, 'stroke-opacity=".8"')
  )
}

/** Rush twisted around the four rails; the strands of each side meet on the diagonals. */
export function weave(straw: string, seed: number): string {
  const next = random(seed)
  const tones = [0.02, 0.3, 0.12, 0.22]
  const sides = seat.map((corner, side) => {
    const ends: readonly [Place, Place] = [corner, seat[(side + 1) % 4] ?? corner]
    return range(strands).map((i) => {
      const tint = mix(dark(straw, (tones[side] ?? 0) + next() * 0.22), '#8f8a3a', next() * 0.3)
      return strand(ends, i, tint)
    })
  })
  const seams = seat.map((corner) =>
    stroke(through([corner, middle].map(seenOfChair)), '#3a2a10', 4, 'stroke-opacity=".7"'),
  )
  return sides.flat().join('') + seams.join('')
}

const drop = ([x, y, z]: Place): Place => [x, y - 3.6, z]

/** The rush around the rails under the seat's front and left edges. */
export function seatEdge(straw: string): string {
  const edge = ([from, to]: readonly [Place, Place], shade: number) => {
    const band = [from, to, drop(to), drop(from)].map(seenOfChair)
    const turns = range(44).map((i) => {
      const [left, right] = [between(from, to, i / 44), between(from, to, (i + 0.8) / 44)]
      const tint = dark(straw, shade + ((i * 7) % 5) * 0.06)
      const face = [left, right, drop(right), drop(left)].map(seenOfChair)
      return (
        shape(through(face, true), tint) +
        stroke(through([face[0] ?? [0, 0], face[3] ?? [0, 0]]), light(tint, 0.4), 3, 'stroke-opacity=".7"')
      )
    })
    const under = stroke(
      through([drop(from), drop(to)].map(seenOfChair)),
      '#1a1006',
      6,
      'stroke-opacity=".5"',
    )
    return shape(through(band, true), '#3a2810') + turns.join('') + under
  }
  return edge([seat[1], seat[2]], 0.48) + edge([seat[0], seat[1]], 0.2)
}
