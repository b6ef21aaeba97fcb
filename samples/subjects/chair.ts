import {
  box,
  dark,
  group,
  type Layer,
  light,
  linear,
  type Look,
  oval,
  type Pair,
  radiusAt,
  type Shot,
  shape,
  stroke,
  textured,
} from '../kit/draw.ts'
import { between, type Place, seen, seenOfChair, shadowOf, sizeAt, through } from './chair-space.ts'
import { seat, seatEdge, weave } from './chair-seat.ts'
import { tag } from './chair-tag.ts'
import { lettering } from '../kit/font.ts'
import { range } from '../kit/range.ts'
import { studio, sunlitWall, tableTop } from '../kit/rooms.ts'

/** A turned rod: both ends and its thickness in centimetres. */
type Rod = readonly [Place, Place, number]

const backLegs: readonly Rod[] = [
  [[-18, 0, 38], [-18.5, 94, 49], 3.8],
  [[18, 0, 38], [18.5, 94, 49], 3.8],
]
const frontLegs: readonly Rod[] = [
  [[-22, 0, 0], [-22, 48, 0], 4.2],
  [[22, 0, 0], [22, 48, 0], 4.2],
]
const rungs: readonly Rod[] = [
  [[-18, 22, 40], [18, 22, 40], 2.2],
  [[-22, 14, 0], [-18, 14, 38], 2.2],
  [[-22, 27, 0], [-18, 27, 39], 2.2],
  [[22, 14, 0], [18, 14, 38], 2.2],
  [[22, 27, 0], [18, 27, 39], 2.2],
]
const frontRungs: readonly Rod[] = [
  [[-22, 18, 0], [22, 18, 0], 2.6],
  [[-22, 31, 0], [22, 31, 0], 2.6],
]
const slatRows = [57, 70, 83]

/** A rod in slices across it, thicker where the turner left beads. */
function turned([from, to, thick]: Rod, beads: readonly number[], fill: string): string {
  const [[x1, y1], [x2, y2]] = [seenOfChair(to), seenOfChair(from)]
  const length = Math.hypot(x2 - x1, y2 - y1)
  const radius = (thick / 2) * sizeAt(from)
  const profile: Pair[] = [
    [0, radius * 0.75],
    [radius * 0.5, radius],
  ]
  for (const share of beads) {
    const row = share * length
    profile.push(
      [row - 26, radius],
      [row - 16, radius * 0.72],
      [row, radius * 1.22],
      [row + 16, radius * 0.72],
      [row + 26, radius],
    )
  }
  profile.push([length * 0.9, radius * 0.9], [length, radius * 0.74])
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI - 90
  const rows = range(Math.ceil(length / 4) + 1).map((i) => Math.min(length, i * 4))
  const side = (sign: number): Pair[] => rows.map((row) => [sign * radiusAt(profile, row), row])
  const outline = through([...side(-1), ...side(1).toReversed()], true)
  const grooves = beads
    .flatMap((share) => [share * length - 15, share * length + 15])
    .map((row) => `M${-radius * 0.72} ${row}q${radius * 0.72} 9 ${radius * 1.44} 0`)
  return group(
    `transform="translate(${x1.toFixed(1)} ${y1.toFixed(1)}) rotate(${angle.toFixed(2)})"`,
    shape(outline, fill),
    stroke(grooves.join(''), '#120a04', 4, 'stroke-opacity=".55"'),
    ...beads.map((share) =>
      oval([-radius * 0.42, share * length - 3], [radius * 0.26, 6], '#fff', 'fill-opacity=".5"'),
    ),
  )
}

/** A thin rung, thicker in its middle. */
function rung([from, to, thick]: Rod, fill: string): string {
  const [[x1, y1], [x2, y2]] = [seenOfChair(from), seenOfChair(to)]
  const length = Math.hypot(x2 - x1, y2 - y1)
  const radius = (thick / 2) * sizeAt(between(from, to, 0.5))
  const belly = `M0 ${-radius * 0.62}C${length * 0.25} ${-radius * 1.25} ${length * 0.75} ${-radius * 1.25} ${length} ${-radius * 0.62}V${radius * 0.62}C${length * 0.75} ${radius * 1.25} ${length * 0.25} ${radius * 1.25} 0 ${radius * 0.62}z`
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI
  return group(
    `transform="translate(${x1.toFixed(1)} ${y1.toFixed(1)}) rotate(${angle.toFixed(2)})"`,
    shape(belly, fill),
  )
}

/** A place on the back, which leans and is bent. */
const onBack = (x: number, y: number): Place => [x, y, 38 + (y / 94) * 11 + 3.5 * (1 - (x / 18) ** 2)]

/** The outline of a bent slat of the back. */
function slatOutline(row: number): readonly Place[] {
  const xs = range(13).map((i) => -18 + i * 3)
  const upper = xs.map((x) => onBack(x, row + 3 + 2.2 * (1 - (x / 18) ** 2)))
  const lower = xs.toReversed().map((x) => onBack(x, row - 3 + 0.8 * (1 - (x / 18) ** 2)))
  return [...upper, ...lower]
}

function slat(row: number, wood: string): string {
  const outline = slatOutline(row).map(seenOfChair)
  const d = through(outline, true)
  return [
    shape(d, dark(wood, 0.65), 'transform="translate(3 9)"'),
    shape(d, 'url(#slat)'),
    textured(d, 'wood', 0.8),
    stroke(through(outline.slice(0, 13)), light(wood, 0.75), 4, 'stroke-opacity=".8"'),
    stroke(through(outline.slice(13)), dark(wood, 0.7), 3, 'stroke-opacity=".6"'),
  ].join('')
}

