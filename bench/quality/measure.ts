import sharp, { type Sharp } from 'sharp'
import type { Content } from '../../src/pixels/colours.ts'
import { keepsAlpha } from '../../src/pixels/encoders.ts'
import type { OutputFormat } from '../../src/transform/spec.ts'
import type { Resized } from './pictures.ts'
import type { Scorer } from './scorer.ts'
import { type Series, SERIES, SERVED } from './series.ts'

/** What one setting made of one picture. */
export interface Measurement {
  readonly picture: string
  readonly kind: Content
  readonly series: string
  readonly format: OutputFormat
  readonly setting: string
  readonly pixels: number
  readonly bytes: number
  /** Processor time of the encoder, the least of some tries. */
  readonly cpuMs: number
  /** SSIMULACRA2 against the raw pixels that were encoded. */
  readonly score: number
}

/** Encodings that are timed; the fastest counts, since other programs only ever make one slower. */
const TRIES = 2

/** Encodes and scores one picture by every series of its kind whose name contains one of `wanted`, and as served. */
export async function measure(
  picture: Resized,
  scorer: Scorer,
  wanted: readonly string[],
): Promise<Measurement[]> {
  const measured: Measurement[] = []
  for (const series of [...SERVED, ...SERIES[picture.kind].filter((series) => isWanted(series, wanted))]) {
    for (const { label, encode } of series.settings) {
      const { bytes, cpuMs } = await timed(picture, series, encode)
      const { name, kind, pixels } = picture
      measured.push({
        picture: name,
        kind,
        series: series.name,
        format: series.format,
        setting: label,
        pixels: pixels.width * pixels.height,
        bytes: bytes.length,
        cpuMs,
        score: await scorer.score(pixels, bytes),
      })
    }
  }
  return measured
}

function isWanted({ name }: Series, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((part) => name.includes(part))
}

async function timed({ pixels }: Resized, { format }: Series, encode: (pipeline: Sharp) => Sharp) {
  const { data, info } = await opaqueFor(format, sharp(pixels.data, { raw: pixels }))
    .raw()
    .toBuffer({ resolveWithObject: true })
  let bytes = Buffer.alloc(0)
  let cpuMs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const before = process.cpuUsage()
    bytes = await encode(sharp(data, { raw: info })).toBuffer()
    const { user, system } = process.cpuUsage(before)
    cpuMs = Math.min(cpuMs, (user + system) / 1000)
  }
  return { bytes, cpuMs }
}

/** On white, as the scorer lays it, where the format has no transparency. */
function opaqueFor(format: OutputFormat, pipeline: Sharp): Sharp {
  return keepsAlpha(format) ? pipeline : pipeline.flatten({ background: '#fff' })
}
