/** A picture that can be picked. */
export interface Source {
  /** Its path under `/img/`. */
  readonly path: string
  readonly title: string
  readonly width: number
  readonly height: number
}

/** What is picked of it. */
export interface Choice {
  readonly width: number
  /** Such as `4:3`; empty: uncut. */
  readonly shape: string
  /** As in a URL. */
  readonly format: string
}

/** Widths that can be picked; those above the picture's own are left out. All stand on the ladder of sizes. */
export const WIDTHS: readonly number[] = [
  160, 200, 256, 320, 384, 480, 640, 750, 800, 960, 1080, 1200, 1280, 1600, 1920, 2048, 2560, 3840,
]

/** The widths that a picture has something to show at: the smallest at least. */
export function widthsFor({ width }: Source): readonly number[] {
  return WIDTHS.filter((rung, place) => place === 0 || rung <= width)
}

/** The last segment of the path of a pick; `density` pictures of as many times its sides. */
export function sizeOf({ width, shape, format }: Choice, density = 1): string {
  const height = boxHeight(width, shape)
  const size = height === undefined ? `${width}` : `${width}x${height}`
  return `${size}${density === 1 ? '' : `@${density}x`}.${format}`
}

/** The path of a pick. */
export function pathOf({ path }: Source, choice: Choice, density = 1): string {
  return `/img/${path}/${sizeOf(choice, density)}`
}

/** The sides that a pick has on a page. */
export function sidesOf(source: Source, { width, shape }: Choice): { width: number; height: number } {
  const shown = Math.min(width, source.width)
  const height = boxHeight(width, shape) ?? Math.max(1, Math.round((shown * source.height) / source.width))
  return { width: shape === '' ? shown : width, height }
}

/** `<img>` for a page of another site; screens of twice the density get twice the pixels where there are as many. */
export function imgOf(source: Source, pick: Choice, base: string): string {
  const { width, height } = sidesOf(source, pick)
  const dense = srcset(source, pick, base)
  return [
    `<img src="${base}${pathOf(source, pick)}"`,
    ...(dense === '' ? [] : [`     srcset="${dense}"`]),
    `     width="${width}" height="${height}" alt="${escape(source.title)}" loading="lazy">`,
  ].join('\n')
}

/** `<picture>` with AVIF, WebP and JPEG at the size of a pick. */
export function pictureOf(source: Source, pick: Choice, base: string): string {
  const sources = ['avif', 'webp'].map((format) => {
    const choice = { ...pick, format }
    const plain = `${base}${pathOf(source, choice)}`
    return `  <source type="image/${format}" srcset="${srcset(source, choice, base) || plain}">`
  })
  const img = imgOf(source, { ...pick, format: 'jpg' }, base).replaceAll('\n', '\n  ')
  return ['<picture>', ...sources, `  ${img}`, '</picture>'].join('\n')
}

function srcset(source: Source, pick: Choice, base: string): string {
  const double = pick.width * 2
  if (double > source.width || !WIDTHS.includes(double)) return ''
  return `${base}${pathOf(source, pick)}, ${base}${pathOf(source, pick, 2)} 2x`
}

function boxHeight(width: number, shape: string): number | undefined {
  const [across, down] = shape.split(':').map(Number)
  return across === undefined || down === undefined ? undefined : Math.round((width * down) / across)
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
