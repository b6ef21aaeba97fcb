import { seenOfChair } from './chair-space.ts'
import { group, type Layer, oval, shape, stroke } from '../kit/draw.ts'
import { lettering } from '../kit/font.ts'

const words = (text: string, row: number, height: number) =>
  lettering(text, { at: [-46, row], height, colour: '#4a3626', weight: 0.14, stretch: 0.9 })

/** A dealer's label that hangs on a string from the left post. */
export function tag(): readonly Layer[] {
  const [x, y] = seenOfChair([-18.4, 78, 47])
  const card = 'M-66 30L-40 0H40L66 30V190H-66z'
  const hang = `transform="translate(${x - 62} ${y + 92}) rotate(7)"`
  return [
    { body: group(hang, shape(card, '#000', 'transform="translate(16 14)"')), shadow: 0.4, blur: 9 },
    {
      body:
        stroke(
          `M${x - 24} ${y - 10}Q${x + 10} ${y + 16} ${x + 24} ${y - 8}M${x - 24} ${y - 10}Q${x - 66} ${y + 30} ${x - 64} ${y + 106}`,
          '#e9dcc0',
          5,
        ) +
        group(
          hang,
          shape(card, '#f1e4c6'),
          oval([0, 22], [9, 9], '#6b5540'),
          words('CHAIR', 52, 24),
          words('NO 4', 94, 24),
          words('ASH 1961', 138, 15),
        ),
    },
  ]
}
