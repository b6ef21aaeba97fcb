import {
  box,
  boxPath,
  dark,
  disc,
  group,
  type Layer,
  light,
  linear,
  mix,
  oval,
  type Pair,
  radial,
  shape,
  stroke,
  textured,
} from './draw.ts'
import { random } from './random.ts'

const whole = boxPath([-1500, -1500], [6000, 6000])

/** A painted wall with the light of a window across it. */
export function sunlitWall(colour: string, sun: string, blur = 26): readonly Layer[] {
  const panes = [0, 1, 2, 3].map((i) => {
    const [x, y] = [300 + (i % 2) * 640, -150 + Math.floor(i / 2) * 690]
    return shape(`M${x} ${y}l560 130v600l-560 -130z`, sun, 'opacity=".42"')
  })
  const wall = linear('wall', `${light(colour, 0.3)} 0,${colour} .5,${dark(colour, 0.4)} 1`, 28)
  return [
    { body: `${wall}${shape(whole, 'url(#wall)')}${textured(whole, 'plaster', 0.5)}` },
    { body: panes.join(''), blur, blend: 'soft-light' },
    { body: panes.join(''), blur: blur * 1.4, blend: 'soft-light' },
  ]
}

/** Seamless paper: a studio's ground without an edge. */
export function studio(colour: string): readonly Layer[] {
  const paper =
    linear(
      'paper',
      `${dark(colour, 0.25)} 0,${colour} .5,${light(colour, 0.25)} .62,${dark(colour, 0.1)} 1`,
      90,
    ) + radial('pool', '#ffffff 0 .5,#ffffff .66 0', [0.5, 0.5])
  return [
    {
      body:
        paper +
        box([-800, -800], [4600, 3800], 'url(#paper)') +
        oval([1400, 1100], [1900, 1100], 'url(#pool)'),
    },
    { body: textured(whole, 'plaster', 0.18) },
  ]
}

/** Lights of a town or of leaves, far out of focus. */
export function bokeh(ground: string, lights: readonly string[], seed: number): readonly Layer[] {
  const next = random(seed)
  const discs = Array.from({ length: 70 }, (_, i) => {
    const [x, y] = [-600 + next() * 4200, -500 + next() * 2600]
    const colour = lights[i % lights.length] ?? ground
    const opacity = (0.12 + next() * 0.4).toFixed(2)
    return disc(
      [x, y],
      50 + next() * 130,
      colour,
      `opacity="${opacity}" stroke="${light(colour, 0.5)}" stroke-width="6"`,
    )
  })
  const sky = linear('dusk', `${light(ground, 0.12)} 0,${ground} .5,${dark(ground, 0.5)} 1`, 90)
  return [{ body: `${sky}${shape(whole, 'url(#dusk)')}${discs.join('')}`, blur: 14 }]
}

/** A brick wall above a pavement; the foot of the wall is at 1660. */
export function brickWall(colour: string, seed: number): readonly Layer[] {
  const next = random(seed)
  const bricks: string[] = []
  for (let row = 0; row < 24; row++) {
    for (let column = -1; column < 15; column++) {
      const x = -700 + column * 262 + (row % 2) * 131
      const y = -680 + row * 98
      const tint = mix(mix(colour, '#d9a27a', next() * 0.4), '#3a1c14', next() * 0.45)
      bricks.push(box([x + next() * 5, y + next() * 4], [248, 84], tint, 'rx="7"'))
      bricks.push(stroke(`M${x + 6} ${y + 6}h230`, light(tint, 0.3), 4, 'stroke-opacity=".6"'))
      bricks.push(stroke(`M${x + 6} ${y + 84}h236`, '#1a0f0b', 6, 'stroke-opacity=".55"'))
    }
  }
  const wall = boxPath([-1500, -1500], [6000, 3160])
  const day = linear('day', '#ffe9c8 0 .55,#ffe9c8 .45 0,#120c14 1 .55', 25)
  return [
    {
      body:
        shape(wall, '#a89c8e') +
        bricks.join('') +
        textured(wall, 'plaster', 0.9) +
        textured(wall, 'hide', 0.35),
    },
    { body: `${pavement()}${day}${shape(whole, 'url(#day)')}` },
  ]
}

function pavement(): string {
  const street = linear('street', '#4c4742 0,#8d8678 .1,#a49c8c 1', 90)
  const joints = [0, 1, 2, 3, 4, 5, 6, 7].map((i) =>
    stroke(`M${-900 + i * 640} 1660l${(i - 3.4) * 260} 1500`, '#4a4540', 9),
  )
  const kerbs = [1790, 2050, 2500].map((y) => stroke(`M-1500 ${y}h6000`, '#4a4540', 8))
  const ground = boxPath([-1500, 1660], [6000, 1800])
  return (
    street +
    shape(ground, 'url(#street)') +
    joints.join('') +
    kerbs.join('') +
    textured(ground, 'plaster', 0.9)
  )
}

/** A table of boards seen from its front; the far edge is at `top`. */
export function tableTop(colour: string, top: number, seed: number): readonly Layer[] {
  const next = random(seed)
  const boards: string[] = []
  let y = top
  for (let depth = 70; y < 3300; depth *= 1.42) {
    const tint = mix(colour, next() > 0.5 ? '#2a1608' : '#f0cf9c', next() * 0.22)
    const grain = `transform="translate(${Math.round(next() * 900)} ${Math.round(y)}) scale(${1.2 + depth / 300} ${0.35 + depth / 420})"`
    boards.push(box([-1500, y], [6000, depth + 2], tint))
    boards.push(
      group(grain, textured(boxPath([-2500, 0], [7000, depth / (0.35 + depth / 420)]), 'wood', 0.95)),
    )
    boards.push(stroke(`M-1500 ${y + depth}h6000`, dark(tint, 0.7), 5 + depth / 60))
    boards.push(stroke(`M-1500 ${y + depth + 6}h6000`, light(tint, 0.35), 3, 'stroke-opacity=".7"'))
    y += depth
  }
  const sheen = linear('sheen', '#000000 0 .35,#ffffff .12 .22,#ffffff .4 .05,#000000 1 .4', 90)
  return [
    { body: boards.join('') },
    { body: stroke(`M-1500 ${top}h6000`, dark(colour, 0.6), 14), blur: 5 },
    { body: sheen + shape(boxPath([-1500, top], [6000, 1700]), 'url(#sheen)') },
  ]
}

/** What an object keeps from the ground it stands on: a wide soft shade and a narrow dark one. */
export const contactShade = (centre: Pair, radii: Pair): readonly Layer[] => [
  {
    body: oval([centre[0] + radii[0] * 0.25, centre[1]], [radii[0] * 1.25, radii[1] * 1.2], '#000'),
    shadow: 0.45,
    blur: 38,
  },
  { body: oval(centre, radii, '#000'), shadow: 0.75, blur: 13 },
]
