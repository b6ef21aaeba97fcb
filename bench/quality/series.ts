import type { AvifOptions, JpegOptions, PngOptions, Sharp, WebpOptions } from 'sharp'
import type { Content } from '../../src/pixels/colours.ts'
import { encodeAs } from '../../src/pixels/encoders.ts'
import { OUTPUT_FORMATS, type OutputFormat } from '../../src/transform/spec.ts'

/** One point of a curve: an encoder with all its options. */
interface Setting {
  /** What is turned along the curve: a quality, an effort. */
  readonly label: string
  readonly encode: (pipeline: Sharp) => Sharp
}

/** One curve: an encoder at several qualities, all else equal. */
export interface Series {
  readonly name: string
  readonly format: OutputFormat
  readonly settings: readonly Setting[]
}

/** What the gateway serves today, a point for each format; what all else is compared with. GIF is asked for animations. */
export const SERVED = OUTPUT_FORMATS.filter((format) => format !== 'gif').map(
  (format): Series => ({
    name: `served ${format}`,
    format,
    settings: [{ label: 'as served', encode: (pipeline) => encodeAs(pipeline, format) }],
  }),
)

const PHOTO_SERIES: readonly Series[] = [
  jpeg('JPEG', { progressive: true }),
  jpeg('JPEG 4:4:4', { progressive: true, chromaSubsampling: '4:4:4' }),
  jpeg('JPEG mozjpeg', { mozjpeg: true }),
  ...[0, 2, 4, 6].map((effort) => webp(`WebP effort ${effort}`, { effort })),
  webp('WebP effort 2 smart', { effort: 2, smartSubsample: true }),
  ...[0, 1, 2].map((effort) => avif(`AVIF effort ${effort}`, { effort, chromaSubsampling: '4:2:0' })),
  avif('AVIF effort 1 4:4:4', { effort: 1, chromaSubsampling: '4:4:4' }),
  avif('AVIF effort 1 10 bit', { effort: 1, chromaSubsampling: '4:2:0', bitdepth: 10 }),
]

const FLAT_SERIES: readonly Series[] = [
  jpeg('JPEG', { progressive: true }),
  jpeg('JPEG 4:4:4', { progressive: true, chromaSubsampling: '4:4:4' }),
  webp('WebP effort 2', { effort: 2 }),
  webp('WebP effort 2 smart', { effort: 2, smartSubsample: true }),
  webpSteps('WebP lossless', [1, 2, 4, 6], (effort) => ({ lossless: true, effort })),
  webpSteps('WebP near-lossless', [20, 40, 60, 80], (quality) => ({
    nearLossless: true,
    quality,
    effort: 2,
  })),
  avif('AVIF effort 1', { effort: 1, chromaSubsampling: '4:2:0' }),
  avif('AVIF effort 1 4:4:4', { effort: 1, chromaSubsampling: '4:4:4' }),
  pngSteps('PNG', {
    level: { compressionLevel: 9 },
    filters: { compressionLevel: 9, adaptiveFiltering: true },
  }),
  pngSteps('PNG palette', {
    dithered: { palette: true, effort: 7 },
    plain: { palette: true, effort: 7, dither: 0 },
    'plain, effort 1': { palette: true, effort: 1, dither: 0 },
  }),
]

/** What is worth trying on one kind of picture. */
export const SERIES: Readonly<Record<Content, readonly Series[]>> = { photo: PHOTO_SERIES, flat: FLAT_SERIES }

function jpeg(name: string, options: JpegOptions): Series {
  const settings = [70, 75, 80, 85, 90].map((quality) => ({
    label: `${quality}`,
    encode: (pipeline: Sharp) => pipeline.jpeg({ ...options, quality }),
  }))
  return { name, format: 'jpg', settings }
}

function webp(name: string, options: WebpOptions): Series {
  return webpSteps(name, [60, 70, 80, 85, 90], (quality) => ({ ...options, quality }))
}

function webpSteps(name: string, steps: readonly number[], optionsAt: (step: number) => WebpOptions): Series {
  const settings = steps.map((step) => ({
    label: `${step}`,
    encode: (pipeline: Sharp) => pipeline.webp(optionsAt(step)),
  }))
  return { name, format: 'webp', settings }
}

function avif(name: string, options: AvifOptions): Series {
  const settings = [42, 50, 58, 66, 75].map((quality) => ({
    label: `${quality}`,
    encode: (pipeline: Sharp) => pipeline.avif({ ...options, quality }),
  }))
  return { name, format: 'avif', settings }
}

function pngSteps(name: string, steps: Readonly<Record<string, PngOptions>>): Series {
  const settings = Object.entries(steps).map(([label, options]) => ({
    label,
    encode: (pipeline: Sharp) => pipeline.png(options),
  }))
  return { name, format: 'png', settings }
}
