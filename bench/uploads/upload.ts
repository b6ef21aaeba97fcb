import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Contest } from '../contest.ts'
import { sideBySide } from '../contest.ts'
import { benchPhoto, phonePhoto } from '../pictures.ts'
import type { Stage } from '../stage.ts'
import { oneByOne, takeTurn } from '../turn.ts'
import { openSite, type Site } from './site.ts'

const signed = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })
const ticketSchema = z.object({
  uploadId: z.string(),
  url: z.string().optional(),
  fields: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  partBytes: z.int().optional(),
  parts: z.array(signed).optional(),
})
const completedSchema = z.object({ photo: z.object({ photoId: z.string(), bytes: z.int() }) })

export interface UploadOptions {
  /** By a ticket straight to the bucket, or as a form through the gateway. */
  readonly way: 'direct' | 'through'
  /** Uploads at once; of many each is a smaller photo, of 1 MB. */
  readonly concurrency: number
}

/** Photos as a phone takes them, until they are checked, decoded and named by a record; the bare side only stores them. */
export function openUpload({ way, concurrency }: UploadOptions): (stage: Stage) => Promise<Contest> {
  return async (stage) => {
    const site = await openSite(stage)
    const photo = concurrency === 1 ? await phonePhoto(1) : Buffer.from(await benchPhoto(1))
    const send = way === 'direct' ? sendDirect : sendThrough
    return {
      ...sideBySide(
        (seconds) => takeTurn(limitsOf(concurrency, seconds), () => send(site, photo)),
        (seconds) => takeTurn(limitsOf(concurrency, seconds), () => storeBare(site, photo)),
      ),
      rssMb: async () => (await site.gateway.metrics()).rssMb,
      close: () => site.close(),
    }
  }
}

/** One by one for the whole turn, or so many at once and then no more. */
function limitsOf(concurrency: number, seconds: number) {
  return concurrency === 1 ? oneByOne(seconds) : { concurrency, seconds, calls: concurrency }
}

async function sendDirect(site: Site, photo: Buffer<ArrayBuffer>): Promise<boolean> {
  const { photo: named } = await addPhoto(site, photo)
  return named.bytes === photo.length
}

/** Uploads a photo with a ticket, as the first one of an item of its own. */
export async function addPhoto(
  site: Site,
  photo: Buffer<ArrayBuffer>,
): Promise<{ ownerId: string; photo: z.infer<typeof completedSchema>['photo'] }> {
  const ownerId = `bench-${randomUUID()}`
  const request = {
    kind: 'item-photo',
    ownerId,
    fileName: 'photo.jpg',
    contentType: 'image/jpeg',
    bytes: photo.length,
  }
  const ticket = await site.call(ticketSchema, '/uploads', asJson(request))
  await redeem(ticket, photo)
  const completed = await site.call(completedSchema, `/uploads/${ticket.uploadId}/complete`, asJson({}))
  return { ownerId, photo: completed.photo }
}

/** Sends the bytes as the ticket says: as a form, whole, or in parts, all at once. */
async function redeem(ticket: z.infer<typeof ticketSchema>, photo: Buffer<ArrayBuffer>): Promise<void> {
  const { url = '', fields, headers = {}, parts, partBytes = photo.length } = ticket
  if (fields !== undefined) {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', new Blob([photo]))
    return send(url, { method: 'POST', body: form })
  }
  const puts = (parts ?? [{ url, headers }]).map(async (part, index) => {
    const body = photo.subarray(index * partBytes, (index + 1) * partBytes)
    return send(part.url, { method: 'PUT', headers: part.headers, body })
  })
  await Promise.all(puts)
}

async function send(url: string, init: RequestInit): Promise<void> {
  const answer = await fetch(url, init)
  if (!answer.ok) throw new Error(`the bucket: ${answer.status} ${await answer.text()}`)
}

async function sendThrough(site: Site, photo: Buffer<ArrayBuffer>): Promise<boolean> {
  const form = new FormData()
  form.append('file', new Blob([photo], { type: 'image/jpeg' }), 'photo.jpg')
  const itemId = `bench-${randomUUID()}`
  const sent = await site.call(completedSchema, `/items/${itemId}/photos`, { method: 'POST', body: form })
  return sent.photo.bytes === photo.length
}

async function storeBare(site: Site, photo: Buffer<ArrayBuffer>): Promise<boolean> {
  const put = await site.bucket.put(`items/bare/${randomUUID()}.jpg`, photo, { contentType: 'image/jpeg' })
  return put.outcome === 'stored'
}

function asJson(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
