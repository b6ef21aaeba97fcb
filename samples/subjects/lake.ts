import {
  box,
  disc,
  group,
  type Layer,
  linear,
  type Look,
  mix,
  oval,
  type Pair,
  radial,
  type Shot,
  shape,
  stroke,
  textured,
} from '../kit/draw.ts'
import { lettering, letteringWidth } from '../kit/font.ts'
import { mountain, shore, spruce } from './mountains.ts'
import { random } from '../kit/random.ts'

const haze = '#e9c3b4'

const veil = (id: string, rows: Pair, opacity: number): string =>
  linear(id, `${haze} 0 0,${haze} 1 ${opacity}`, 90) +
  box([-800, rows[0]], [4800, rows[1] - rows[0]], `url(#${id})`)

function range(): string {
  const [blue, slate] = ['#8b93b8', '#5a6488']
  const far = [-200, 420, 1020, 1700, 2350, 3000].map((x, i) =>
    mountain({ top: [x, 640 + (i % 3) * 70], reach: [520, 560], colour: blue, snow: 720 }, 20 + i),
  )
  const near: readonly (readonly [number, number, number, number])[] = [
    [2560, 420, 760, 900],
    [420, 560, 800, 640],
    [1480, 250, 920, 860],
  ]
  return [
    ...far,
    veil('far', [640, shore], 0.85),
    ...near.map(([x, y, a, b], i) =>
      mountain({ top: [x, y], reach: [a, b], colour: slate, snow: y + 330 }, 51 + i),
    ),
    veil('mist', [820, shore], 0.8),
  ].join('')
}

function forest(count: number, colour: string, heights: Pair, seed: number): string {
  const next = random(seed)
  return Array.from({ length: count }, (_, i) => {
    const x = -700 + (i * 4500) / count + next() * 50
    const bay = 0.55 + 0.45 * Math.sin(x / 310 + seed) * Math.sin(x / 170)
    const height = heights[0] + (heights[1] - heights[0]) * (0.35 * next() + 0.65 * Math.max(0, bay))
    return spruce([x, shore + 6], height, mix(colour, '#b08a4a', next() * 0.16), next)
  }).join('')
}

function land(): string {
  return (
    range() +
    forest(150, '#5d6a78', [50, 120], 4) +
    veil('low', [1000, shore + 10], 0.55) +
    forest(110, '#24403a', [70, 270], 9)
  )
}

function sky(): readonly Layer[] {
  const next = random(31)
  const dawn = linear('dawn', '#3d6199 0,#7f9cc4 .4,#f0c3a6 .78,#ffdfb5 1', 90)
  const sun = radial('sun', '#fff6da 0 1,#ffdca0 .22 .8,#ffc98e .64 0')
  const clouds = Array.from({ length: 46 }, (_, i) => {
    const [x, y] = [-500 + next() * 3900, 60 + next() * 560]
    return oval(
      [x, y],
      [90 + next() * 330, 6 + next() * 26],
      i % 3 === 0 ? '#c98f9a' : '#ffe3cc',
      'fill-opacity=".5"',
    )
  })
  return [
    {
      body:
        dawn +
        sun +
        box([-800, -400], [4800, 1640], 'url(#dawn)') +
        oval([860, 700], [1150, 800], 'url(#sun)'),
    },
    { body: clouds.join(''), blur: 15 },
  ]
}

function water(scenery: string): readonly Layer[] {
  const next = random(77)
  const deep = linear('deep', '#f4cba8 0,#a8a9bd .22,#5878a4 .6,#1f3558 1', 90)
  const flipped = `transform="matrix(1 0 0 -0.86 0 ${(shore * 1.86).toFixed(0)})"`
  const ripples = Array.from({ length: 420 }, () => {
    const depth = next() ** 1.6
    const [x, y] = [-700 + next() * 4400, shore + 12 + depth * 1050]
    const tint = next() > 0.5 ? '#ffe2c2' : '#162a48'
    return oval(
      [x, y],
      [24 + depth * 150 * next() + 20, 1 + depth * 4],
      tint,
      `fill-opacity="${(0.1 + next() * 0.3).toFixed(2)}"`,
    )
  })
  return [
    { body: deep + box([-800, shore], [4800, 1400], 'url(#deep)') },
    {
      body: group(flipped, group('opacity=".8"', scenery)),
      blur: 5,
    },
    {
      body: linear('dusk', '#16294a 0 0,#0f2040 1 .75', 90) + box([-800, shore], [4800, 1100], 'url(#dusk)'),
    },
    { body: ripples.join('') },
    { body: stroke(`M-800 ${shore + 8}h4800`, '#ffeede', 5, 'stroke-opacity=".55"'), blur: 3 },
  ]
}

