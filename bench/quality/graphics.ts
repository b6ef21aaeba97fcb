import { box, disc, ring, shape, stroke } from '../../samples/kit/draw.ts'
import { lettering } from '../../samples/kit/font.ts'
import { random } from '../../samples/kit/random.ts'

/** A drawing made in code: flat graphics, as people upload them beside photographs. */
interface Graphic {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly body: string
}

const INK = '#1f2430'
const WORDS = 'PARCEL LAMP OF OAK AND BRASS 24.50 LIKE NEW - SEE NO. 7 BY THE LAKE & BACK IN JUNE'.split(' ')

/** Lines of capitals, as long as a column is wide. */
function column(
  at: readonly [number, number],
  lines: number,
  style: { height: number; width: number },
): string {
  const next = random(lines + at[0] + at[1] * 7)
  const letters = Math.floor(style.width / (style.height * 0.94))
  return Array.from({ length: lines }, (_, line) => {
    let text = ''
    while (text.length < letters) text += `${WORDS[Math.floor(next() * WORDS.length)]} `
    const y = at[1] + line * style.height * 2
    return lettering(text.slice(0, letters), { at: [at[0], y], height: style.height, colour: INK })
  }).join('')
}

/** A mark of four colours and a name, on nothing. */
function logo(): string {
  return [
    disc([500, 520], 330, '#e4572e'),
    shape('M500 190A330 330 0 0 1 830 520H500z', '#f3a712'),
    shape('M500 850A330 330 0 0 1 170 520H500z', '#29335c'),
    disc([500, 520], 130, '#ffffff'),
    lettering('HALFTONE', { at: [930, 430], height: 190, colour: '#29335c', stretch: 0.8, weight: 0.14 }),
  ].join('')
}

/** A window of a program: bars, buttons, rows of small text. */
function screenshot(): string {
  const rows = Array.from({ length: 9 }, (_, row) => 300 + row * 120)
  return [
    box([0, 0], [2000, 1400], '#f6f7f9'),
    box([0, 0], [2000, 90], '#29335c'),
    lettering('INBOX - 24 NEW', { at: [60, 28], height: 34, colour: '#ffffff' }),
    box([0, 90], [420, 1310], '#e8eaf0'),
    column([50, 150], 20, { height: 24, width: 330 }),
    box([480, 150], [260, 76], '#2e7d5b', 'rx="14"'),
    lettering('REPLY', { at: [550, 172], height: 32, colour: '#ffffff' }),
    ...rows.map((y, row) => box([480, y], [1460, 104], row % 2 === 0 ? '#ffffff' : '#eef1f6')),
    ...rows.map((y, row) => disc([536, y + 52], 30, ['#e4572e', '#f3a712', '#5fa8d3'][row % 3] ?? INK)),
    ...rows.map((y) => column([600, y + 22], 2, { height: 22, width: 1260 })),
  ].join('')
}

/** Axes, a grid, bars and two curves. */
function chart(): string {
  const next = random(5)
  const bars = Array.from({ length: 12 }, (_, i) => [260 + i * 130, 200 + next() * 560] as const)
  const curve = (base: number) =>
    `M${bars.map(([x], i) => `${x + 40} ${(base - 220 * Math.sin(i / 2.2) - i * 18).toFixed(1)}`).join('L')}`
  return [
    box([0, 0], [2000, 1250], '#ffffff'),
    lettering('VISITS A MONTH', { at: [240, 70], height: 50, colour: INK }),
    ...Array.from({ length: 9 }, (_, i) => stroke(`M240 ${1050 - i * 100}H1840`, '#d5d9e2', 3)),
    ...Array.from({ length: 9 }, (_, i) =>
      lettering(`${i * 25}`, { at: [130, 1036 - i * 100], height: 28, colour: '#5c6475' }),
    ),
    ...bars.map(([x, height]) => box([x, 1050 - height], [80, height], '#5fa8d3')),
    ...bars.map(([x], i) => lettering(`${i + 1}`, { at: [x + 20, 1080], height: 30, colour: '#5c6475' })),
    stroke(curve(800), '#e4572e', 9),
    stroke(curve(640), '#2e7d5b', 9, 'stroke-dasharray="26 20"'),
    stroke('M240 1050H1840M240 220V1050', INK, 5),
  ].join('')
}

/** Pen strokes on nothing: rings, hatching, a wave. */
function lineArt(): string {
  const hatching = Array.from({ length: 60 }, (_, i) => `M${150 + i * 26} 1180l140 ${-260 - (i % 7) * 30}`)
  const wave = Array.from(
    { length: 90 },
    (_, i) => `${100 + i * 20} ${(620 + 90 * Math.sin(i / 4)).toFixed(1)}`,
  )
  return [
    ...Array.from({ length: 12 }, (_, i) => ring([620, 420], 40 + i * 28, INK, 5)),
    stroke(hatching.join(''), '#29335c', 4),
    stroke(`M${wave.join('L')}`, '#e4572e', 8),
    lettering('FIG. 3', { at: [1380, 240], height: 90, colour: INK, weight: 0.1 }),
  ].join('')
}

/** The flat graphics of the study, each an SVG. */
export const GRAPHICS: readonly Graphic[] = [
  { name: 'logo', width: 2100, height: 1050, body: logo() },
  { name: 'screenshot', width: 2000, height: 1400, body: screenshot() },
  { name: 'chart', width: 2000, height: 1250, body: chart() },
  { name: 'line-art', width: 2000, height: 1300, body: lineArt() },
]

/** The SVG of a graphic. */
export function svgOf({ width, height, body }: Graphic): Buffer {
  const sides = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${sides}>${body}</svg>`)
}