const knobAt = (place: Place, wood: string): string => {
  const [x, y] = seenOfChair(place)
  const size = sizeAt(place)
  return (
    oval([x, y - size * 2.2], [size * 1.75, size * 2.6], dark(wood, 0.55)) +
    oval([x - 2, y - size * 2.3], [size * 1.6, size * 2.4], wood) +
    oval([x - size * 0.5, y - size * 3.1], [size * 0.7, size * 1], light(wood, 0.75), 'fill-opacity=".8"')
  )
}

function chairBody(wood: string, straw: string): string {
  const defs = [
    linear(
      'turned',
      `${dark(wood, 0.5)} 0,${wood} .14,${light(wood, 0.6)} .3,${wood} .5,${dark(wood, 0.5)} .8,${dark(wood, 0.72)} 1`,
    ),
    linear('rung', `${dark(wood, 0.2)} 0,${light(wood, 0.5)} .28,${wood} .5,${dark(wood, 0.65)} 1`, 90),
    linear('slat', `${light(wood, 0.12)} 0,${light(wood, 0.3)} .3,${wood} .6,${dark(wood, 0.4)} 1`, 12),
  ]
  const stamp = seenOfChair([-7, 86.5, 50])
  return [
    ...defs,
    ...rungs.slice(0, 1).map((rod) => rung(rod, 'url(#rung)')),
    ...slatRows.map((row) => slat(row, wood)),
    group(
      `transform="matrix(1 .16 0 1 ${stamp[0]} ${stamp[1]})"`,
      lettering('ORLA', { at: [0, 0], height: 26, colour: dark(wood, 0.7), weight: 0.15, stretch: 1.15 }),
    ),
    ...backLegs.map((rod) => turned(rod, [0.1, 0.19, 0.32, 0.62], 'url(#turned)')),
    ...backLegs.map((rod) => knobAt(rod[1], wood)),
    ...rungs.slice(1).map((rod) => rung(rod, 'url(#rung)')),
    seatEdge(straw),
    weave(straw, 5),
    ...frontRungs.map((rod) => rung(rod, 'url(#rung)')),
    ...frontLegs.map((rod) => turned(rod, [0.2, 0.5, 0.78], 'url(#turned)')),
    ...frontLegs.map((rod) => {
      const [x, y] = seenOfChair(rod[1])
      return oval([x, y + 2], [27, 13], light(wood, 0.4))
    }),
  ].join('')
}

/** The shadow of the whole chair as the light throws it on floor and wall. */
function cast(sun: Place, wall: number): string {
  const fall = (place: Place) => shadowOf(place, sun, wall)
  const rods = [...backLegs, ...frontLegs, ...rungs, ...frontRungs].map(([from, to, thick]) =>
    stroke(through(range(33).map((i) => fall(between(from, to, i / 32)))), '#000', thick * 14),
  )
  const slats = slatRows.map((row) => shape(through(slatOutline(row).map(fall), true), '#000'))
  const outline = seat.flatMap((corner, i) =>
    range(12).map((step) => fall(between(corner, seat[(i + 1) % 4] ?? corner, step / 12))),
  )
  return rods.join('') + slats.join('') + shape(through(outline, true), '#000')
}

function chair(wood: string, straw: string, sun: Place, wall = 1e6): readonly Layer[] {
  const feet = [...backLegs, ...frontLegs].map(([foot]) => {
    const [x, y] = seenOfChair(foot)
    return oval([x + 8, y - 3], [42, 13], '#000')
  })
  return [
    { body: cast(sun, wall), shadow: 0.58, blur: 12 },
    { body: feet.join(''), shadow: 0.8, blur: 8 },
    { body: chairBody(wood, straw) },
    ...tag(),
  ]
}

const wallDepth = 62
const wallFoot = seen([0, 0, wallDepth])[1]

function skirting(): string {
  const face = linear('skirt', '#f6efe0 0,#e4d9c4 .7,#9c8f7a 1', 90)
  return (
    face +
    box([-1500, wallFoot - 150], [6000, 150], 'url(#skirt)') +
    stroke(`M-1500 ${wallFoot - 118}h6000M-1500 ${wallFoot - 148}h6000`, '#a3947c', 4) +
    stroke(`M-1500 ${wallFoot}h6000`, '#2a1a10', 10)
  )
}

const soft: Look = { vignette: 0.35, grain: 4, warmth: 0.1, contrast: 0.3 }

/** The photographs of the chair. */
export const CHAIR_SCENES: Readonly<Record<string, Shot>> = {
  'chair-studio': {
    layers: [...studio('#8fa3a0'), ...chair('#a8642e', '#d8b268', [0.75, -1, 0.32])],
    width: 3000,
    height: 2000,
    view: { x: 20, y: 30, width: 2860 },
    look: soft,
  },
  'chair-window': {
    layers: [
      ...sunlitWall('#d98e6c', '#fff1cc', 12).map((layer) => ({
        ...layer,
        body: group('transform="translate(330 -60)"', layer.body),
      })),
      { body: skirting() },
      ...tableTop('#9a6a3c', wallFoot, 15),
      ...chair('#3f6a63', '#e2c07a', [0.4, -0.62, 0.75], wallDepth),
    ],
    width: 2250,
    height: 3000,
    view: { x: 610, y: -210, width: 1630 },
    look: { vignette: 0.45, grain: 6, warmth: 0.45, contrast: 0.4 },
  },
}