/** A rowing boat at its mooring, with its reflection. */
function boat([x, y]: Pair): readonly Layer[] {
  const hull = `M${x} ${y}Q${x + 30} ${y + 66} ${x + 80} ${y + 70}H${x + 330}Q${x + 400} ${y + 60} ${x + 430} ${y - 22}Q${x + 220} ${y + 30} ${x} ${y}z`
  const paint = linear('hull', '#c4472f 0,#8f2b1d .6,#4a1712 1', 90)
  const mirror = `transform="matrix(1 0 0 -0.8 0 ${(y + 72) * 1.8})" opacity=".6"`
  return [
    { body: paint + group(mirror, shape(hull, 'url(#hull)')), blur: 5 },
    { body: oval([x + 210, y + 74], [180, 9], '#0a1322'), blur: 6 },
    {
      body:
        paint +
        shape(
          `M${x} ${y}Q${x + 210} ${y - 26} ${x + 430} ${y - 22}Q${x + 220} ${y + 30} ${x} ${y}z`,
          '#3a2417',
        ) +
        shape(`M${x + 120} ${y - 10}l60 -4v22l-56 -2z M${x + 270} ${y - 16}l60 -2l-14 20l-46 2z`, '#b98a55') +
        shape(hull, 'url(#hull)') +
        stroke(`M${x} ${y}Q${x + 220} ${y + 30} ${x + 430} ${y - 22}`, '#f3e3c8', 7) +
        lettering('ALDER 12', { at: [x + 150, y + 30], height: 24, colour: '#f6ead2' }),
    },
  ]
}

/** A branch of the near shore: dark grass, stones and tall spruces. */
function nearShore(): readonly Layer[] {
  const next = random(15)
  const trees = [2930, 2500, 2740].map((x, i) =>
    spruce([x, 1850 + i * 8], [1180, 720, 960][i] ?? 900, '#1d3632', next),
  )
  const stones = Array.from({ length: 26 }, () => {
    const [x, y] = [1900 + next() * 1100, 1810 + next() * 110]
    const r = 14 + next() * 44
    return (
      oval([x, y], [r, r * 0.5], '#2a2f38') +
      oval([x - r * 0.2, y - r * 0.16], [r * 0.62, r * 0.22], '#8d8a90', 'fill-opacity=".7"')
    )
  })
  const grass = Array.from({ length: 380 }, () => {
    const [x, y] = [2060 + next() * 1000, 1835 + next() * 60]
    return `M${x.toFixed(0)} ${y.toFixed(0)}q${(next() * 20 - 10).toFixed(0)} -30 ${(next() * 40 - 20).toFixed(0)} ${(-30 - next() * 50).toFixed(0)}`
  })
  return [
    { body: shape('M1850 1900Q2300 1800 3300 1830V2300H1800z', '#000'), shadow: 0.6, blur: 26 },
    {
      body:
        trees.join('') +
        shape('M1880 1905Q2200 1835 3300 1825V2400H1700z', '#1a221e') +
        stones.join('') +
        stroke(grass.join(''), '#3f5138', 3.5),
    },
  ]
}

/** A lake below snow-covered mountains at first light. */
function lake(): readonly Layer[] {
  const scenery = land()
  return [...sky(), { body: scenery }, ...water(scenery), ...boat([900, 1500]), ...nearShore()]
}

/** Paper around a picture, with a line of text under it. */
function mount(text: string, corner: Pair, sides: Pair): Layer {
  const [[x, y], [width, height]] = [corner, sides]
  const hole = `M-3000 -3000h9000v9000h-9000zM${x} ${y}v${height}h${width}v${-height}z`
  const left = x + (width - letteringWidth(text, 40, 1.15)) / 2
  return {
    body:
      shape(hole, '#f4efe4', 'fill-rule="evenodd"') +
      textured(hole, 'plaster', 0.25) +
      box([x - 16, y - 16], [width + 32, height + 32], 'none', 'stroke="#b9ad97" stroke-width="4"') +
      disc([x + width / 2, y + height + 190], 5, '#b07a4c') +
      lettering(text, {
        at: [left, y + height + 92],
        height: 40,
        colour: '#3b4560',
        weight: 0.11,
        stretch: 1.15,
      }),
  }
}

const dawnLight: Look = { vignette: 0.25, grain: 5, warmth: 0.15, contrast: 0.45 }

/** The pictures of the lake. */
export const LAKE_SCENES: Readonly<Record<string, Shot>> = {
  'lake-poster': {
    layers: [...lake(), mount('ALDERMERE - FIRST LIGHT', [60, 60], [2880, 1820])],
    width: 3000,
    height: 2133,
    view: { x: -60, y: -60, width: 3120 },
    look: { ...dawnLight, vignette: 0.12 },
  },
  'lake-detail': {
    layers: lake(),
    width: 2400,
    height: 3200,
    view: { x: 780, y: 225, width: 1100 },
    look: { ...dawnLight, warmth: 0.35 },
  },
}
