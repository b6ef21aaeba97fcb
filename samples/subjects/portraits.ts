import {
  dark,
  group,
  type Layer,
  light,
  linear,
  type Look,
  oval,
  radial,
  type Shot,
  shape,
  stroke,
  textured,
} from '../kit/draw.ts'
import { bokeh } from '../kit/rooms.ts'
import { features, type Person } from './face.ts'
import { beard, longHair, shortHair } from './hair.ts'

const faceLine =
  'M1130 820C1120 560 1280 430 1500 430S1880 560 1870 820C1870 1010 1830 1170 1720 1290Q1600 1400 1500 1400T1280 1290C1170 1170 1130 1010 1130 820z'

function shoulders(person: Person): readonly Layer[] {
  const coat =
    'M420 2500Q460 1860 900 1740Q1200 1680 1300 1580L1500 1760L1700 1580Q1800 1680 2100 1740Q2540 1860 2580 2500z'
  const folds = [
    'M900 1780Q840 2100 900 2500',
    'M2080 1780Q2140 2100 2070 2500',
    'M1300 1600Q1380 1900 1480 2040',
    'M1700 1600Q1640 1900 1520 2040',
  ]
  return [
    {
      body: [
        linear('neck', `${person.skin} 0,${dark(person.skin, 0.35)} .7,${dark(person.skin, 0.55)} 1`, 20),
        linear('coat', `${light(person.cloth, 0.3)} 0,${person.cloth} .4,${dark(person.cloth, 0.6)} 1`, 15),
        shape('M1310 1200V1600Q1400 1800 1500 1800T1690 1600V1200z', 'url(#neck)'),
        shape(coat, 'url(#coat)'),
        textured(coat, 'weave', 0.8),
        ...folds.map((fold) => stroke(fold, dark(person.cloth, 0.55), 12, 'stroke-opacity=".7"')),
      ].join(''),
    },
    {
      body: shape('M1310 1330Q1500 1500 1690 1330V1480Q1500 1620 1310 1480z', '#000'),
      shadow: 0.45,
      blur: 28,
    },
  ]
}

/** A head and shoulders around 1500, 900, lit from the left. */
function portrait(person: Person): readonly Layer[] {
  const back = person.beard
    ? shape('M1110 800C1080 480 1300 330 1520 340S1920 500 1890 800z', dark(person.hair, 0.35))
    : shape(
        'M1040 1640C960 900 1020 320 1480 320S2010 900 1960 1640Q1500 1760 1040 1640z',
        dark(person.hair, 0.5),
      )
  const ears = person.beard
    ? oval([1128, 930], [46, 96], dark(person.skin, 0.12)) +
      oval([1874, 930], [46, 96], dark(person.skin, 0.45))
    : ''
  const face = linear(
    'face',
    `${light(person.skin, 0.28)} 0,${person.skin} .5,${dark(person.skin, 0.38)} 1`,
    14,
  )
  const cheek = radial('cheek', `${light(person.skin, 0.5)} 0 .7,${person.skin} .6 0`, [0.36, 0.4])
  return [
    { body: back, blur: 5 },
    ...shoulders(person),
    {
      body:
        ears +
        face +
        cheek +
        shape(faceLine, 'url(#face)') +
        shape(faceLine, 'url(#cheek)') +
        textured(faceLine, 'hide', 0.2),
    },
    ...(person.beard ? beard(person.hair) : []),
    ...features(person),
    ...(person.beard ? shortHair(person.hair) : longHair(person.hair)),
    { body: group('', stroke('M1180 500Q1300 380 1460 372', '#fff0d8', 60)), blur: 40, blend: 'soft-light' },
  ]
}

const look: Look = { vignette: 0.35, grain: 5, warmth: 0.15, contrast: 0.35 }

/** The sample profiles' portraits. */
export const PORTRAIT_SCENES: Readonly<Record<string, Shot>> = {
  'portrait-ana': {
    layers: [
      ...bokeh('#6f8a78', ['#dfe6b0', '#a8c49a', '#f2d9a0'], 31),
      ...portrait({ skin: '#d9a47f', hair: '#5a2f1c', eyes: '#5f7f5a', cloth: '#a8483c', beard: false }),
    ],
    width: 2400,
    height: 2400,
    view: { x: 450, y: 180, width: 2100 },
    look,
  },
  'portrait-ben': {
    layers: [
      ...bokeh('#4a5566', ['#8fa6c4', '#c4b49a', '#5f7896'], 33),
      ...portrait({ skin: '#a8704a', hair: '#1f1714', eyes: '#4a2f1c', cloth: '#2f4a66', beard: true }),
    ],
    width: 2400,
    height: 3000,
    view: { x: 560, y: 120, width: 1880 },
    look: { ...look, warmth: -0.1 },
  },
}
