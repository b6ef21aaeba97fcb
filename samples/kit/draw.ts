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

/** Width and height of a texture's tile in scene units. The darkroom makes the tiles. */
export const TEXTURES = {
  plaster: [1850, 1850],
  wood: [2200, 1500],
  weave: [420, 420],
  hide: [460, 460],
} as const satisfies Record<string, readonly [number, number]>

export type Texture = keyof typeof TEXTURES

/** How many strengths a texture comes in. */
export const TEXTURE_STEPS = 8

/** The id of a texture's tile at a strength of `step` / `TEXTURE_STEPS`. */
export const tileId = (texture: Texture, step: number): string => `${texture}-${step}`

interface Extent {
  readonly from: readonly [number, number]
  readonly to: readonly [number, number]
}

/** Beyond this no camera sees: a ground that runs on for ever is covered this far only. */
const SEEN: Extent = { from: [-700, -900], to: [3700, 3300] }

/** A texture laid over a shape, within its outline. */
export function textured(d: string, texture: Texture, opacity = 1): string {
  const [width, height] = TEXTURES[texture]
  const id = tileId(texture, Math.max(1, Math.round(opacity * TEXTURE_STEPS)))
  const { from, to } = extentOf(d)
  const tiles: string[] = []
  for (let y = from[1]; y < to[1]; y += height) {
    for (let x = from[0]; x < to[0]; x += width) tiles.push(`<use href="#${id}" x="${x}" y="${y}"/>`)
  }
  const clip = `within-${nameOf(d)}`
  // Each strength is a tile of its own, and neither `opacity` nor a blend is used: librsvg would paint each such group
  // on a canvas of the whole picture. A `<pattern>` is no better: its tile is painted as large as the camera sees it.
  return `<clipPath id="${clip}"><path d="${d}"/></clipPath>${group(`clip-path="url(#${clip})"`, ...tiles)}`
}

/** A short name for a path; equal paths, equal names. */
function nameOf(d: string): string {
  let hash = 7
  for (let i = 0; i < d.length; i++) hash = (Math.imul(hash, 31) + d.charCodeAt(i)) >>> 0
  return hash.toString(36)
}

/** A box around a path, control points and all. */
function extentOf(d: string): Extent {
  const xs: number[] = []
  const ys: number[] = []
  let [x, y] = [0, 0]
  for (const [, command = '', list = ''] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
    const [originX, originY] = [x, y]
    for (const [dx, dy] of pointsOf(command, list)) {
      const isRelative = command === command.toLowerCase()
      x = isRelative ? originX + (dx ?? 0) : (dx ?? x)
      y = isRelative ? originY + (dy ?? 0) : (dy ?? y)
      xs.push(x)
      ys.push(y)
    }
  }
  return {
    from: [Math.max(SEEN.from[0], Math.min(...xs)), Math.max(SEEN.from[1], Math.min(...ys))],
    to: [Math.min(SEEN.to[0], Math.max(...xs)), Math.min(SEEN.to[1], Math.max(...ys))],
  }
}

/** The points of one command; what `h` and `v` do not say is left out. */
function pointsOf(
  command: string,
  list: string,
): readonly (readonly [number | undefined, number | undefined])[] {
  const numbers = (list.match(/-?(?:\d+\.?\d*|\.\d+)/g) ?? []).map(Number)
  switch (command.toLowerCase()) {
    case 'h':
      return numbers.map((x) => [x, undefined])
    case 'v':
      return numbers.map((y) => [undefined, y])
    case 'a':
      return [[numbers.at(-2), numbers.at(-1)]]
    default:
      return Array.from({ length: Math.floor(numbers.length / 2) }, (_, i) => [
        numbers[i * 2],
        numbers[i * 2 + 1],
      ])
  }
}
