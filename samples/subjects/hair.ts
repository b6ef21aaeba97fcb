import { dark, type Layer, light, type Pair, shape, stroke } from '../kit/draw.ts'
import { random } from '../kit/random.ts'

function strands(outline: readonly (readonly [Pair, Pair, Pair])[], colour: string, seed: number): string {
  const next = random(seed)
  const jitter = ([x, y]: Pair) =>
    `${(x + (next() - 0.5) * 130).toFixed(0)} ${(y + (next() - 0.5) * 90).toFixed(0)}`
  return outline
    .flatMap((curve) =>
      Array.from({ length: 46 }, () => {
        const tint = next() > 0.5 ? light(colour, next() * 0.32) : dark(colour, next() * 0.5)
        return stroke(`M${jitter(curve[0])}Q${jitter(curve[1])} ${jitter(curve[2])}`, tint, 4 + next() * 10)
      }),
    )
    .join('')
}

/** Hair that falls to the shoulders from a parting. */
export function longHair(colour: string): readonly Layer[] {
  return [
    {
      body: strands(
        [
          [
            [1420, 420],
            [1140, 520],
            [1060, 1100],
          ],
          [
            [1420, 420],
            [1060, 660],
            [1100, 1560],
          ],
          [
            [1420, 400],
            [1060, 480],
            [1040, 1480],
          ],
          [
            [1460, 410],
            [1900, 480],
            [1930, 1100],
          ],
          [
            [1460, 410],
            [1960, 660],
            [1900, 1560],
          ],
          [
            [1440, 400],
            [1930, 500],
            [1990, 1480],
          ],
        ],
        colour,
        5,
      ),
    },
  ] // prettier-ignore
}

/** Hair cut short, brushed to the right. */
export function shortHair(colour: string): readonly Layer[] {
  return [
    {
      body: strands(
        [
          [
            [1180, 700],
            [1130, 480],
            [1400, 400],
          ],
          [
            [1250, 520],
            [1420, 300],
            [1700, 400],
          ],
          [
            [1350, 450],
            [1600, 290],
            [1850, 560],
          ],
          [
            [1560, 420],
            [1820, 380],
            [1860, 720],
          ],
          [
            [1200, 560],
            [1350, 380],
            [1600, 380],
          ],
        ],
        colour,
        9,
      ),
    },
  ] // prettier-ignore
}

/** A full beard around the mouth. */
export function beard(colour: string): readonly Layer[] {
  const outline =
    'M1140 960Q1160 1240 1290 1350Q1500 1520 1710 1350Q1840 1240 1860 960Q1800 1130 1680 1140Q1500 1090 1320 1140Q1200 1130 1140 960z'
  const hairs = strands(
    [
      [
        [1180, 1060],
        [1220, 1260],
        [1340, 1370],
      ],
      [
        [1340, 1190],
        [1400, 1330],
        [1480, 1430],
      ],
      [
        [1660, 1190],
        [1600, 1330],
        [1520, 1430],
      ],
      [
        [1820, 1060],
        [1780, 1260],
        [1660, 1370],
      ],
      [
        [1400, 1300],
        [1500, 1350],
        [1600, 1300],
      ],
    ],
    dark(colour, 0.1),
    13,
  ) // prettier-ignore
  return [
    { body: shape(outline, dark(colour, 0.2), 'fill-opacity=".85"'), blur: 16 },
    { body: hairs, blur: 2 },
  ]
}
