import {
  box,
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
  type Shot,
  shape,
  stroke,
  tube,
} from '../kit/draw.ts'
import { outOfFocus } from '../kit/focus.ts'
import { lettering } from '../kit/font.ts'
import { bokeh, contactShade, tableTop } from '../kit/rooms.ts'

const head: Pair = [1500, 640]
const lean = 24
const edge = 1440

const headTurn = `transform="translate(${head[0]} ${head[1]}) rotate(${lean})"`

/** A window at night: the town behind panes, the room's wall around it. */
function nightWindow(): readonly Layer[] {
  const wall = linear('wall', '#2a2230 0,#1a1722 1', 20)
  const frame = 'M-1500 -1500h6000v4000h-6000zM560 -700v1960h2140v-1960z'
  const bars = 'M1590 -700h64v1960h-64zM560 420h2140v48h-2140z'
  return [
    ...bokeh('#182238', ['#ffb45e', '#ffd9a0', '#6fa3d6', '#e8655a', '#ffc774'], 12),
    {
      body:
        wall +
        shape(frame, 'url(#wall)', 'fill-rule="evenodd"') +
        shape(bars, '#11131c') +
        stroke('M548 -700V1268H2712V-700', '#3c3440', 26) +
        box([500, 1262], [2260, 46], '#463a3e'),
      blur: 13,
    },
  ]
}

const arm = (from: Pair, to: Pair, dx: number) => `M${from[0] + dx} ${from[1]}L${to[0] + dx} ${to[1]}`

function stand(enamel: string): string {
  const [foot, elbow]: Pair[] = [
    [2140, 1630],
    [2330, 1010],
  ]
  if (!foot || !elbow) return ''
  const plate = linear('plate', `${light(enamel, 0.35)} 0,${enamel} .45,${dark(enamel, 0.6)} 1`)
  const spring = Array.from({ length: 26 }, (_, i) => `M${2226 + i * 3.4} ${1402 - i * 11}l24 -1`).join('')
  return [
    plate,
    oval([foot[0], foot[1] + 34], [300, 66], dark(enamel, 0.75)),
    box([foot[0] - 300, foot[1]], [600, 34], dark(enamel, 0.6)),
    oval(foot, [300, 66], 'url(#plate)'),
    oval([foot[0] - 50, foot[1] - 10], [190, 36], light(enamel, 0.6), 'opacity=".22"'),
    stroke(
      `M${foot[0] - 297} ${foot[1] + 10}A300 66 0 0 0 ${foot[0] - 30} ${foot[1] + 65}`,
      '#ffd9a6',
      5,
      'opacity=".8"',
    ),
    tube(arm([foot[0], foot[1] - 10], elbow, -20), '#b98d45', 22),
    tube(arm([foot[0], foot[1] - 10], elbow, 22), '#a37a38', 22),
    stroke(spring, '#2a2320', 8),
    stroke(spring, '#d9c49a', 4),
    tube(arm(elbow, [1590, 520], -14), '#b98d45', 22),
    tube(arm([elbow[0], elbow[1] + 40], [1610, 575], -14), '#8f6a30', 18),
    disc([elbow[0], elbow[1] + 8], 50, dark(enamel, 0.4)),
    disc([elbow[0] - 4, elbow[1] + 4], 38, '#caa052'),
    disc([elbow[0] - 10, elbow[1] - 4], 14, '#fff0c8'),
    stroke('M2330 1030Q2480 1240 2420 1460Q2380 1640 2620 1700T3200 1760', '#141015', 13),
    stroke('M2326 1028Q2474 1238 2414 1458', '#6b5a50', 3),
  ].join('')
}

/** The shade in its own coordinates: it hangs from the origin, its mouth is at 330. */
function shade(enamel: string): string {
  const dome = 'M-96 -40Q-300 30 -360 330A360 92 0 0 0 360 330Q300 30 96 -40Q0 -84 -96 -40z'
  const coat = linear(
    'coat',
    `${dark(enamel, 0.5)} 0,${enamel} .14,${light(enamel, 0.42)} .27,${light(enamel, 0.16)} .36,${enamel} .55,${dark(enamel, 0.6)} .85,${dark(enamel, 0.35)} 1`,
  )
  const inside = radial('inside', '#fffef4 0,#fff0bd .22,#ffc664 .5,#c9772a 1', [0.5, 0.45])
  const slots = [-40, 0, 40].map((x) => box([x - 9, -128], [18, 44], '#ffcf7a', 'rx="9"'))
  return [
    coat,
    inside,
    tube('M0 -210V-150', '#b98d45', 46),
    shape('M-62 -160Q0 -186 62 -160L96 -36Q0 -4 -96 -36z', 'url(#coat)'),
    ...slots,
    shape(dome, 'url(#coat)'),
    stroke('M-96 -38Q0 -6 96 -38', '#e2bb6c', 10),
    stroke('M-232 120Q0 196 232 120', dark(enamel, 0.5), 4, 'opacity=".5"'),
    lettering('ARGO 40 W', { at: [-118, 196], height: 40, colour: '#f7e6c4', weight: 0.13 }),
    oval([0, 330], [360, 92], dark(enamel, 0.3)),
    oval([0, 331], [346, 84], 'url(#inside)'),
    stroke('M-346 331A346 84 0 0 1 346 331', '#8a4d1c', 6, 'opacity=".6"'),
    disc([0, 352], 62, '#fff9e4'),
    disc([0, 352], 50, '#ffffff'),
    stroke('M-360 330A360 92 0 0 0 360 330', '#ffe6b4', 7),
    stroke('M-268 90Q-316 180 -330 290', '#ffffff', 9, 'opacity=".55"'),
  ].join('')
}

