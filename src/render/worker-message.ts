import { z } from 'zod'
import type { Job, JobMessage, WorkerMessage } from '../pixels/messages.ts'

const side = z.int().positive()
const bytes = z.number().nonnegative()
const milliseconds = z.number().nonnegative()

/** Of a square with opacity: six bytes of head, then 38 factors of half a byte each. */
const MAX_THUMBHASH_BYTES = 25

const facts = z.object({
  format: z.enum(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg']),
  contentType: z.enum([
    'image/jpeg',
    'image/png',
    'image/webp',
    'image/avif',
    'image/gif',
    'image/tiff',
    'image/svg+xml',
  ]),
  width: side,
  height: side,
  frames: side,
  hasAlpha: z.boolean(),
  orientation: z.int().min(1).max(8),
})

const picture = z.object({
  bytes: z.instanceof(Uint8Array),
  contentType: z.enum(['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif']),
  width: side,
  height: side,
  decodeMs: milliseconds,
  encodeMs: milliseconds,
})

const drawing = z.object({ bytes: z.instanceof(Uint8Array), cleanMs: milliseconds })
const measurement = z.object({ width: side, height: side, facts, decodeMs: milliseconds })

const words = z.string().max(256).optional()
const shot = z.object({
  make: words,
  model: words,
  lens: words,
  takenAt: words,
  exposureSeconds: z.number().optional(),
  aperture: z.number().optional(),
  iso: z.number().optional(),
  focalLengthMm: z.number().optional(),
})

const description = z.object({
  facts,
  dominantColour: z.string().regex(/^#[0-9a-f]{6}$/),
  thumbHash: z.instanceof(Uint8Array).refine(({ length }) => length <= MAX_THUMBHASH_BYTES),
  shot: shot.optional(),
  decodeMs: milliseconds,
  encodeMs: milliseconds,
})

const answer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rendered'), picture }),
  z.object({ kind: z.literal('inspected'), facts }),
  z.object({ kind: z.literal('measured'), measurement }),
  z.object({ kind: z.literal('described'), description }),
  z.object({ kind: z.literal('drawn'), drawing }),
  z.object({
    kind: z.literal('refused'),
    code: z.enum([
      'source_not_a_picture',
      'source_broken',
      'source_too_large',
      'source_overran',
      'size_not_allowed',
      'overlay_unusable',
    ]),
    message: z.string(),
  }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
])

const identity = z.object({
  epoch: z.string().regex(/^[A-Za-z0-9_-]{3}$/),
  sharp: z.string(),
  libvips: z.string(),
  formats: z.array(z.string()),
})

const workerMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), identity, rssBytes: bytes }),
  z.object({ kind: z.literal('answer'), answer, rssBytes: bytes }),
])

/**
 * Reads what a worker sent; `undefined` when it makes no sense. A codec that a picture has taken over speaks through
 * this channel, so nothing of it is believed unread: above all not the media type.
 */
export function readWorkerMessage(message: unknown): WorkerMessage | undefined {
  return workerMessage.safeParse(message).data
}

/** A job in the two forms in which it goes to a worker: what it is, and the bytes that follow. */
export function packJob({ source, ...job }: Job): { message: JobMessage; bytes: readonly Uint8Array[] } {
  const overlays = ('overlays' in job && job.overlays) || []
  const pictures = overlays.flatMap(({ picture }) => picture ?? [])
  const head =
    overlays.length === 0
      ? job
      : { ...job, overlays: overlays.map(({ name, overlay }) => ({ name, overlay })) }
  const pictureBytes = pictures.map(({ length }) => length)
  return { message: { head, sourceBytes: source.length, pictureBytes }, bytes: [source, ...pictures] }
}
