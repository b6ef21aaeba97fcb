import { disc, group, type Layer, oval, type Pair, shape, stroke, tube } from '../kit/draw.ts'

/** A small globe of brass and paper. */
export function globe([x, y]: Pair): readonly Layer[] {
  const land =
    'M-120 -60q60 -80 130 -50q40 60 -20 90q-90 30 -110 -40zM20 40q70 -50 120 10q0 80 -60 100q-70 -20 -60 -110z'
  const shade = `<radialGradient id="ball" cx=".34" cy=".28" r=".8"><stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset=".3" stop-color="#fff" stop-opacity=".05"/><stop offset="1" stop-color="#000" stop-opacity=".8"/></radialGradient>`
  const ball = `<clipPath id="round"><circle r="200"/></clipPath>`
  return [
    { body: oval([x + 40, y], [190, 26], '#000'), shadow: 0.8, blur: 18 },
    { body: disc([x + 90, y - 300], 200, '#000'), shadow: 0.5, blur: 40 },
    {
      body: [
        shade,
        ball,
        tube(`M${x} ${y - 60}V${y - 20}`, '#b98d45', 40),
        oval([x, y - 8], [130, 30], '#5a4020'),
        oval([x, y - 20], [128, 28], '#c39a50'),
        tube(`M${x - 110} ${y - 520}A236 236 0 1 0 ${x + 150} ${y - 140}`, '#b98d45', 20),
        group(
          `transform="translate(${x} ${y - 300}) rotate(-18)"`,
          disc([0, 0], 200, '#6e93a6'),
          group(
            'clip-path="url(#round)"',
            shape(land, '#cbb27c'),
            oval([0, 0], [90, 200], 'none', 'stroke="#e6dcc0" stroke-width="3"'),
            stroke('M-200 0Q0 50 200 0', '#e6dcc0', 3),
          ),
        ),
        disc([x, y - 300], 200, 'url(#ball)'),
      ].join(''),
    },
  ]
}

/** Reading glasses of horn on top of something at `y`. */
export function glasses([x, y]: Pair): readonly Layer[] {
  const lens = (dx: number) =>
    oval([x + dx, y - 46], [74, 46], '#dfeaf0', 'opacity=".35"') +
    oval([x + dx, y - 46], [74, 46], 'none', 'stroke="#3a1f12" stroke-width="15"') +
    oval([x + dx, y - 48], [74, 46], 'none', 'stroke="#a8683a" stroke-width="5"') +
    stroke(`M${x + dx - 44} ${y - 62}l34 -18`, '#fff', 7, 'opacity=".8"')
  const bows = `M${x - 172} ${y - 56}Q${x - 150} ${y - 100} ${x + 60} ${y - 92}M${x + 176} ${y - 56}Q${x + 210} ${y - 96} ${x + 380} ${y - 86}Q${x + 420} ${y - 80} ${x + 424} ${y - 30}`
  return [
    { body: oval([x + 60, y + 2], [300, 10], '#000'), shadow: 0.6, blur: 9 },
    {
      body:
        stroke(bows, '#3a1f12', 15) +
        stroke(bows, '#9a5e34', 5) +
        lens(-98) +
        lens(100) +
        stroke(`M${x - 26} ${y - 60}q28 -26 54 0`, '#3a1f12', 15),
    },
  ]
}
