import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { GatewayError } from '../../src/errors.ts'
import type { Albums, NewPhoto, Profiles } from '../../src/library/library.ts'
import type { Transfers } from '../../src/transfers/transfers.ts'
import type { Completed, UploadContext, UploadRequest, Uploads } from '../../src/uploads/uploads.ts'

interface UploadsTwinOptions {
  readonly transfers: Transfers
  readonly albums: Albums
  readonly profiles: Profiles
  /** Of a file. */
  readonly maxBytes: number
}

/** Uploads without a bucket of tickets: files are stored and named, and not looked into. */
export function createUploadsTwin({ transfers, albums, profiles, maxBytes }: UploadsTwinOptions): Uploads {
  const known = new Map<string, { request: UploadRequest; by: string; done?: Completed }>()

  function ticketOf(uploadId: string) {
    const head = { uploadId, expiresAt: '2026-01-02T03:04:05.000Z', maxBytes }
    return { ...head, method: 'POST' as const, url: 'https://bucket.test', fields: { key: uploadId } }
  }

  function find(uploadId: string, { principal }: UploadContext) {
    const found = known.get(uploadId)
    if (found?.by !== principal.id) throw new GatewayError('not_found', 'There is no such upload')
    return found
  }

  async function store(
    request: Omit<UploadRequest, 'bytes'>,
    body: Readable,
    { principal, signal }: UploadContext,
  ) {
    const { kind, ownerId, fileName, contentType, photoId = randomBytes(6).toString('hex') } = request
    const folder = kind === 'item-photo' ? `items/${ownerId}/photos` : `profiles/${ownerId}/photo`
    const key = `${folder}/${photoId}/original-${randomBytes(6).toString('hex')}.jpg`
    const stored = await transfers.upload(key, body, { contentType, maxBytes, signal })
    if (stored === 'conflict') throw new GatewayError('conflict', 'There is such a file')
    let bytes = 0
    const { facts } = { facts: await transfers.download(key) }
    if (facts.outcome === 'found') {
      bytes = facts.facts.bytes
      facts.body.destroy()
    }
    const photo: NewPhoto = {
      photoId,
      key,
      etag: stored.etag,
      contentType,
      bytes,
      width: 4,
      height: 3,
      addedAt: '2026-01-02T03:04:05.000Z',
      fileName,
    }
    const options = { by: principal.id, signal }
    if (kind === 'profile-photo') await profiles.setPhoto(ownerId, photo, options)
    else if (request.photoId !== undefined) await albums.replace(ownerId, photo, options)
    else {
      const ifAbsent = { owner: principal.id, access: 'public' } as const
      await albums.add(ownerId, photo, { ...options, at: request.at, ifAbsent })
    }
    const replaced = request.photoId !== undefined
    return { kind: kind === 'item-photo' ? kind : 'profile-photo', ownerId, photo, replaced } as const
  }

  return {
    async begin(request, { principal }) {
      const uploadId = randomBytes(16).toString('base64url')
      known.set(uploadId, { request, by: principal.id })
      return ticketOf(uploadId)
    },
    async resume(uploadId, context) {
      find(uploadId, context)
      return ticketOf(uploadId)
    },
    async complete(uploadId, context) {
      const upload = find(uploadId, context)
      upload.done ??= await store(upload.request, Readable.from([Buffer.from('a file')]), context)
      return upload.done
    },
    async abort(uploadId, context) {
      find(uploadId, context)
      known.delete(uploadId)
    },
    receive: store,
  }
}
