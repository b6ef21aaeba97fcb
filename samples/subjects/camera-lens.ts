import { dark, disc, group, light, oval, type Pair, radial, ring, shape, stroke } from '../kit/draw.ts'
import { lettering } from '../kit/font.ts'
import { range } from '../kit/range.ts'

/** The middle of the lens. */
export const lens: Pair = [1400, 1290]
const chrome = '#b9b6ae'

/** Polished metal turned on a lathe: light runs over it in four fans. */
export function spunMetal(centre: Pair, radius: number, colour: string): string {
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
export function barrel(): string {
  const at = (dy: number): Pair => [lens[0], lens[1] + dy]
  const numbers = ['16', '11', '8', '5.6', '4', '2.8', '2'].map((stop, i) =>
    around(stop, [288, (i - 3) * 15], [21, 3.5], '#1c1a18'),
  )
  const depths = ['1', '1.5', '2', '3', '5', '10'].map((metres, i) =>
    around(metres, [232, (i - 2.5) * 19 + 180], [17, 3.6], '#f0e8d8'),
  )
  return [
    spunMetal(at(-22), 300, chrome),
    ring(at(-22), 300, '#3c3934', 4),
    spunMetal(at(-16), 288, '#d2cfc6'),
    ring(at(-16), 288, '#57534b', 4),
    ...numbers,
    disc(at(-6), 252, '#151515'),
    knurl(at(-6), [234, 252], 120),
    disc(at(-2), 236, '#1a1a1b'),
    ...depths,
    stroke(`M${lens[0]} ${lens[1] - 232}v18`, '#e2402e', 8),
    spunMetal(lens, 208, '#8d8a84'),
    ring(lens, 208, '#141312', 4),
    disc(lens, 199, '#121213'),
    around('ARGO ANASTAR 1-2 F 50 MM', [190, 0], [25, 7.2], '#ece5d5'),
    around('NO 482916', [190, 180], [25, 7.6], '#e0b45c'),
    ring(lens, 160, '#3a3836', 6),
    glass(),
  ].join('')
}
