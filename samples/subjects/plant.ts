import {
  box,
  dark,
  group,
  type Layer,
  type Look,
  light,
  linear,
  oval,
  type Pair,
  radial,
  roundTone,
  type Shot,
  shape,
  stroke,
  textured,
} from '../kit/draw.ts'
import { outOfFocus } from '../kit/focus.ts'
import { lettering } from '../kit/font.ts'
import { contactShade, sunlitWall, tableTop } from '../kit/rooms.ts'

const foot = 1560
const soil: Pair = [1500, 1150]

/** Where a leaf grows, how long it is, and how far it leans, in degrees. */
interface Leaf {
  readonly lean: number
  readonly reach: number
  readonly length: number
  readonly tint: number
}

const LEAVES: readonly Leaf[] = [
  { lean: -78, reach: 430, length: 400, tint: 0.1 },
  { lean: 74, reach: 460, length: 420, tint: 0.05 },
  { lean: -52, reach: 560, length: 430, tint: 0.3 },
  { lean: 48, reach: 590, length: 450, tint: 0.2 },
  { lean: -26, reach: 640, length: 460, tint: 0.15 },
  { lean: 22, reach: 660, length: 440, tint: 0.35 },
  { lean: -4, reach: 700, length: 480, tint: 0.25 },
  { lean: -64, reach: 260, length: 330, tint: 0.4 },
  { lean: 60, reach: 250, length: 340, tint: 0.45 },
  { lean: 8, reach: 360, length: 380, tint: 0.5 },
]

/** A blade upright in a box of one by one, its tip at the top. */
const half = (side: 1 | -1): string =>
  `M0 0C${side * 0.16} -.1 ${side * 0.44} -.22 ${side * 0.4} -.52C${side * 0.37} -.78 ${side * 0.14} -.92 0 -1z`

const SIDE_VEINS = [-0.16, -0.3, -0.44, -0.58, -0.72, -0.84]
  .flatMap((y) => [-1, 1].map((side) => `M0 ${y}q${side * 0.16} -.02 ${side * (0.34 + y * 0.14)} -.13`))
  .join('')

function blade({ length, tint }: Leaf, index: number): string {
  const green = light('#2f6b34', tint * 0.5)
  const lit = linear(`lit${index}`, `${light(green, 0.42)} 0,${green} 1`, 20)
  const shady = linear(`shady${index}`, `${dark(green, 0.18)} 0,${dark(green, 0.55)} 1`, -20)
  const veins = stroke(SIDE_VEINS, light(green, 0.5), 0.007, 'stroke-opacity=".55"')
  return group(
    `transform="scale(${length})"`,
    lit,
    shady,
    shape(half(-1), `url(#lit${index})`),
    shape(half(1), `url(#shady${index})`),
    veins,
    stroke('M0 0L0 -.97', light(green, 0.65), 0.016),
    shape(
      'M-.06 -.2C-.3 -.3 -.34 -.55 -.24 -.72C-.2 -.55 -.16 -.4 -.06 -.2z',
      '#ffffff',
      'fill-opacity=".13"',
    ),
  )
}

function foliage(): string {
  return LEAVES.map((leaf, index) => {
    const angle = (leaf.lean * Math.PI) / 180
    const [x, y] = [soil[0] + Math.sin(angle) * leaf.reach, soil[1] - Math.cos(angle) * leaf.reach]
    const stalk = `M${soil[0] + leaf.lean * 0.8} ${soil[1]}Q${soil[0] + leaf.lean * 1.4} ${y + 160} ${x} ${y}`
    const droop = leaf.lean * 1.25
    return (
      stroke(stalk, '#274d25', 18) +
      stroke(stalk, '#6d9a4c', 7, 'transform="translate(-4 -2)"') +
      group(`transform="translate(${x} ${y}) rotate(${droop})"`, blade(leaf, index))
    )
  }).join('')
}

function pot(clay: string): string {
  const wall = `M1225 1165L1290 ${foot - 20}Q1500 ${foot + 26} 1710 ${foot - 20}L1775 1165z`
  const rim = 'M1195 1085Q1500 1150 1805 1085L1790 1190Q1500 1262 1210 1190z'
  const label = { at: [1368, 1360] as const, height: 52, colour: light(clay, 0.6), weight: 0.14 }
  return [
    roundTone('clay', clay, 0.35),
    radial('earth', '#4a3420 0,#20150c 1'),
    shape(wall, 'url(#clay)'),
    textured(wall, 'hide', 0.8),
    oval([1500, 1092], [300, 52], 'url(#earth)'),
    shape(rim, 'url(#clay)'),
    textured(rim, 'hide', 0.8),
    stroke('M1212 1196Q1500 1268 1788 1196', dark(clay, 0.7), 12, 'stroke-opacity=".6"'),
    lettering('FICUS', label),
  ].join('')
}

function saucer(clay: string): string {
  return (
    oval([1500, foot + 6], [330, 46], dark(clay, 0.35)) +
    oval([1500, foot - 6], [318, 38], light(clay, 0.12)) +
    oval([1500, foot - 8], [270, 26], dark(clay, 0.5))
  )
}

/** A watering can behind the plant, out of focus. */
function can(colour: string): Layer {
  const tone = roundTone('zinc', colour, 0.6)
  const spout =
    stroke('M2240 1420L2520 1130', dark(colour, 0.25), 46) + stroke('M2490 1110l70 70', colour, 60)
  const handle = stroke('M2000 1180Q1830 1180 1840 1380Q1850 1500 1990 1500', dark(colour, 0.35), 30)
  return { body: tone + handle + spout + box([1980, 1150], [280, 400], 'url(#zinc)', 'rx="30"'), blur: 9 }
}

function plant(clay: string): readonly Layer[] {
  const leaves = foliage()
  return [
    { body: group('transform="translate(300 60) skewX(-5)"', leaves, pot(clay)), shadow: 0.42, blur: 26 },
    ...contactShade([1510, foot + 22], [340, 40]),
    { body: saucer(clay) + leaves + pot(clay) },
  ]
}

const noon: Look = { vignette: 0.38, grain: 5, warmth: 0.15, contrast: 0.4 }

/** The photographs of the potted plant. */
export const PLANT_SCENES: Readonly<Record<string, Shot>> = {
  'plant-window': {
    layers: [
      ...sunlitWall('#c7d2c4', '#fffbe6'),
      ...outOfFocus(tableTop('#b08a5c', 1430, 11), 4),
      can('#8fa3ad'),
      ...plant('#b5603a'),
    ],
    width: 3000,
    height: 2000,
    view: { x: 180, y: -40, width: 2640 },
    look: noon,
  },
  'plant-leaves': {
    layers: [...outOfFocus(sunlitWall('#a9bfa6', '#fffbe6'), 30), ...plant('#b5603a')],
    width: 2400,
    height: 3200,
    view: { x: 1060, y: -30, width: 880, turn: 7 },
    look: { ...noon, contrast: 0.55, vignette: 0.5 },
    orientation: 3,
  },
}
