/** A plane of a scene, painted in order. What is out of focus, or a shadow, has a blur. */
export interface Layer {
  readonly body: string
  /** Standard deviation in scene units, 0 when left out. */
  readonly blur?: number
  /** A shadow: only the outline counts, painted black at this opacity. */
  readonly shadow?: number
  readonly blend?: 'multiply' | 'screen' | 'soft-light'
}

/** What film and lens do to the light of a scene. */
export interface Look {
  /** How much darker the corners are, 0 to 1. */
  readonly vignette: number
  /** Standard deviation of the grain in levels of 255. */
  readonly grain: number
  /** From -1 (blue) to 1 (amber). */
  readonly warmth: number
  /** From -1 (flat) to 1 (hard). */
  readonly contrast: number
}

/** One photograph: a scene, where the camera stands, and how it is developed. */
export interface Shot {
  readonly layers: readonly Layer[]
  /** Sides of the picture in pixels, turned. */
  readonly width: number
  readonly height: number
  /** What the camera sees, in scene units; its height follows from the picture's sides. */
  readonly view: { readonly x: number; readonly y: number; readonly width: number; readonly turn?: number }
  readonly look: Look
  /** EXIF orientation to store it with; the stored pixels are turned to match. */
  readonly orientation?: 3 | 6 | 8
}

/** A point, or a row and a radius. */
export type Pair = readonly [number, number]

const channels = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))

/** The colour `share` of the way from one `#rrggbb` to another. */
export function mix(from: string, to: string, share: number): string {
  const target = channels(to)
  const mixed = channels(from).map((level, i) => Math.round(level + ((target[i] ?? level) - level) * share))
  return `#${mixed.map((level) => level.toString(16).padStart(2, '0')).join('')}`
}

/** A colour in shade. */
export const dark = (colour: string, share: number): string => mix(colour, '#0a0806', share)

/** A colour in light. */
export const light = (colour: string, share: number): string => mix(colour, '#fffaf0', share)

const stopTags = (stops: string): string =>
  stops
    .split(',')
    .map((stop) => {
      const [colour, offset, opacity = '1'] = stop.trim().split(' ')
      return `<stop offset="${offset}" stop-color="${colour}" stop-opacity="${opacity}"/>`
    })
    .join('')

/** A linear gradient from `'colour offset [opacity], …'`; 0 degrees runs left to right, 90 downwards. */
export const linear = (id: string, stops: string, degrees = 0): string =>
  `<linearGradient id="${id}" gradientTransform="rotate(${degrees} .5 .5)">${stopTags(stops)}</linearGradient>`

/** A radial gradient from `'colour offset [opacity], …'` around a centre in shares of the shape's box. */
export const radial = (id: string, stops: string, centre: Pair = [0.5, 0.5]): string =>
  `<radialGradient id="${id}" cx="${centre[0]}" cy="${centre[1]}" r=".75">${stopTags(stops)}</radialGradient>`

/** The light across something round that stands upright, lit from the left. */
export const roundTone = (id: string, base: string, gloss = 0.5): string =>
  linear(
    id,
    `${dark(base, 0.55)} 0,${dark(base, 0.28)} .1,${light(base, gloss * 0.5)} .26,${light(base, gloss)} .33,` +
      `${light(base, gloss * 0.4)} .4,${base} .52,${dark(base, 0.45)} .76,${dark(base, 0.72)} .93,${dark(base, 0.5)} 1`,
  )

export const group = (attributes: string, ...parts: readonly string[]): string =>
  `<g ${attributes}>${parts.join('')}</g>`

export const shape = (d: string, fill: string, more = ''): string => `<path d="${d}" fill="${fill}" ${more}/>`

export const stroke = (d: string, colour: string, width: number, more = ''): string =>
  `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round" ${more}/>`

export const oval = (centre: Pair, radii: Pair, fill: string, more = ''): string =>
  `<ellipse cx="${centre[0]}" cy="${centre[1]}" rx="${radii[0]}" ry="${radii[1]}" fill="${fill}" ${more}/>`

export const disc = (centre: Pair, radius: number, fill: string, more = ''): string =>
  oval(centre, [radius, radius], fill, more)

export const ring = (centre: Pair, radius: number, colour: string, width: number): string =>
  disc(centre, radius, 'none', `stroke="${colour}" stroke-width="${width}"`)

/** A rectangle given by its corner and its sides. */
export const box = (corner: Pair, sides: Pair, fill: string, more = ''): string =>
  `<rect x="${corner[0]}" y="${corner[1]}" width="${sides[0]}" height="${sides[1]}" fill="${fill}" ${more}/>`

/** A shape again, in one of the darkroom's textures (`plaster`, `wood`, `weave`, `hide`), laid over what is there. */
export const textured = (d: string, texture: string, opacity = 1): string =>
  shape(d, `url(#${texture})`, `opacity="${opacity}" style="mix-blend-mode:soft-light"`)

/** The outline of a rectangle, for `textured`. */
export const boxPath = (corner: Pair, sides: Pair): string =>
  `M${corner[0]} ${corner[1]}h${sides[0]}v${sides[1]}h${-sides[0]}z`

/** A rod along a path: shade, colour and a line of light. */
export function tube(d: string, colour: string, width: number): string {
  const shift = (share: number) => `transform="translate(${-width * share} ${-width * share})"`
  return [
    stroke(d, dark(colour, 0.6), width),
    stroke(d, colour, width * 0.74, shift(0.07)),
    stroke(d, light(colour, 0.35), width * 0.34, shift(0.15)),
    stroke(d, light(colour, 0.8), width * 0.1, shift(0.2)),
  ].join('')
}

/** A radius at a row of a turned profile, eased between the rows that are given. */
export function radiusAt(profile: readonly Pair[], row: number): number {
  const next = profile.findIndex(([y]) => y >= row)
  const below = profile[next < 0 ? profile.length - 1 : next] ?? [0, 0]
  const above = profile[Math.max(0, next - 1)] ?? below
  const share = below[0] === above[0] ? 0 : Math.min(1, Math.max(0, (row - above[0]) / (below[0] - above[0])))
  const eased = share * share * (3 - 2 * share)
  return above[1] + (below[1] - above[1]) * eased
}

/** A turned form in thin strips: the gradient `fill` spans each strip, so the light follows the contour. */
export function lathe(profile: readonly Pair[], x: number, fill: string, step = 4): string {
  const top = profile[0]?.[0] ?? 0
  const bottom = profile.at(-1)?.[0] ?? 0
  const strips: string[] = []
  for (let y = top; y < bottom; y += step) {
    const radius = radiusAt(profile, y)
    const sag = radius * 0.09
    strips.push(
      shape(`M${x - radius} ${y}Q${x} ${y + sag * 2} ${x + radius} ${y}v${step + 2}H${x - radius}z`, fill),
    )
  }
  return strips.join('')
}

/** A painted band around a turned form. */
export function band(profile: readonly Pair[], x: number, rows: Pair, colour: string): string {
  const [upper, lower] = [radiusAt(profile, rows[0]), radiusAt(profile, rows[1])]
  return shape(
    `M${x - upper} ${rows[0]}Q${x} ${rows[0] + upper * 0.18} ${x + upper} ${rows[0]}L${x + lower} ${rows[1]}` +
      `Q${x} ${rows[1] + lower * 0.18} ${x - lower} ${rows[1]}z`,
    colour,
    'opacity=".55" style="mix-blend-mode:multiply"',
  )
}
