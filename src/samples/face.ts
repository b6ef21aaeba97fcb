import { dark, disc, group, light, linear, mix, oval, type Pair, radial, shape, stroke } from './draw.ts'

/** Whom a portrait shows. */
export interface Sitter {
  readonly skin: string
  readonly hair: string
  readonly lips: string
  readonly iris: string
  /** Thickness of the brows. */
  readonly brow: number
  /** Half the width of the jaw. */
  readonly jaw: number
}

/** The contour of a face around x = 1000, from the hairline down to the chin. */
export const faceOutline = (jaw: number): string =>
  `M1000 470C1160 470 1246 590 1244 760C1246 860 1236 930 ${1000 + jaw} 1040` +
  `C${1000 + jaw - 34} 1120 1080 1196 1000 1200C920 1196 ${1000 - jaw + 34} 1120 ${1000 - jaw} 1040` +
  `C764 930 754 860 756 760C754 590 840 470 1000 470z`

/** A soft spot of light or shade, for use inside a clip. */
function spot(id: string, colour: string, opacity: number): string {
  return radial(id, `${colour} 0 ${opacity},${colour} .3 ${opacity * 0.62},${colour} .66 0`)
}

function spots({ skin }: Sitter): string {
  return (
    spot('warm', mix(skin, '#c8402c', 0.55), 0.5) +
    spot('shade', dark(mix(skin, '#5a1c10', 0.6), 0.35), 0.8) +
    spot('lit', light(skin, 0.75), 0.8)
  )
}

/** Where light falls on the planes of the face; the light comes from the left. */
function planes(sitter: Sitter): string {
  const side = linear(
    'side',
    `${light(sitter.skin, 0.35)} 0 .6,${light(sitter.skin, 0.3)} .25 .5,${sitter.skin} .5 0,#3a120a .74 .36,#240a08 1 .78`,
  )
  const under = linear('under', '#3a120a 0 0,#3a120a .72 0,#3a120a 1 .42', 90)
  const outline = faceOutline(sitter.jaw)
  return [
    side,
    under,
    shape(outline, 'url(#side)'),
    shape(outline, 'url(#under)'),
    oval([840, 960], [150, 130], 'url(#warm)'),
    oval([1150, 960], [150, 130], 'url(#warm)'),
    oval([900, 610], [240, 150], 'url(#lit)', 'fill-opacity=".6"'),
    oval([835, 890], [150, 90], 'url(#lit)', 'fill-opacity=".75"'),
    oval([985, 1160], [110, 60], 'url(#lit)', 'fill-opacity=".35"'),
    oval([1000, 540], [420, 120], 'url(#shade)', 'fill-opacity=".6"'),
    oval([890, 806], [120, 70], 'url(#shade)', 'fill-opacity=".6"'),
    oval([1112, 806], [130, 78], 'url(#shade)', 'fill-opacity=".85"'),
    oval([1010, 1118], [110, 30], 'url(#shade)', 'fill-opacity=".75"'),
  ].join('')
}

function nose(): string {
  return [
    shape('M1004 800C1010 880 1070 950 1066 1000Q1030 1020 1000 1016z', 'url(#shade)', 'fill-opacity=".9"'),
    oval([1046, 900], [60, 150], 'url(#shade)', 'fill-opacity=".65"'),
    oval([1004, 1016], [100, 36], 'url(#shade)', 'fill-opacity=".9"'),
    oval([984, 890], [34, 150], 'url(#lit)', 'fill-opacity=".8"'),
    oval([980, 972], [46, 40], 'url(#lit)'),
    stroke('M938 984Q926 1010 950 1014M1050 1014Q1076 1010 1060 980', '#4a1a10', 5, 'stroke-opacity=".45"'),
    oval([966, 1012], [18, 7], '#3a120c', 'fill-opacity=".8" transform="rotate(-8 966 1012)"'),
    oval([1034, 1012], [18, 7], '#2a0c08', 'fill-opacity=".85" transform="rotate(8 1034 1012)"'),
  ].join('')
}

