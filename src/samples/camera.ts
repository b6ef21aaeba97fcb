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
  ring,
  type Shot,
  shape,
  stroke,
  textured,
} from './draw.ts'
import { canister, print } from './camera-props.ts'
import { outOfFocus } from './focus.ts'
import { lettering } from './font.ts'
import { bokeh, contactShade, tableTop } from './rooms.ts'

const lens: Pair = [1400, 1290]
const foot = 1580
const chrome = '#b9b6ae'

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Polished metal turned on a lathe: light runs over it in four fans. */
function spunMetal(centre: Pair, radius: number, colour: string): string {
  const wedge = (Math.PI * 2) / 90
  return range(90)
    .map((i) => {
      const angle = i * wedge
      const gleam = Math.cos(2 * angle - 2.1) ** 3 * 0.5 + Math.cos(angle + 2.2) * 0.22
      const tint = gleam > 0 ? light(colour, gleam * 1.2) : dark(colour, -gleam * 1.1)
      const at = (a: number) =>
        `${(centre[0] + Math.cos(a) * radius).toFixed(1)} ${(centre[1] + Math.sin(a) * radius).toFixed(1)}`
      return shape(`M${centre[0]} ${centre[1]}L${at(angle)}L${at(angle + wedge * 1.15)}z`, tint)
    })
    .join('')
}

/** The grip of a ring: short ribs all around, lit from the upper left. */
function knurl(centre: Pair, [inner, outer]: Pair, count: number): string {
  return range(count)
    .map((i) => {
      const angle = (i / count) * Math.PI * 2
      const [x, y] = [Math.cos(angle), Math.sin(angle)]
      const lit = Math.max(0, Math.cos(angle + 2.2))
      const line = `M${(centre[0] + x * inner).toFixed(1)} ${(centre[1] + y * inner).toFixed(1)}L${(centre[0] + x * outer).toFixed(1)} ${(centre[1] + y * outer).toFixed(1)}`
      return stroke(line, '#0b0b0c', 6) + stroke(line, light('#55524e', lit * 0.7), 2)
    })
    .join('')
}

/** A text around the lens, its middle `turn` degrees from the top. */
function around(text: string, [radius, turn]: Pair, [height, step]: Pair, colour: string): string {
  return Array.from(text, (letter, i) => {
    const angle = turn + (i - (text.length - 1) / 2) * step
    const glyph = lettering(letter, { at: [-height / 3, -radius], height, colour, weight: 0.15 })
    return group(`transform="translate(${lens[0]} ${lens[1]}) rotate(${angle.toFixed(2)})"`, glyph)
  }).join('')
}

function glass(): string {
  const coat = radial('coat', '#05060a 0,#0d1026 .3,#2a1a4e .52,#5a2f6a .68,#0a0a10 .8', [0.46, 0.42])
  const iris = shape(
    range(8)
      .map((i) => {
        const angle = (i / 8) * Math.PI * 2 + 0.2
        return `${i ? 'L' : 'M'}${lens[0] + Math.cos(angle) * 62} ${lens[1] + Math.sin(angle) * 62}`
      })
      .join('') + 'z',
    '#020204',
  )
  const pane = `M${lens[0] - 92} ${lens[1] - 66}q34 -44 84 -54l10 52q-40 8 -62 40z`
  return [
    coat,
    disc(lens, 156, '#050506'),
    disc(lens, 148, 'url(#coat)'),
    ring(lens, 112, '#1c1830', 5),
    iris,
    ring(lens, 84, '#7d5aa8', 2),
    shape(pane, '#dfe9ff', 'fill-opacity=".75"'),
    stroke(`M${lens[0] - 58} ${lens[1] - 104}l16 58`, '#2a2a44', 6, 'stroke-opacity=".7"'),
    oval(
      [lens[0] + 62, lens[1] + 66],
      [30, 17],
      '#ffb45a',
      `fill-opacity=".6" transform="rotate(-45 ${lens[0] + 62} ${lens[1] + 66})"`,
    ),
    oval([lens[0] + 34, lens[1] + 34], [15, 10], '#7fe0c0', 'fill-opacity=".45"'),
    stroke(
      `M${lens[0] - 20} ${lens[1] + 138}A140 140 0 0 0 ${lens[0] + 134} ${lens[1] + 30}`,
      '#c98aff',
      4,
      'stroke-opacity=".5"',
    ),
  ].join('')
}

