import {
  box,
  dark,
  disc,
  group,
  type Layer,
  light,
  type Look,
  linear,
  oval,
  type Pair,
  ring,
  type Shot,
  shape,
  stroke,
  tube,
} from '../kit/draw.ts'
import { lettering, letteringWidth } from '../kit/font.ts'
import { bokeh, brickWall } from '../kit/rooms.ts'

const rear: Pair = [900, 1270]
const front: Pair = [2130, 1270]
const crank: Pair = [1400, 1290]
const wheelRadius = 400

function spokes([x, y]: Pair): string {
  const lines = Array.from({ length: 36 }, (_, i) => {
    const angle = (i * Math.PI) / 18
    const lean = angle + (i % 2 === 0 ? 0.9 : -0.9)
    const hub = `${(x + Math.cos(lean) * 34).toFixed(1)} ${(y + Math.sin(lean) * 34).toFixed(1)}`
    return `M${hub}L${(x + Math.cos(angle) * 356).toFixed(1)} ${(y + Math.sin(angle) * 356).toFixed(1)}`
  }).join('')
  return stroke(lines, '#3b3d42', 5) + group('transform="translate(-1 -1)"', stroke(lines, '#d5d8dc', 2.6))
}

function wheel(centre: Pair): string {
  const [x, y] = centre
  const glint = (angle: number) =>
    stroke(
      `M${x - 372} ${y}A372 372 0 0 1 ${x} ${y - 372}`,
      '#ffffff',
      9,
      `opacity=".75" transform="rotate(${angle} ${x} ${y})"`,
    )
  return [
    ring(centre, wheelRadius, '#17161a', 46),
    ring(centre, wheelRadius + 16, '#3c3a3e', 7),
    ring(centre, wheelRadius - 6, '#c9b48c', 10),
    ring(centre, 368, '#7c8087', 24),
    ring(centre, 374, '#d9dde2', 8),
    glint(18),
    glint(196),
    spokes(centre),
    disc(centre, 40, '#55585e'),
    disc([x - 6, y - 6], 28, '#c5c9cf'),
    disc(centre, 12, '#222326'),
  ].join('')
}

function chainset(): string {
  const [x, y] = crank
  const teeth = Array.from({ length: 44 }, (_, i) =>
    box([x - 5, y - 112], [10, 16], '#5a5c62', `transform="rotate(${(i * 360) / 44} ${x} ${y})"`),
  )
  const arms = [0, 72, 144, 216, 288].map((turn) =>
    box([x - 11, y - 92], [22, 92], '#b9bdc4', `transform="rotate(${turn + 14} ${x} ${y})"`),
  )
  const chain = `M${x} ${y - 106}L${rear[0]} ${rear[1] - 48}A48 48 0 0 0 ${rear[0]} ${rear[1] + 48}L${x} ${y + 106}`
  return [
    stroke(chain, '#2b2a2a', 15),
    stroke(chain, '#8d8880', 7, 'stroke-dasharray="9 9"'),
    disc(rear, 48, '#6b6d73'),
    ...teeth,
    ring(crank, 98, '#8c9097', 18),
    ring(crank, 100, '#e6e9ed', 4),
    ...arms,
    tube(`M${x} ${y}l118 128`, '#aeb3ba', 24),
    box([x + 66, y + 122], [124, 30], '#26262a', 'rx="8"'),
    disc(crank, 30, '#d0d4d9'),
    disc(crank, 13, '#3a3b40'),
  ].join('')
}

const line = (from: Pair, to: Pair): string => `M${from[0]} ${from[1]}L${to[0]} ${to[1]}`

function frame(colour: string): string {
  const [seat, head, neck]: readonly Pair[] = [
    [1235, 720],
    [1930, 700],
    [1962, 800],
  ] // prettier-ignore
  if (!seat || !head || !neck) return ''
  return [
    tube(line(rear, seat), colour, 22),
    tube(line(rear, crank), colour, 24),
    tube(line(crank, neck), colour, 44),
    tube(line([1250, 760], head), colour, 40),
    tube(line(crank, [1210, 640]), colour, 40),
    tube(line([1216, 655], [1190, 560]), '#b4b8be', 26),
    tube(`M1905 610L1972 835Q2010 1080 ${front[0]} ${front[1]}`, colour, 34),
    tube('M1918 650L1966 810', dark(colour, 0.15), 52),
    group(
      'transform="translate(1530 1080) rotate(-41)"',
      lettering('MERIDIAN', { at: [0, 0], height: 26, colour: '#f4e9cf', weight: 0.2 }),
    ),
  ].join('')
}