function eye([x, y]: Pair, sitter: Sitter, turn: 1 | -1): string {
  const opening = 'M-64 6Q-30 -32 6 -32Q46 -30 66 0Q40 26 4 27Q-36 26 -64 6z'
  const id = `eye${turn}`
  const ball = linear(id, '#a99c96 0,#f1ebe6 .35,#e6ded8 .6,#8d7d78 1', turn > 0 ? 20 : 20)
  return group(
    `transform="translate(${x} ${y}) scale(${turn} 1)"`,
    ball,
    `<clipPath id="clip${id}"><path d="${opening}"/></clipPath>`,
    group(
      `clip-path="url(#clip${id})"`,
      shape(opening, `url(#${id})`),
      disc([2, -4], 33, dark(sitter.iris, 0.6)),
      disc([2, -4], 29, sitter.iris),
      oval([2, 8], [22, 14], light(sitter.iris, 0.4), 'fill-opacity=".6"'),
      disc([2, -4], 14, '#090607'),
      shape('M-70 -40H70V-4Q40 -24 4 -24Q-36 -22 -70 8z', '#1a0c0a', 'fill-opacity=".5"'),
    ),
    disc([2 - 10 * turn, -14], 7, '#ffffff'),
    stroke('M-68 8Q-30 -34 6 -34Q48 -32 72 -4', '#1c0e0a', 9),
    stroke('M-60 -22Q-24 -58 10 -56Q50 -52 74 -24', '#4a1c10', 6, 'stroke-opacity=".55"'),
    stroke('M-60 10Q-34 30 4 31Q40 29 66 2', '#5a2418', 4, 'stroke-opacity=".6"'),
    stroke('M-50 40Q0 66 56 34', '#5a2418', 6, 'stroke-opacity=".2"'),
  )
}

function brows({ hair, brow }: Sitter): string {
  const one = (turn: number) => {
    const hairs = Array.from({ length: 46 }, (_, i) => {
      const t = i / 45
      const x = -78 + t * 170
      const y = 10 - Math.sin(t * 2.4) * 34 + t * 14
      const rise = brow * (1 - t * 0.75)
      return `M${x.toFixed(1)} ${(y + rise * 0.5).toFixed(1)}q${(8 + t * 14).toFixed(1)} ${(-rise).toFixed(1)} ${(16 + t * 12).toFixed(1)} ${(-rise * 0.8 + t * 10).toFixed(1)}`
    })
    return group(
      `transform="translate(${1000 + turn * 112} 748) scale(${turn} 1)"`,
      stroke('M-72 6Q0 -40 96 2', dark(hair, 0.3), brow * 0.6, 'stroke-opacity=".4"'),
      stroke(hairs.join(''), dark(hair, 0.4), 4.5, 'stroke-opacity=".8"'),
    )
  }
  return one(1) + one(-1)
}

function mouth({ lips }: Sitter): string {
  const tone = linear('lips', `${light(lips, 0.15)} 0,${lips} .45,${dark(lips, 0.45)} 1`)
  return [
    tone,
    shape('M888 1066Q950 1040 978 1036Q1000 1046 1022 1036Q1050 1040 1112 1066Q1050 1080 1000 1078Q950 1080 888 1066z', dark(lips, 0.18)),
    shape('M896 1068Q950 1076 1000 1074Q1050 1076 1104 1068Q1060 1118 1000 1119Q940 1118 896 1068z', 'url(#lips)'),
    stroke('M884 1064Q950 1082 1000 1076Q1050 1082 1116 1063', '#3a0f10', 6, 'stroke-opacity=".85"'),
    oval([972, 1096], [52, 14], 'url(#lit)', 'fill-opacity=".8"'),
    oval([880, 1066], [26, 24], 'url(#shade)', 'fill-opacity=".5"'),
    oval([1122, 1066], [28, 26], 'url(#shade)', 'fill-opacity=".7"'),
  ].join('')
}

const ear = (sitter: Sitter, turn: number): string =>
  group(
    `transform="translate(${1000 + turn * 246} 850) scale(${turn} 1)"`,
    shape('M-20 -80Q40 -120 50 -50Q50 30 16 90Q-6 120 -24 90z', turn < 0 ? mix(sitter.skin, '#e0604a', 0.25) : dark(sitter.skin, 0.45)),
    stroke('M2 -70Q34 -70 26 -10Q20 20 6 40', '#5a1e12', 7, 'stroke-opacity=".5"'),
  )

/** A face with its features, lit from the left. */
export function face(sitter: Sitter): string {
  const outline = faceOutline(sitter.jaw)
  return [
    spots(sitter),
    `<clipPath id="face"><path d="${outline}"/></clipPath>`,
    ear(sitter, -1),
    ear(sitter, 1),
    shape(outline, sitter.skin),
    group('clip-path="url(#face)"', planes(sitter), group('transform="translate(-12 0)"', nose(), mouth(sitter))),
    group('transform="translate(-8 0)"', eye([890, 836], sitter, -1), eye([1110, 836], sitter, 1), brows(sitter)),
  ].join('')
}