/** The lens from its mount to the front glass. It looks a little down, so the barrel's far rings show above. */
function barrel(): string {
  const at = (dy: number): Pair => [lens[0], lens[1] + dy]
  const numbers = ['16', '11', '8', '5.6', '4', '2.8', '2'].map((stop, i) =>
    around(stop, [264, (i - 3) * 15], [22, 4], '#1c1a18'),
  )
  const depths = ['1', '1.5', '2', '3', '5', '10'].map((metres, i) =>
    around(metres, [220, (i - 2.5) * 19 + 180], [22, 4.6], '#f0e8d8'),
  )
  return [
    spunMetal(at(-22), 318, chrome),
    ring(at(-22), 318, '#3c3934', 4),
    spunMetal(at(-16), 292, '#d2cfc6'),
    ring(at(-16), 292, '#57534b', 4),
    ...numbers,
    disc(at(-6), 246, '#151515'),
    knurl(at(-6), [222, 246], 120),
    disc(at(-2), 236, '#1a1a1b'),
    ...depths,
    stroke(`M${lens[0]} ${lens[1] - 232}v26`, '#e2402e', 8),
    spunMetal(lens, 208, '#8d8a84'),
    ring(lens, 208, '#141312', 4),
    disc(lens, 199, '#121213'),
    around('ARGO ANASTAR 1-2 F 50 MM', [190, 0], [25, 7.6], '#ece5d5'),
    around('NO 482916', [190, 180], [25, 7.6], '#e0b45c'),
    ring(lens, 160, '#3a3836', 6),
    glass(),
  ].join('')
}

function window([x, y]: Pair, [w, h]: Pair, tint: string): string {
  const id = `pane${x}`
  const pane = linear(id, `#07090c 0,${dark(tint, 0.6)} .45,${tint} .8,${light(tint, 0.6)} 1`, 235)
  return [
    pane,
    box([x - 14, y - 14], [w + 28, h + 28], '#dedad0', 'rx="12"'),
    box([x - 9, y - 9], [w + 18, h + 18], '#1b1a19', 'rx="9"'),
    box([x, y], [w, h], `url(#${id})`, 'rx="5"'),
    shape(
      `M${x + w * 0.1} ${y + 5}h${w * 0.3}l${-w * 0.2} ${h - 10}h${-w * 0.1}z`,
      '#fff',
      'fill-opacity=".28"',
    ),
  ].join('')
}

/** A dial or a knob from the side, its foot at `at`. */
function knob([x, y]: Pair, [width, height]: Pair, ribbed: boolean): string {
  const ribs = ribbed
    ? range(Math.floor(width / 9)).map((i) =>
        box([x - width / 2 + i * 9 + 2, y - height + 12], [4, height - 18], '#2a2724', 'fill-opacity=".6"'),
      )
    : []
  return [
    box([x - width / 2, y - height], [width, height + 4], 'url(#drum)', 'rx="8"'),
    ...ribs,
    box([x - width / 2 + 4, y - height + 3], [width - 8, 7], '#fff8ea', 'rx="3" fill-opacity=".75"'),
    box([x - width / 2, y - 7], [width, 9], '#2b2825', 'fill-opacity=".7"'),
  ].join('')
}

function topPlate(): string {
  const plate = 'M800 1078V960Q804 912 850 908H1010L1040 868H1820L1850 908H1950Q1996 912 2000 960V1078z'
  return [
    knob([900, 908], [150, 58], true),
    knob([900, 852], [90, 20], false),
    knob([1215, 868], [112, 24], false),
    knob([1600, 868], [136, 54], true),
    knob([1752, 868], [70, 40], false),
    knob([1752, 830], [38, 16], false),
    knob([1912, 908], [120, 46], true),
    shape(plate, 'url(#plate)'),
    textured(plate, 'plaster', 0.35),
    stroke('M850 910H1010L1040 870H1820L1850 910H1950', '#fffdf4', 6, 'stroke-opacity=".9"'),
    stroke('M800 1076H2000', '#4a463f', 6),
    stroke('M1022 900V1070M1838 900V1070', '#6d685f', 3, 'stroke-opacity=".5"'),
    window([1070, 914], [130, 92], '#6f8fae'),
    window([1330, 930], [150, 66], '#c9b98e'),
    window([1640, 914], [160, 100], '#7fa5a0'),
    lettering('ARGO', { at: [1524, 934], height: 38, colour: '#2a2622', weight: 0.17 }),
    lettering('MODEL III', { at: [848, 968], height: 26, colour: '#2a2622', weight: 0.13 }),
    lettering('DRESDA', { at: [1868, 968], height: 22, colour: '#2a2622', weight: 0.13 }),
    disc([1260, 960], 12, '#8f8b82'),
    stroke('M1252 966l16 -12', '#2a2724', 4),
    disc([1560, 1024], 11, '#8f8b82'),
    stroke('M1552 1024h16', '#2a2724', 4),
  ].join('')
}

