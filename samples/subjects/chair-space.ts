import type { Pair } from '../kit/draw.ts'

/** A place in the room in centimetres: to the right, upwards, away from the camera. */
export type Place = readonly [number, number, number]

const turn = 0.48
const eyeHeight = 145
const horizon = -525
const distance = 340
const focal = 5100

/** From the chair's own axes (its front at depth 0) to the room's. */
export const inRoom = ([x, y, z]: Place): Place => {
  const depth = z - 20
  return [x * Math.cos(turn) + depth * Math.sin(turn), y, depth * Math.cos(turn) - x * Math.sin(turn)]
}

/** Where the camera sees a place of the room. */
export const seen = ([x, y, z]: Place): Pair => {
  const size = focal / (distance + z)
  return [1400 + x * size, horizon + (eyeHeight - y) * size]
}

/** Where the camera sees a place of the chair. */
export const seenOfChair = (place: Place): Pair => seen(inRoom(place))

/** Scene units to a centimetre at a place of the chair. */
export const sizeAt = (place: Place): number => focal / (distance + inRoom(place)[2])

/** Where the shadow of a place of the chair falls: on the floor, or on a wall that stands nearer. */
export function shadowOf(place: Place, light: Place, wall: number): Pair {
  const [x, y, z] = inRoom(place)
  const reach = Math.min(y / -light[1], (wall - z) / light[2])
  return seen([x + light[0] * reach, y + light[1] * reach, z + light[2] * reach])
}

/** The place a share of the way between two others. */
export const between = (from: Place, to: Place, share: number): Place => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
]

/** A path through points, its last point joined to the first when `closed`. */
export const through = (points: readonly Pair[], closed = false): string =>
  `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}${closed ? 'z' : ''}`
