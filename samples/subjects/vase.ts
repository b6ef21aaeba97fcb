import {
  box,
  boxPath,
  dark,
  disc,
  group,
  type Layer,
  light,
  linear,
  type Look,
  oval,
  type Pair,
  radial,
  radiusAt,
  roundTone,
  type Shot,
  shape,
  stroke,
  textured,
} from '../kit/draw.ts'
import { outOfFocus } from '../kit/focus.ts'
import { lettering } from '../kit/font.ts'
import { random } from '../kit/random.ts'
import { contactShade, sunlitWall, tableTop } from '../kit/rooms.ts'

const middle = 1330
const foot = 1640

/** Rows and radii of the vase from lip to foot. */
const turned: readonly Pair[] = [
  [600, 138],
  [616, 142],
  [730, 94],
  [1130, 338],
  [1600, 172],
  [foot, 176],
]

function outline(): string {
  const rows = Array.from({ length: 131 }, (_, i) => 600 + i * 8)
  const side = (sign: number) => rows.map((y) => `${(middle + sign * radiusAt(turned, y)).toFixed(1)} ${y}`)
  const [lip, sole] = [radiusAt(turned, 600), radiusAt(turned, foot)]
  return (
    `M${side(-1).join('L')}Q${middle} ${foot + sole * 0.2} ${middle + sole} ${foot}` +
    `L${side(1).toReversed().join('L')}Q${middle} ${600 - lip * 0.3} ${middle - lip} 600z`
  )
}

const silhouette = outline()

/** Slices of the vase in which the gradient `fill` follows the contour; the silhouette trims them. */
function strips([from, to]: Pair, fill: string): string {
  const slices: string[] = []
  for (let y = from - 60; y < to + 8; y += 10) {
    const radius = radiusAt(turned, y) + 9
    slices.push(
      shape(`M${middle - radius} ${y}q${radius} ${radius * 0.22} ${radius * 2} 0v56h${-radius * 2}z`, fill),
    )
  }
  return slices.join('')
}

/** A line that the potter's tool left around the vase. */
function groove(row: number, width: number, colour: string): string {
  const radius = radiusAt(turned, row)
  return stroke(
    `M${middle - radius} ${row}q${radius} ${radius * 0.22} ${radius * 2} 0`,
    colour,
    width,
    'stroke-opacity=".5"',
  )
}

/** The lower edge of the glaze, where it ran in the kiln. */
function glazeEdge(seed: number): string {
  const next = random(seed)
  let [edge, x] = ['', middle - 380]
  while (x < middle + 380) {
    const [width, depth] = [30 + next() * 80, 14 + next() * next() * 210]
    edge += `C${x + width * 0.5} 1330 ${x + width * 0.15} ${1350 + depth} ${x + width * 0.5} ${1350 + depth}`
    edge += `S${x + width * 0.5} 1330 ${x + width} 1330`
    x += width
  }
  return `M${middle - 380} 560V1330${edge}V560z`
}

const drips = glazeEdge(11)

function speckles(seed: number): string {
  const next = random(seed)
  return Array.from({ length: 420 }, () => {
    const y = 620 + next() * 1010
    const x = middle + (next() * 2 - 1) * radiusAt(turned, y) * 0.98
    const tint = next() > 0.4 ? '#0d1420' : '#e9dcc0'
    return disc([x, y], 1 + next() * next() * 6, tint, `fill-opacity="${(0.15 + next() * 0.5).toFixed(2)}"`)
  }).join('')
}

function body(glaze: string): string {
  const clay = '#c79b6d'
  const clips = `<clipPath id="vase"><path d="${silhouette}"/></clipPath><clipPath id="glazed"><path d="${drips}"/></clipPath>`
  const rings = [1450, 1478, 1590].map((y) => groove(y, 7, '#4a2a14'))
  const upper = [960, 985, 1265].map((y) => groove(y, 9, dark(glaze, 0.6)))
  const well = radial('well', '#0b0d12 0,#1a2230 .6,#46566e 1', [0.6, 0.75])
  return [
    clips,
    roundTone('clay', clay, 0.25),
    roundTone('glaze', glaze, 0.5),
    well,
    group(
      'clip-path="url(#vase)"',
      strips([1290, foot], 'url(#clay)'),
      ...rings,
      textured(boxPath([middle - 330, 1300], [660, 400]), 'hide', 0.55),
      shape(drips, '#2a1a14', 'fill-opacity=".6" transform="translate(7 11)"'),
      group('clip-path="url(#glazed)"', strips([600, 1540], 'url(#glaze)'), ...upper),
      speckles(4),
      textured(silhouette, 'plaster', 0.45),
    ),
    stroke(silhouette, '#0d1626', 2.5, 'stroke-opacity=".6"'),
    oval([middle, 602], [139, 27], light(glaze, 0.45)),
    oval([middle, 605], [124, 21], 'url(#well)'),
    stroke(`M${middle - 132} 598A139 27 0 0 1 ${middle + 40} 576`, '#ffffff', 5, 'stroke-opacity=".8"'),
    lettering('ORLA', { at: [middle - 66, 1528], height: 26, colour: '#6d4526', weight: 0.14 }),
  ].join('')
}