function body(leather: string): string {
  const hide = boxPath([790, 1078], [1220, 430])
  const skin = 'M800 1078H2000Q2022 1290 2000 1508H800Q778 1290 800 1078z'
  const defs = [
    linear('drum', '#3f3b35 0,#8d887e .14,#fffdf2 .3,#b5b0a5 .45,#6b665d .75,#2c2925 .94,#7d776c 1'),
    linear('plate', '#fbf7ea 0,#dcd8cd .2,#b2aea4 .6,#8f8a80 .86,#c9c4b8 1', 90),
    linear(
      'skin',
      `${dark(leather, 0.6)} 0,${light(leather, 0.14)} .1,${leather} .3,${dark(leather, 0.2)} .7,${dark(leather, 0.75)} 1`,
    ),
    linear('base', '#6d685f 0,#d6d1c5 .2,#a19c91 .5,#4e4a43 1', 90),
    linear('round', '#000 0 .6,#000 .06 0,#fff .12 .28,#000 .7 0,#000 1 .6'),
  ]
  return [
    ...defs,
    shape('M800 1504H2000V1544Q1998 1578 1950 1580H850Q802 1578 800 1544z', 'url(#base)'),
    shape(skin, 'url(#skin)'),
    textured(skin, 'hide', 1),
    textured(hide, 'hide', 0.5),
    stroke('M801 1082H1999', '#000', 10, 'stroke-opacity=".5"'),
    stroke('M800 1507H2000', '#f4efe2', 4, 'stroke-opacity=".8"'),
    topPlate(),
    shape(
      'M800 960Q804 912 850 908H1950Q1996 912 2000 960V1544Q1998 1578 1950 1580H850Q802 1578 800 1544z',
      'url(#round)',
    ),
    disc([794, 1010], 22, '#45413b'),
    ring([786, 1012], 26, '#d8d3c7', 8),
    disc([2006, 1010], 22, '#45413b'),
    ring([2014, 1012], 26, '#d8d3c7', 8),
    spunMetal([1040, 1210], 44, '#c9c5bb'),
    disc([1040, 1210], 17, '#1b1a18'),
    box([1028, 1205], [24, 110], 'url(#drum)', 'rx="11"'),
    disc([1790, 1180], 24, '#2a2724'),
    spunMetal([1790, 1180], 18, '#d0ccc1'),
  ].join('')
}

/** A leather strap that runs from both lugs over the table. */
function strap(): readonly Layer[] {
  const run =
    'M2014 1030Q2150 1160 2120 1440Q2100 1640 2330 1640T2900 1560M786 1030Q640 1180 690 1440Q720 1610 480 1650T-100 1600'
  return [
    { body: stroke(run, '#000', 44, 'transform="translate(14 22)"'), shadow: 0.6, blur: 12 },
    {
      body:
        stroke(run, '#3a1d0e', 44) +
        stroke(run, '#8a4f26', 36) +
        stroke(run, '#b3723c', 14, 'transform="translate(-6 -6)" stroke-opacity=".6"') +
        stroke(run, '#e8cf9c', 3, 'stroke-dasharray="12 10" transform="translate(9 4)"'),
    },
  ]
}

/** A rangefinder camera that stands on a table. */
function camera(leather: string): readonly Layer[] {
  return [
    { body: shape('M840 1580H2000L2330 1680Q1600 1780 900 1660z', '#000'), shadow: 0.55, blur: 26 },
    ...contactShade([1400, foot + 4], [600, 22]),
    { body: body(leather) },
    { body: oval([lens[0] + 40, lens[1] + 40], [330, 320], '#000'), shadow: 0.75, blur: 22 },
    { body: barrel() },
    {
      body:
        shape('M830 930Q1000 900 1300 880L1200 1060H830z', '#fff6dd', 'fill-opacity=".5"') +
        oval([1250, 1130], [90, 60], '#fff', 'fill-opacity=".35"'),
      blur: 30,
      blend: 'soft-light',
    },
  ]
}

const afternoon: Look = { vignette: 0.5, grain: 6, warmth: 0.35, contrast: 0.4 }
const garden = bokeh('#3a4430', ['#e8c06a', '#9db36a', '#f4e2b0', '#6f8a52', '#d98a4a'], 21)
const table = outOfFocus(tableTop('#8a5a2c', 1330, 9), 4)

/** The photographs of the camera. */
export const CAMERA_SCENES: Readonly<Record<string, Shot>> = {
  'camera-table': {
    layers: [
      ...garden,
      ...table,
      ...print([300, 1640]),
      ...strap(),
      ...camera('#2a2624'),
      ...canister([2330, 1500]),
    ],
    width: 3000,
    height: 2000,
    view: { x: 180, y: 400, width: 2400 },
    look: afternoon,
  },
  'camera-front': {
    layers: [...outOfFocus(garden, 20), ...outOfFocus(table, 8), ...strap(), ...camera('#2a2624')],
    width: 3200,
    height: 2400,
    view: { x: 940, y: 820, width: 1060, turn: -5 },
    look: { ...afternoon, vignette: 0.6, grain: 5 },
  },
}
