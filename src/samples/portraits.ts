import { boxPath, dark, group, type Layer, light, linear, type Look, mix, oval, type Pair, type Shot, shape, stroke, textured } from './draw.ts'
import { face, faceOutline, type Sitter } from './face.ts'
import { random } from './random.ts'
import { bokeh, sunlitWall } from './rooms.ts'

const ana: Sitter = { skin: '#d9a07c', hair: '#4a2a1a', lips: '#b5524c', iris: '#6b4a28', brow: 22, jaw: 196 }
const ben: Sitter = { skin: '#c98f6c', hair: '#2a211d', lips: '#a8604f', iris: '#4f6d7d', brow: 32, jaw: 214 }

const tilt = (degrees: number, body: string): string => group(`transform="rotate(${degrees} 1000 1300)"`, body)

function neck({ skin }: Sitter, half: number): string {
  const [left, right] = [1000 - half, 1000 + half]
  const tone = linear('neck', `${skin} 0,${mix(skin, '#6b2a18', 0.35)} .35,${dark(mix(skin, '#5a1c10', 0.6), 0.5)} .8,${dark(skin, 0.7)} 1`)
  const fall = linear('chin', '#1c0806 0 .85,#1c0806 .25 .7,#1c0806 .6 0', 90)
  const d = `M${left} 1000Q${left} 1300 ${left - 40} 1400Q${left - 160} 1470 700 1520Q1000 1900 1300 1520Q${right + 160} 1470 ${right + 40} 1400Q${right} 1300 ${right} 1000z`
  return tone + fall + shape(d, 'url(#neck)') + shape(d, 'url(#chin)')
}

/** Strands from a parting, each swept along the way from one guide to the next. */
function strands(guides: readonly (readonly Pair[])[], colour: string, count: number): string {
  const next = random(count)
  const [first = [], last = []] = guides
  return Array.from({ length: count }, () => {
    const share = next()
    const points = first.map(([x, y], i) => {
      const [u, v] = last[i] ?? [x, y]
      const wobble = (next() - 0.5) * 16
      return `${(x + (u - x) * share + wobble).toFixed(0)} ${(y + (v - y) * share).toFixed(0)}`
    })
    const tint = next() > 0.5 ? dark(colour, next() * 0.7) : light(mix(colour, '#c07a40', 0.4), next() * 0.45)
    const [start, a, b, c] = points
    return stroke(`M${start}C${a} ${b} ${c}`, tint, 2 + next() * 6, `stroke-opacity="${(0.15 + next() * 0.5).toFixed(2)}"`)
  }).join('')
}

const backHair = 'M1000 370C720 360 640 600 650 860C640 1120 560 1240 590 1480C700 1600 860 1540 900 1440H1110C1160 1560 1330 1590 1420 1480C1440 1240 1370 1120 1356 860C1360 600 1270 360 1000 370z'
const fringe = 'M1050 420C900 480 800 620 770 800C750 960 760 1100 720 1260C690 1380 720 1460 700 1540C560 1560 540 1380 600 1220C650 1060 620 900 640 760C660 520 800 350 1010 352C1240 350 1350 540 1366 760C1380 960 1360 1080 1412 1240C1460 1400 1440 1560 1310 1540C1330 1400 1270 1260 1256 1100C1250 960 1260 840 1230 700C1200 560 1130 470 1050 420z'

function anaHair(): string {
  const c = ana.hair
  const tone = linear('hair', `${light(c, 0.25)} 0,${light(c, 0.12)} .2,${c} .5,${dark(c, 0.7)} 1`)
  const left: readonly Pair[][] = [[[1040, 356], [640, 420], [700, 900], [590, 1520]], [[1050, 420], [760, 560], [790, 1000], [710, 1540]]]
  const right: readonly Pair[][] = [[[1040, 356], [1360, 400], [1330, 900], [1430, 1520]], [[1056, 420], [1230, 560], [1230, 1000], [1310, 1540]]]
  return tone + shape(fringe, 'url(#hair)') + strands(left, c, 150) + strands(right, dark(c, 0.4), 140)
}

function knit(colour: string): string {
  const d = 'M120 2500C140 1800 260 1640 480 1570Q640 1510 720 1440Q1000 1640 1280 1440Q1360 1510 1520 1570C1740 1640 1860 1800 1880 2500z'
  const tone = linear('knit', `${light(colour, 0.35)} 0,${colour} .4,${dark(colour, 0.6)} .85,${dark(colour, 0.75)} 1`)
  const ribs = Array.from({ length: 60 }, (_, i) => `M${130 + i * 29.6} 2500Q${200 + i * 27} 1900 ${560 + i * 15} 1500`)
  return [
    tone,
    `<clipPath id="knitted"><path d="${d}"/></clipPath>`,
    shape(d, 'url(#knit)'),
    group('clip-path="url(#knitted)"', stroke(ribs.join(''), dark(colour, 0.6), 5, 'stroke-opacity=".3"'), textured(boxPath([100, 1400], [1800, 900]), 'weave', 0.9)),
    stroke('M716 1452Q1000 1690 1284 1452', dark(colour, 0.45), 56),
    stroke('M716 1444Q1000 1680 1284 1444', light(colour, 0.12), 44),
    stroke('M716 1434Q1000 1666 1284 1434', light(colour, 0.3), 6, 'stroke-opacity=".6"'),
  ].join('')
}

function anaLayers(): readonly Layer[] {
  return [
    ...bokeh('#5f6f4a', ['#d9c87a', '#a8c070', '#f0e0a8', '#7f9a58'], 21),
    { body: tilt(-4, shape(backHair, dark(ana.hair, 0.6))) },
    { body: neck(ana, 130) + knit('#2f6b5e') },
    { body: tilt(-4, face(ana) + anaHair()) },
  ]
}

const soft: Look = { vignette: 0.35, grain: 5, warmth: 0.3, contrast: 0.25 }

/** The portraits of the sample profiles. */
export const PORTRAIT_SCENES: Readonly<Record<string, Shot>> = {
  'portrait-ana': { layers: anaLayers(), width: 2400, height: 2400, view: { x: 150, y: 150, width: 1700 }, look: soft },
  'portrait-ben': { layers: [...sunlitWall('#8a9aa8', '#ffe9c0', 60), { body: neck(ben, 160) + knit('#3a4f78') }, { body: tilt(2, face(ben)) }], width: 2400, height: 2400, view: { x: 150, y: 150, width: 1700 }, look: soft },
}
void [oval, faceOutline]
