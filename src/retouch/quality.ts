import type { AvifOptions, JpegOptions, PngOptions, WebpOptions } from 'sharp'
import type { OutputFormat } from '../transform/spec.ts'

/** On the scale of all formats: what is used where no quality is asked for. */
const DEFAULT_QUALITY = 85
const BEST_QUALITY = 100
/** Flat graphics stay without loss as WebP down to here: they are smaller so than at a middling quality. */
const LEAST_LOSSLESS = 60
/** So much more quality than photographs have flat graphics as AVIF. */
const FLAT_AVIF_MORE = 6

/** What 85 is on the scale of an encoder: as the table of encoders has it. */
const DEFAULTS = { avif: 60, webp: 80 } as const

type Settings = AvifOptions | JpegOptions | PngOptions | WebpOptions

/**
 * What a quality asks of an encoder, 1 to 100, where 85 asks for nothing else than the encoder's defaults. Whoever changes
 * it raises `RENDERING_REVISION`.
 */
export function qualitySettings(
  format: OutputFormat,
  quality: number = DEFAULT_QUALITY,
  isFlat = false,
): Settings {
  if (quality === DEFAULT_QUALITY) return {}
  switch (format) {
    case 'jpg':
      return { quality }
    case 'webp':
      if (quality === BEST_QUALITY) return { lossless: true }
      if (isFlat && quality >= LEAST_LOSSLESS) return {}
      return { quality: scaled(quality, DEFAULTS.webp), lossless: false }
    case 'avif': {
      const own = scaled(quality, DEFAULTS.avif)
      return { quality: isFlat ? Math.min(own + FLAT_AVIF_MORE, BEST_QUALITY) : own }
    }
    case 'png':
      // Above the default nothing is lost anyway.
      return quality < DEFAULT_QUALITY ? { palette: true, quality } : {}
    case 'gif':
      return {}
  }
}

/** From 1 to 85 in even steps up to the encoder's default, from there up to 100. */
function scaled(quality: number, ownDefault: number): number {
  if (quality <= DEFAULT_QUALITY) {
    return Math.round(1 + ((quality - 1) * (ownDefault - 1)) / (DEFAULT_QUALITY - 1))
  }
  const above = (quality - DEFAULT_QUALITY) / (BEST_QUALITY - DEFAULT_QUALITY)
  return Math.round(ownDefault + above * (BEST_QUALITY - ownDefault))
}
