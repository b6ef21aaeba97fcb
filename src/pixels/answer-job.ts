import sharp from 'sharp'
import { cleanDrawing, isGzipped } from '../drawing/clean-drawing.ts'
import { GatewayError, isVerdict } from '../errors.ts'
import { describePicture, measurePicture } from './describe.ts'
import { currentEpoch } from './encoders.ts'
import { inspectPicture } from './inspect.ts'
import type { Answer, Drawing, DrawJob, Identity, Job } from './messages.ts'
import { renderPicture } from './render.ts'
import { readSignature, SOURCE_FORMATS } from './signature.ts'

/** What libvips calls the decoders that we need; all others stay blocked. */
const LOADERS = ['Jpeg', 'Uhdr', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff', 'Svg']

/** Does one job. Never throws: what went wrong is an answer too. */
export async function answerJob(job: Job): Promise<Answer> {
  try {
    if (job.kind === 'inspect') {
      return { kind: 'inspected', facts: await inspectPicture(job.source, job.limits) }
    }
    if (job.kind === 'render') return { kind: 'rendered', picture: await renderPicture(job) }
    if (job.kind === 'draw') return { kind: 'drawn', drawing: await draw(job) }
    if (job.kind === 'measure') return { kind: 'measured', measurement: await measurePicture(job) }
    return { kind: 'described', description: await describePicture(job) }
  } catch (error) {
    return failure(error)
  }
}

/** What this process can do, and the epoch of its encoders. */
export function identify(): Identity {
  return {
    epoch: currentEpoch(),
    sharp: sharp.versions.sharp ?? 'unknown',
    libvips: sharp.versions.vips,
    formats: SOURCE_FORMATS,
  }
}

/** Sets libvips up for untrusted pictures: no cache, one thread a picture, and the loaders that we need alone. */
export function hardenSharp(): void {
  sharp.cache(false)
  // Not left to sharp's default: with MALLOC_ARENA_MAX or jemalloc that is the number of cores.
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: LOADERS.map((name) => `VipsForeignLoad${name}`),
  })
}

async function draw({ source, limits }: DrawJob): Promise<Drawing> {
  const startedAt = performance.now()
  refusePixels(source)
  const bytes = await cleanDrawing(source, limits.maxSourceBytes)
  return { bytes, cleanMs: performance.now() - startedAt }
}

/** What is known to be something else is called by its name; what looks like markup, or is packed, is read. */
function refusePixels(source: Uint8Array): void {
  const signature = readSignature(source)
  if (isGzipped(source) || ('format' in signature && signature.format === 'svg')) return
  const found = 'format' in signature ? `a ${signature.format.toUpperCase()}` : signature.other
  if (found === 'an XML document' || found === 'no picture that we know') return
  throw new GatewayError(
    'source_not_a_picture',
    `The source is ${found}; only an SVG can be had as a drawing`,
  )
}

function failure(error: unknown): Answer {
  if (isVerdict(error)) return { kind: 'refused', code: error.code, message: error.message }
  if (
    error instanceof GatewayError &&
    (error.code === 'size_not_allowed' || error.code === 'overlay_unusable')
  ) {
    return { kind: 'refused', code: error.code, message: error.message }
  }
  return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