/** What the window leaves on the glaze, and what the table throws back. */
function gloss(): readonly Layer[] {
  const pane = (dx: number, width: number) =>
    shape(`M${middle + dx} 990q-46 90 -34 190l${width} 8q-6 -100 34 -192z`, '#ffffff', 'fill-opacity=".8"')
  const bounce = linear('bounce', '#ffb56a 0 0,#ffb56a .8 0,#ffcf96 1 .3', 0)
  const clip = `<clipPath id="vase"><path d="${silhouette}"/></clipPath>`
  const shade = linear('fall', '#000 0 0,#000 .55 0,#05070c 1 .6', 70)
  return [
    {
      body: pane(-168, 66) + pane(-84, 30) + oval([middle - 46, 740], [8, 60], '#fff', 'fill-opacity=".7"'),
      blur: 4,
    },
    {
      body:
        clip +
        shade +
        bounce +
        group('clip-path="url(#vase)"', shape(silhouette, 'url(#fall)'), shape(silhouette, 'url(#bounce)')),
    },
  ]
}

/** Eucalyptus: a stem with pairs of round leaves that grow smaller. */
function branch(tip: Pair, bend: number, seed: number): string {
  const next = random(seed)
  const start: Pair = [middle + bend * 0.12, 620]
  const knee: Pair = [start[0] + bend, (start[1] + tip[1]) / 2]
  const at = (share: number): Pair => {
    const [a, b, c] = [(1 - share) ** 2, 2 * share * (1 - share), share ** 2]
    return [a * start[0] + b * knee[0] + c * tip[0], a * start[1] + b * knee[1] + c * tip[1]]
  }
  const leaves = Array.from({ length: 22 }, (_, i) => {
    const share = 0.16 + (i / 22) * 0.84
    const [x, y] = at(share)
    const [size, turn] = [62 - share * 30, (i % 2 === 0 ? -1 : 1) * (38 + next() * 50)]
    const tint = light(dark('#7c9c82', next() * 0.45), next() * 0.3)
    const leaf =
      shape(
        `M0 0C${-size * 0.8} ${-size * 0.5} ${-size * 0.6} ${-size * 1.5} 0 ${-size * 1.7}V0z`,
        light(tint, 0.22),
      ) +
      shape(
        `M0 0C${size * 0.8} ${-size * 0.5} ${size * 0.6} ${-size * 1.5} 0 ${-size * 1.7}V0z`,
        dark(tint, 0.22),
      ) +
      stroke(`M0 0V${-size * 1.5}`, light(tint, 0.5), 2.5, 'stroke-opacity=".7"')
    const narrow = 0.5 + next() * 0.5
    return group(
      `transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(0)}) scale(${narrow.toFixed(2)} 1)"`,
      leaf,
    )
  })
  const stem = `M${start[0]} ${start[1]}Q${knee[0]} ${knee[1]} ${tip[0]} ${tip[1]}`
  return stroke(stem, '#5d4a34', 9) + stroke(stem, '#9a8058', 4) + leaves.join('')
}

/** A folded card of the potter's. */
function card(at: Pair): readonly Layer[] {
  const [x, y] = at
  const face = linear('card', '#fffaf0 0,#efe4d0 1', 60)
  const line = (text: string, row: number, height: number) =>
    lettering(text, { at: [x + 44, y + row], height, colour: '#39425a', weight: 0.13 })
  return [
    { body: shape(`M${x + 10} ${y + 300}h500l180 60h-520z`, '#000'), shadow: 0.55, blur: 14 },
    {
      body:
        face +
        shape(`M${x + 500} ${y}l34 290l-24 14z`, '#a8997f') +
        shape(`M${x} ${y}h500l12 304h-524z`, 'url(#card)') +
        line('ORLA POTTERY', 50, 34) +
        line('HAND THROWN', 120, 26) +
        line('STONEWARE 32 CM', 172, 26) +
        box([x + 44, y + 232], [150, 6], '#c08a4e'),
    },
  ]
}

/** A glazed vase of stoneware with eucalyptus in it, and its shadow on the wall. */
function vase(glaze: string): readonly Layer[] {
  const bunch =
    branch([760, 180], -60, 3) +
    branch([1060, 20], -30, 5) +
    branch([1440, -10], 50, 8) +
    branch([1800, 190], 90, 13)
  const cast = group('transform="translate(330 90) skewX(-4)"', shape(silhouette, '#000'), bunch)
  return [
    { body: cast, shadow: 0.42, blur: 20 },
    { body: oval([middle + 330, foot + 26], [420, 50], '#000'), shadow: 0.5, blur: 30 },
    ...contactShade([middle + 10, foot + 12], [186, 30]),
    { body: bunch },
    { body: body(glaze) },
    ...gloss(),
  ]
}

const morning: Look = { vignette: 0.4, grain: 5, warmth: 0.3, contrast: 0.4 }

/** The photographs of the vase. */
export const VASE_SCENES: Readonly<Record<string, Shot>> = {
  'vase-table': {
    layers: [
      ...sunlitWall('#d9b48c', '#fff3d2'),
      ...outOfFocus(tableTop('#94602f', 1480, 6), 3),
      ...vase('#2c5f9e'),
      ...card([1960, 1380]),
    ],
    width: 3000,
    height: 2000,
    view: { x: 170, y: -20, width: 2640 },
    look: morning,
  },
  'vase-close': {
    layers: [
      ...outOfFocus(sunlitWall('#c98f6a', '#fff0c4'), 26),
      ...outOfFocus(tableTop('#7d4c24', 1480, 6), 6),
      ...vase('#2c5f9e'),
    ],
    width: 2400,
    height: 3200,
    view: { x: 860, y: 545, width: 870, turn: -3 },
    look: { ...morning, warmth: 0.5, vignette: 0.55 },
  },
}
