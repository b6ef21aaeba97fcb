import { box, group, type Layer, linear, oval, type Pair, shape, stroke } from '../kit/draw.ts'
import { lettering } from '../kit/font.ts'

/** A cartridge of film with its tongue out. */
export function canister(at: Pair): readonly Layer[] {
  const [x, y] = at
  const tin = linear('tin', '#7a4a08 0,#f2a81e .25,#ffd874 .36,#e8961a .55,#8a4a0a .9,#b06a14 1')
  const cap = linear('cap', '#15130f 0,#4a463e .28,#8f8a7e .36,#26231e .6,#0c0b09 1')
  const tongue = linear('tongue', '#3a2c26 0,#8a7468 .4,#4a3a32 1', 20)
  const holes = Array.from({ length: 9 }, (_, i) =>
    box([x - 250 + i * 28, y + 196 + (i % 2)], [14, 10], '#c89a62', 'rx="3"'),
  )
  return [
    { body: oval([x + 90, y + 240], [170, 30], '#000'), shadow: 0.6, blur: 18 },
    {
      body: shape(`M${x - 270} ${y + 190}h280v40h-280z`, '#000', 'transform="translate(8 14)"'),
      shadow: 0.5,
      blur: 8,
    },
    {
      body: [
        tin + cap + tongue,
        shape(
          `M${x - 250} ${y + 80}Q${x - 120} ${y + 60} ${x + 10} ${y + 40}V${y + 220}Q${x - 120} ${y + 235} ${x - 264} ${y + 214}z`,
          'url(#tongue)',
        ),
        ...holes,
        box([x + 60, y - 34], [50, 40], 'url(#cap)', 'rx="6"'),
        shape(`M${x} ${y}V${y + 220}Q${x + 84} ${y + 250} ${x + 168} ${y + 220}V${y}z`, 'url(#tin)'),
        shape(
          `M${x} ${y + 120}Q${x + 84} ${y + 146} ${x + 168} ${y + 120}v60Q${x + 84} ${y + 206} ${x} ${y + 180}z`,
          '#1b1a18',
          'fill-opacity=".85"',
        ),
        lettering('FILM', { at: [x + 30, y + 56], height: 32, colour: '#3a1d06', weight: 0.18 }),
        lettering('ISO 200', {
          at: [x + 32, y + 146],
          height: 22,
          colour: '#ffe7b0',
          weight: 0.14,
          stretch: 0.85,
        }),
        shape(
          `M${x - 6} ${y + 206}Q${x + 84} ${y + 238} ${x + 174} ${y + 206}v24Q${x + 84} ${y + 262} ${x - 6} ${y + 230}z`,
          'url(#cap)',
        ),
        box([x - 6, y - 4], [180, 24], 'url(#cap)', 'rx="4"'),
        oval([x + 84, y - 2], [90, 16], '#5a554b'),
        oval([x + 84, y - 34], [25, 6], '#9a958a'),
      ].join(''),
    },
  ]
}

/** A small photograph of hills with a white border that lies on the table. */
export function print(at: Pair): readonly Layer[] {
  const sky = linear('sky', '#c9d6dc 0,#f6dfb8 1', 90)
  const picture = [
    sky,
    box([0, 0], [420, 300], '#f4eee0'),
    box([20, 20], [380, 220], 'url(#sky)'),
    shape('M20 170Q110 90 190 150Q280 80 400 140V240H20z', '#6d8a8e'),
    shape('M20 210Q150 140 250 190T400 180V240H20z', '#3f5a48'),
    lettering('LAKE - 1962', { at: [34, 258], height: 20, colour: '#4a4a5a', weight: 0.12 }),
    stroke('M0 0H420', '#ffffff', 3),
  ].join('')
  const lie = `transform="matrix(1 -.12 -.5 .58 ${at[0] + 130} ${at[1]})"`
  return [
    { body: group(lie, box([8, 14], [420, 300], '#000')), shadow: 0.6, blur: 8 },
    { body: group(lie, picture) },
  ]
}