function cockpit(leather: string): string {
  return [
    tube('M1905 612L1884 540L1960 520', '#b4b8be', 26),
    tube('M1960 520Q2080 500 2085 575Q2080 660 1990 664L1930 668', '#c3c7cc', 24),
    tube('M2072 620Q2050 664 1990 664L1924 668', leather, 36),
    stroke('M2080 540Q2160 760 1980 800Q1700 700 1400 730', '#1d1c1e', 6),
    shape(
      'M1010 545Q1040 500 1150 520Q1300 560 1392 540Q1410 560 1370 576Q1260 610 1180 640Q1060 640 1010 545z',
      dark(leather, 0.35),
    ),
    shape('M1014 540Q1050 500 1150 516Q1300 552 1386 540Q1260 580 1170 600Q1060 600 1014 540z', leather),
    stroke('M1040 532Q1100 512 1180 534Q1270 554 1340 548', light(leather, 0.5), 8, 'opacity=".7"'),
    disc([1985, 505], 34, '#caa24a'),
    disc([1975, 495], 14, '#fff2c4'),
  ].join('')
}

const mudguard = ([x, y]: Pair, colour: string, turn: number): string =>
  group(
    `transform="rotate(${turn} ${x} ${y})"`,
    tube(`M${x - 300} ${y - 322}A440 440 0 0 1 ${x + 300} ${y - 322}`, colour, 26),
  )

/** A town bicycle against a wall, with its shadow. */
function bicycle(colour: string, leather: string): readonly Layer[] {
  const guards = mudguard(rear, colour, -24) + mudguard(front, colour, -6)
  const body = wheel(rear) + wheel(front) + guards + frame(colour) + chainset() + cockpit(leather)
  return [
    { body: group('transform="translate(120 34)"', body), shadow: 0.5, blur: 24 },
    { body: oval([1500, 1700], [1060, 26], '#000'), shadow: 0.7, blur: 18 },
    { body },
  ]
}

/** An enamelled plate on the wall that says what is for sale. */
function plate(text: string, at: Pair, height: number): readonly Layer[] {
  const width = letteringWidth(text, height) + height * 1.6
  const face = linear('enamel', '#2f5d8a 0,#1d3f66 .6,#16304f 1', 35)
  const corners: readonly Pair[] = [
    [0.3, 0.3],
    [0.3, 2.1],
  ] // prettier-ignore
  const screws = corners.flatMap(([x, y]) =>
    [x * height, width - x * height].map((dx) =>
      disc([at[0] + dx, at[1] + y * height], height * 0.1, '#d9d3c2'),
    ),
  )
  return [
    { body: box([at[0] + 12, at[1] + 16], [width, height * 2.4], '#000'), shadow: 0.55, blur: 12 },
    {
      body: [
        face,
        box(
          at,
          [width, height * 2.4],
          'url(#enamel)',
          `rx="${height * 0.25}" stroke="#e9e2cf" stroke-width="${height * 0.1}"`,
        ),
        ...screws,
        lettering(text, { at: [at[0] + height * 0.8, at[1] + height * 0.72], height, colour: '#f3ecd9' }),
      ].join(''),
    },
  ]
}

const daylight: Look = { vignette: 0.35, grain: 5, warmth: 0.2, contrast: 0.35 }

/** The bicycle, from three sides. */
export const BICYCLE_SCENES: Readonly<Record<string, Shot>> = {
  'bicycle-side': {
    layers: [
      ...brickWall('#9c4f38', 5),
      ...plate('BICYCLE FOR SALE', [1060, 120], 90),
      ...bicycle('#1f6f63', '#8a5128'),
    ],
    width: 3000,
    height: 2000,
    view: { x: 120, y: 0, width: 2840 },
    look: daylight,
  },
  'bicycle-wheel': {
    layers: [...brickWall('#8f5a44', 9), ...bicycle('#1f6f63', '#8a5128')],
    width: 2400,
    height: 3200,
    view: { x: 1060, y: 480, width: 1010, turn: -9 },
    look: { ...daylight, warmth: 0.7, vignette: 0.5 },
    orientation: 6,
  },
  'bicycle-evening': {
    layers: [
      ...bokeh('#2b3a4e', ['#ffb45e', '#ffd9a0', '#7fb2d9', '#e8655a'], 3),
      ...bicycle('#1f6f63', '#8a5128'),
    ],
    width: 3200,
    height: 2133,
    view: { x: 1280, y: 420, width: 1300, turn: 5 },
    look: { ...daylight, warmth: -0.2 },
  },
}
