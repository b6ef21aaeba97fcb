import { dark, disc, type Layer, light, mix, oval, type Pair, shape, stroke } from '../kit/draw.ts'

/** What a face is drawn from. */
export interface Person {
  readonly skin: string
  readonly hair: string
  readonly eyes: string
  readonly cloth: string
  readonly beard: boolean
}

function eye([x, y]: Pair, person: Person, side: number): string {
  const lid = `M${x - 84} ${y + 8}Q${x - 10} ${y - 66} ${x + 84} ${y + 4}`
  return [
    shape(`${lid}Q${x} ${y + 54} ${x - 84} ${y + 8}z`, '#f3ebe2'),
    disc([x, y - 4], 38, dark(person.eyes, 0.55)),
    disc([x, y - 4], 32, person.eyes),
    disc([x, y - 4], 16, '#0d0a09'),
    disc([x - 12, y - 17], 9, '#ffffff'),
    stroke(lid, dark(person.hair, 0.6), 15),
    stroke(
      `M${x - 90} ${y - 52}Q${x} ${y - 92} ${x + 88} ${y - 48}`,
      dark(person.skin, 0.3),
      8,
      'stroke-opacity=".6"',
    ),
    stroke(
      `M${x - 100} ${y - 104 + side * 14}Q${x} ${y - 168} ${x + 104} ${y - 104 - side * 14}`,
      dark(person.hair, 0.2),
      30,
      'stroke-opacity=".9"',
    ),
  ].join('')
}

/** Eyes, nose, mouth and the light on a face around 1500, 900. */
export function features(person: Person): readonly Layer[] {
  const blush = mix(person.skin, '#c2402f', 0.28)
  return [
    {
      body:
        oval([1270, 1040], [110, 80], blush) +
        oval([1730, 1040], [110, 80], blush) +
        oval([1500, 1060], [66, 46], blush),
      blur: 46,
    },
    {
      body: shape(
        'M1830 560Q1900 900 1700 1330Q1560 1410 1480 1400Q1700 1200 1700 900z',
        dark(person.skin, 0.55),
      ),
      blur: 52,
    },
    { body: stroke('M1530 860Q1560 980 1572 1040', dark(person.skin, 0.4), 34), blur: 18 },
    {
      body:
        oval([1440, 640], [180, 110], light(person.skin, 0.38)) +
        stroke('M1490 820V1020', light(person.skin, 0.5), 30),
      blur: 34,
    },
    {
      body:
        oval([1310, 872], [128, 60], dark(person.skin, 0.4)) +
        oval([1690, 872], [128, 60], dark(person.skin, 0.45)),
      blur: 30,
    },
    { body: eye([1320, 880], person, 1) + eye([1680, 880], person, -1) },
    {
      body: stroke(
        'M1432 1072Q1446 1040 1452 1066M1568 1072Q1554 1040 1548 1066M1440 1086Q1500 1116 1560 1086',
        dark(person.skin, 0.5),
        13,
      ),
      blur: 4,
    },
    ...mouth(person),
  ]
}

function mouth(person: Person): readonly Layer[] {
  const lips = mix(person.skin, '#b0443f', person.beard ? 0.25 : 0.6)
  return [
    {
      body: [
        shape(
          'M1370 1200Q1450 1160 1500 1178Q1550 1160 1630 1200Q1560 1222 1500 1216Q1440 1222 1370 1200z',
          dark(lips, 0.2),
        ),
        shape('M1370 1200Q1500 1226 1630 1200Q1580 1284 1500 1284T1370 1200z', lips),
        stroke('M1364 1198Q1500 1228 1636 1198', dark(lips, 0.55), 9),
      ].join(''),
      blur: 1.6,
    },
    { body: oval([1480, 1250], [46, 13], '#fff'), blur: 9, blend: 'soft-light' },
  ]
}