/** What the lamp does to the air, the table and the room. */
function glow(): readonly Layer[] {
  const pool = radial('pool', '#ffd78f 0 .95,#ffb14e .35 .5,#ff9a3a .66 0')
  const halo = radial('halo', '#ffe0a2 0 .9,#ffb455 .22 .4,#ff9438 .66 0')
  const beam = linear('beam', '#ffdf9e 0 .5,#ffb85a 1 .06', 90)
  return [
    { body: pool + oval([1260, 1660], [1250, 330], 'url(#pool)'), blur: 20, blend: 'screen' },
    { body: pool + oval([1230, 1680], [900, 220], 'url(#pool)'), blur: 20, blend: 'soft-light' },
    {
      body: beam + shape('M1040 830L440 1700Q1200 1900 1960 1700L1690 1100z', 'url(#beam)', 'opacity=".7"'),
      blur: 44,
      blend: 'screen',
    },
    { body: halo + oval([1366, 960], [900, 820], 'url(#halo)', 'opacity=".8"'), blur: 30, blend: 'screen' },
  ]
}

/** An open notebook with a pencil on it. */
function notebook(): readonly Layer[] {
  const paper = linear('paper', '#f2dfb8 0,#fff3d4 .44,#c9ac7c .5,#fff0cc .56,#ecd3a2 1')
  const rules = Array.from({ length: 7 }, (_, i) =>
    stroke(
      `M${876 - i * 9} ${1628 + i * 20}h330M${1290 + i * 2} ${1628 + i * 20}h336`,
      '#a98e6a',
      3,
      'opacity=".6"',
    ),
  )
  const words = group(
    'transform="matrix(1 0 -.42 .62 900 1580)"',
    lettering('NOTES FOR MAY', { at: [10, 0], height: 42, colour: '#4a3a3a', weight: 0.12 }),
    lettering('1. REWIRE', { at: [10, 90], height: 32, colour: '#5a4a48', weight: 0.11 }),
    lettering('2. NEW BULB', { at: [10, 154], height: 32, colour: '#5a4a48', weight: 0.11 }),
  )
  const outline =
    'M850 1560Q1060 1530 1244 1566Q1430 1530 1650 1560L1730 1800Q1480 1770 1246 1812Q1000 1770 756 1800z'
  return [
    { body: shape(outline, '#000', 'transform="translate(-20 26)"'), shadow: 0.8, blur: 16 },
    {
      body:
        shape(outline, '#6b2c20', 'transform="translate(0 14)"') +
        shape(outline, '#c9b083', 'transform="translate(0 7)"') +
        paper +
        shape(outline, 'url(#paper)') +
        rules.join('') +
        words +
        group('transform="translate(0 10)"', stroke('M1380 1760L1610 1640', '#3a1d10', 20, 'opacity=".4"')) +
        tube('M1384 1748L1610 1626', '#d98a2a', 17) +
        shape('M1362 1762l24 -24l8 16z', '#2a1c14'),
    },
  ]
}

function mug(): readonly Layer[] {
  const clay = linear('mug', '#131a26 0,#33475f .3,#5d7690 .62,#e0b884 .86,#6d5a4a 1')
  return [
    { body: oval([360, 1700], [190, 34], '#000'), shadow: 0.75, blur: 20 },
    {
      body:
        clay +
        stroke('M330 1500Q200 1490 214 1580Q224 1650 340 1640', '#1d2836', 30) +
        shape('M310 1460V1670Q420 1730 530 1670V1460z', 'url(#mug)') +
        oval([420, 1460], [110, 26], '#8fa4b8') +
        oval([420, 1463], [98, 20], '#1c0f08'),
      blur: 2,
    },
  ]
}

/** An enamelled desk lamp that is lit, over a notebook, before a window at night. */
function lamp(enamel: string): readonly Layer[] {
  return [
    ...nightWindow(),
    ...outOfFocus(tableTop('#4a2a18', edge, 8), 2),
    { body: box([-1500, edge], [6000, 1800], '#0c0a12', 'opacity=".5"') },
    ...mug(),
    ...glow().slice(0, 2),
    ...notebook(),
    ...contactShade([2160, 1690], [310, 46]),
    { body: stand(enamel) },
    { body: group(headTurn, shade(enamel)) },
    ...glow().slice(2),
  ]
}

const night: Look = { vignette: 0.6, grain: 8, warmth: 0.25, contrast: 0.45 }

/** The photographs of the lamp. */
export const LAMP_SCENES: Readonly<Record<string, Shot>> = {
  'lamp-evening': {
    layers: lamp('#a83226'),
    width: 3200,
    height: 2133,
    view: { x: 80, y: 120, width: 2740 },
    look: night,
  },
  'lamp-close': {
    layers: lamp('#a83226'),
    width: 2400,
    height: 3200,
    view: { x: 900, y: 330, width: 950, turn: 6 },
    look: { ...night, warmth: 0.55, grain: 6 },
    orientation: 8,
  },
}
