import {
  box,
  group,
  boxPath,
  dark,
  disc,
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
} from '../kit/draw.ts'
import { barrel, lens, spunMetal } from './camera-lens.ts'
import { canister, print } from './camera-props.ts'
import { outOfFocus } from '../kit/focus.ts'
import { lettering } from '../kit/font.ts'
import { range } from '../kit/range.ts'
import { bokeh, contactShade, tableTop } from '../kit/rooms.ts'

const foot = 1580

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
    window([1320, 898], [150, 62], '#c9b98e'),
    window([1660, 918], [146, 92], '#7fa5a0'),
    lettering('ARGO', { at: [1502, 884], height: 30, colour: '#2a2622', weight: 0.18 }),
    lettering('MODEL III', { at: [842, 972], height: 21, colour: '#2a2622', weight: 0.14 }),
    lettering('DRESDA', { at: [1858, 972], height: 21, colour: '#2a2622', weight: 0.14 }),
    disc([1260, 960], 12, '#8f8b82'),
    stroke('M1252 966l16 -12', '#2a2724', 4),
  ].join('')
}

function body(leather: string): string {
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
    textured(skin, 'hide', 0.62),
    group('transform="translate(3 4) scale(.5)"', textured(boxPath([1580, 2156], [2440, 860]), 'hide', 0.4)),
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
    { body: shape('M830 1576H2000L2420 1700Q1600 1790 1010 1690z', '#000'), shadow: 0.7, blur: 26 },
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
const garden = bokeh('#6d7650', ['#ffe09a', '#b9c978', '#fff3cc', '#8fa860', '#f0b070'], 21)
const daylight: readonly Layer[] = [
  {
    body:
      radial('day', '#fff0c0 0 .9,#ffe0a0 .3 .5,#ffd080 .66 0', [0.5, 0.5]) +
      oval([520, 500], [1300, 1000], 'url(#day)'),
    blur: 60,
    blend: 'screen',
  },
]
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
    layers: [
      ...outOfFocus(garden, 20),
      ...daylight,
      ...outOfFocus(table, 8),
      ...strap(),
      ...camera('#2a2624'),
    ],
    width: 3200,
    height: 2400,
    view: { x: 940, y: 820, width: 1060, turn: -5 },
    look: { ...afternoon, vignette: 0.42, grain: 5, contrast: 0.5 },
  },
}
