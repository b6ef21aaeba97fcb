import { type Pair, stroke } from './draw.ts'

/** Strokes on a grid 4 wide and 6 high: digits in pairs are points, a comma lifts the pen. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: '06022042 46,0444',
  B: '06003041423344453606,0333',
  C: '4130100105163645',
  D: '00062644422000',
  E: '40000646,0333',
  F: '400006,0333',
  G: '41301001051636454323',
  H: '0006,4046,0343',
  I: '1030,2026,1636',
  J: '404536160504',
  K: '0006,400346',
  L: '000646',
  M: '0600234046',
  N: '06004640',
  O: '103041453616050110',
  P: '06003041423303',
  Q: '103041453616050110,2446',
  R: '06003041423303,2346',
  S: '413010010213334445361605',
  T: '0040,2026',
  U: '000516364540',
  V: '002640',
  W: '0016233640',
  X: '0046,4006',
  Y: '002340,2326',
  Z: '00400646',
  0: '103041453616050110',
  1: '112026,1636',
  2: '01103041420646',
  3: '0110304142334445361605,1333',
  4: '36300444',
  5: '400002324345361605',
  6: '4130100105163645443303',
  7: '004016',
  8: '103041423313020110,1304051636454433',
  9: '43130201103041453616',
  '.': '2525',
  '-': '1333',
  '&': '46020110303104051644',
}

export interface Lettering {
  /** Upper left corner in scene units. */
  readonly at: Pair
  /** Height of a letter in scene units. */
  readonly height: number
  readonly colour: string
  /** Width of the pen as a share of the height. */
  readonly weight?: number
  /** Width of the letters as a share of what is usual. */
  readonly stretch?: number
}

const advance = 5.6

function glyphPath(glyph: string, left: number, style: Lettering): string {
  const unit = style.height / 6
  return glyph
    .split(',')
    .map((line) =>
      (line.match(/\d\d/g) ?? [])
        .map((point, i) => {
          const x = left + Number(point[0]) * unit * (style.stretch ?? 1)
          return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${(style.at[1] + Number(point[1]) * unit).toFixed(1)}`
        })
        .join(''),
    )
    .join('')
}

/** How wide a text comes out, in scene units. */
export const letteringWidth = (text: string, height: number, stretch = 1): number =>
  (text.length * advance - 1.6) * (height / 6) * stretch

/** A text drawn by pen, since a bare machine has no fonts. Capitals, digits and `. - &`; others leave a gap. */
export function lettering(text: string, style: Lettering): string {
  const stride = (advance * style.height * (style.stretch ?? 1)) / 6
  const paths = Array.from(text, (letter, i) =>
    glyphPath(GLYPHS[letter] ?? '', style.at[0] + i * stride, style),
  )
  return stroke(paths.join(''), style.colour, style.height * (style.weight ?? 0.16))
}
