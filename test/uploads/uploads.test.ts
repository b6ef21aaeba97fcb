import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { codeOf, SHOP } from '../library/library.ts'
import { createTestPool } from '../render/pool.ts'
import { gateStore } from '../support/gated-store.ts'
import { encode, photo, truncated } from '../support/pictures.ts'
import { ANA, BOB, context, keysIn, openMemoryBucket, openUploads, photoRequest } from '../support/uploads.ts'
import { UploadStates } from '../../src/uploads/upload-states.ts'

const pool = createTestPool()
const checks = { renderer: pool }
let file = Buffer.alloc(0)
let other = Buffer.alloc(0)
const PDF = Buffer.from('%PDF-1.7\n%%EOF\n')
const MB = 1024 * 1024

beforeAll(async () => {
  file = Buffer.from(await encode(photo(64, 48), 'jpg'))
  other = Buffer.from(await encode(photo(48, 64), 'jpg'))
})
afterAll(() => pool.close(0))

function open(choices: Partial<Parameters<typeof openUploads>[1]> = {}, limits = {}) {
  const bucket = openMemoryBucket()
  return { ...openUploads(bucket, { checks, ...choices }, limits), send: bucket.send }
}

/** A clock that stands still until it is moved. */
function clock() {
  let at = Date.parse('2026-11-22T10:00:00.000Z')
  return { now: () => new Date(at), pass: (ms: number) => void (at += ms) }
}

describe('a ticket', () => {
  it('is given though the answer to its first write was lost, and the write was repeated', async () => {
    const bucket = openMemoryBucket()
    const { store } = bucket
    const put: typeof store.put = async (key, bytes, options) => {
      const first = await store.put(key, bytes, options)
      return key.startsWith('system/uploads/') ? store.put(key, bytes, options) : first
    }
    const { uploads } = openUploads({ ...bucket, store: { ...store, put } }, { checks })
    const { uploadId } = await uploads.begin(photoRequest(file), ANA)
    expect(await new UploadStates(store).find(uploadId)).toMatchObject({ progress: { state: 'open' } })
  })

  it('is a form for one key, one type and one length where the store takes forms', async () => {
    const { now } = clock()
    const { uploads, store } = open({ now })
    const ticket = await uploads.begin(photoRequest(file), ANA)
    expect(ticket).toEqual({
      uploadId: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      method: 'POST',
      url: 'memory:form',
      fields: { key: `temp/uploads/${ticket.uploadId}/front.jpg`, 'content-type': 'image/jpeg' },
      expiresAt: '2026-11-22T10:15:00.000Z',
      maxBytes: file.length,
    })
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
  })

  it('is a PUT where it does not', async () => {
    const { uploads } = open({ abilities: async () => ({ forms: false, conditionalPuts: true }) })
    const ticket = await uploads.begin(photoRequest(file), ANA)
    expect(ticket).toMatchObject({ method: 'PUT', headers: { 'content-type': 'image/jpeg' } })
  })

  it('is for parts of 8 MB from 5 MB on, and lasts a day', async () => {
    const { now } = clock()
    const { uploads } = open({ now })
    const ticket = await uploads.begin(photoRequest(file, { bytes: 10 * MB }), ANA)
    expect(ticket).toMatchObject({
      method: 'PUT',
      partBytes: 8 * MB,
      parts: [
        { partNumber: 1, bytes: 8 * MB },
        { partNumber: 2, bytes: 2 * MB },
      ],
      arrived: [],
      expiresAt: '2026-11-23T10:00:00.000Z',
    })
    expect(await uploads.begin(photoRequest(file, { bytes: 5 * MB - 1 }), ANA)).not.toHaveProperty('parts')
  })

  it.each([
    ['for an item of somebody else', {}, BOB, 'access_denied'],
    ['for a user who is somebody else', { kind: 'profile-photo', ownerId: 'ana' }, BOB, 'access_denied'],
    ['for a slot that is not there', { photoId: 'nowhere' }, ANA, 'not_found'],
    [
      'of a server for an item that nobody owns',
      { ownerId: '77' },
      context('crm', { kind: 'server' }),
      'not_found',
    ],
    ['of a server that has the name of the owner', {}, context('ana', { kind: 'server' }), 'access_denied'],
    ['of a type that is not accepted', { contentType: 'image/svg+xml' }, ANA, 'upload_type_refused'],
  ] as const)('is not given %s', async (_, of, who, code) => {
    const { uploads, albums, store } = open()
    await albums.create('42', { owner: 'ana', access: 'public' }, { by: 'ana' })
    expect(await codeOf(uploads.begin(photoRequest(file, of), who))).toBe(code)
    expect((await keysIn(store)).filter((key) => key.includes('uploads'))).toEqual([])
  })

  it('is given to an admin, and to a server that is one', async () => {
    const { uploads, albums } = open()
    await albums.create('42', SHOP, { by: 'shop' })
    for (const kind of ['user', 'server'] as const) {
      const admin = context('root', { kind, roles: new Set(['admin']) })
      expect(await uploads.begin(photoRequest(file), admin)).toHaveProperty('uploadId')
    }
  })

  it('is not given when the item is full', async () => {
    const { uploads, send } = open({ maxPhotos: 1 })
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    await uploads.complete(ticket.uploadId, ANA)
    expect(await codeOf(uploads.begin(photoRequest(file), ANA))).toBe('limit_reached')
  })

  it('is not given where the bucket cannot be changed safely', async () => {
    const assertWritable = async () => {
      throw new GatewayError('library_read_only', 'no')
    }
    const { uploads, store } = open({ assertWritable })
    expect(await codeOf(uploads.begin(photoRequest(file), ANA))).toBe('library_read_only')
    expect(await codeOf(uploads.receive(photoRequest(file), Readable.from([file]), ANA))).toBe(
      'library_read_only',
    )
    expect(await keysIn(store)).toEqual([])
  })
})

describe('completing', () => {
  it('requirements: Flows – upload: checked at once, original stored at once, variants made afterwards', async () => {
    const { uploads, send, store, prepared, albums } = open()
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    const completed = await uploads.complete(ticket.uploadId, ANA)
    const { photos } = (await albums.find('42')) ?? {}
    const photo = photos?.[0]
    expect(completed).toEqual({ kind: 'item-photo', ownerId: '42', photo, replaced: false })
    expect(photo).toMatchObject({
      key: `items/42/photos/${photo?.photoId}/original-${ticket.uploadId}.jpg`,
      contentType: 'image/jpeg',
      bytes: file.length,
      width: 64,
      height: 48,
      fileName: 'front.jpg',
      placeholder: expect.any(String),
      dominantColour: expect.any(String),
    })
    const stored = await store.get(photo?.key ?? '')
    expect(stored.outcome === 'found' && stored.object.body.equals(file)).toBe(true)
    expect(prepared).toEqual([
      { path: `items/42/photos/${photo?.photoId}`, presets: ['thumbnail', 'medium', 'large'] },
    ])
    expect((await keysIn(store)).filter((key) => key.startsWith('temp/'))).toEqual([])
  })

  it('twice gives the same answer, and one photo; so do many at once', async () => {
    const { uploads, send, albums, store } = open()
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    const answers = await Promise.all(Array.from({ length: 5 }, () => uploads.complete(ticket.uploadId, ANA)))
    answers.push(await uploads.complete(ticket.uploadId, ANA))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect((await albums.find('42'))?.photos).toHaveLength(1)
    expect((await keysIn(store)).filter((key) => key.includes('original-'))).toHaveLength(1)
  })

  it('gives the same answer when the photo is no longer there, and does not bring it back', async () => {
    const { uploads, send, albums } = open()
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    const answer = await uploads.complete(ticket.uploadId, ANA)
    const { photoId } = ('photo' in answer && answer.photo) || { photoId: '' }
    await albums.remove('42', photoId, { by: 'ana' })
    await send(ticket, file)
    expect(await uploads.complete(ticket.uploadId, ANA)).toEqual(answer)
    expect((await albums.find('42'))?.photos).toEqual([])
  })

  it('replaces a photo in its slot', async () => {
    const { uploads, send, albums, store } = open()
    const first = await uploads.begin(photoRequest(file), ANA)
    await send(first, file)
    const before = await uploads.complete(first.uploadId, ANA)
    const photoId = 'photo' in before ? before.photo.photoId : ''
    const second = await uploads.begin(photoRequest(other, { photoId }), ANA)
    await send(second, other)
    expect(await uploads.complete(second.uploadId, ANA)).toMatchObject({
      photo: { photoId, width: 48, height: 64 },
      replaced: true,
    })
    expect((await albums.find('42'))?.photos).toHaveLength(1)
    expect((await keysIn(store)).filter((key) => key.includes('original-'))).toHaveLength(1)
  })

  it('puts a photo where it was asked for', async () => {
    const { uploads, send, albums } = open()
    for (const at of [undefined, undefined, 0]) {
      const ticket = await uploads.begin(photoRequest(file, { at, fileName: `${at ?? 'end'}.jpg` }), ANA)
      await send(ticket, file)
      await uploads.complete(ticket.uploadId, ANA)
    }
    expect((await albums.find('42'))?.photos.map(({ fileName }) => fileName)).toEqual([
      '0.jpg',
      'end.jpg',
      'end.jpg',
    ])
  })

  it('requirements: Files – profile photo: one', async () => {
    const { uploads, send, profiles, store } = open()
    const request = { kind: 'profile-photo', ownerId: 'ana' } as const
    for (const [picture, replaced] of [
      [file, false],
      [other, true],
    ] as const) {
      const ticket = await uploads.begin(photoRequest(picture, request), ANA)
      await send(ticket, picture)
      expect(await uploads.complete(ticket.uploadId, ANA)).toMatchObject({ kind: 'profile-photo', replaced })
    }
    expect((await profiles.find('ana'))?.photo).toMatchObject({ width: 48, height: 64 })
    expect((await keysIn(store)).filter((key) => key.includes('original-'))).toHaveLength(1)
  })

  it('requirements: Files – verification documents are private, and every step with one is in the audit trail', async () => {
    const { uploads, send, documents, store, entries, prepared } = open()
    const ticket = await uploads.begin(documentRequest(), ANA)
    await send(ticket, PDF)
    const completed = await uploads.complete(ticket.uploadId, ANA)
    const key = `verification/ana/passport/${ticket.uploadId}/pass.pdf`
    expect(completed).toMatchObject({ kind: 'verification-document', document: { key, type: 'passport' } })
    expect(await documents.list('ana')).toHaveLength(1)
    expect(await store.head(key)).toMatchObject({ contentType: 'application/pdf', cacheControl: 'no-store' })
    expect(await codeOf(uploads.begin(documentRequest(), BOB))).toBe('access_denied')
    expect(entries.map(({ principal, action, object }) => [principal, action, object])).toEqual([
      ['ana', 'grant', key],
      ['ana', 'create', key],
      ['bob', 'refuse', 'verification/ana'],
    ])
    expect(prepared).toEqual([])
  })

  it('waits for the file', async () => {
    const { uploads, send } = open()
    const ticket = await uploads.begin(photoRequest(file), ANA)
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('conflict')
    await send(ticket, file)
    expect(await uploads.complete(ticket.uploadId, ANA)).toHaveProperty('photo')
  })

  it('is over when the ticket has expired, and nothing is left of it', async () => {
    const { now, pass } = clock()
    const { uploads, send, store } = open({ now })
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    pass(15 * 60_000)
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('upload_gone')
    expect(await codeOf(uploads.resume(ticket.uploadId, ANA))).toBe('upload_gone')
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
  })

  it('refuses a file once and for all, tells why each time, and leaves nothing behind', async () => {
    const { uploads, send, store, albums } = open()
    const broken = truncated(file)
    const ticket = await uploads.begin(photoRequest(broken), ANA)
    await send(ticket, broken)
    const refusal = { code: 'upload_refused', message: expect.stringContaining('broken or truncated') }
    await expect(uploads.complete(ticket.uploadId, ANA)).rejects.toMatchObject(refusal)
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
    await send(ticket, file)
    await expect(uploads.complete(ticket.uploadId, ANA)).rejects.toMatchObject(refusal)
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
    expect(await albums.find('42')).toBeUndefined()
  })

  it.each([
    ['before it is checked', { maxPhotos: 1 }],
    ['when it is to be named', {}],
  ])('refuses a photo for which there is no place any more, and its file goes: %s', async (_, choices) => {
    const { uploads, send, store, albums } = open(choices, { maxPhotos: 1 })
    const tickets = [
      await uploads.begin(photoRequest(file), ANA),
      await uploads.begin(photoRequest(other), ANA),
    ] as const
    await send(tickets[0], file)
    await send(tickets[1], other)
    await uploads.complete(tickets[0].uploadId, ANA)
    const { uploadId } = tickets[1]
    expect(await codeOf(uploads.complete(uploadId, ANA))).toBe('limit_reached')
    expect(await codeOf(uploads.complete(uploadId, ANA))).toBe('limit_reached')
    expect((await albums.find('42'))?.photos).toHaveLength(1)
    const left = (await keysIn(store)).filter((key) => key.includes(uploadId))
    expect(left).toEqual([`system/uploads/${uploadId}.json`])
  })

  it('can be tried again after a failure that is not the file’s', async () => {
    const bucket = openMemoryBucket()
    const gate = gateStore(bucket.store)
    const { uploads } = openUploads({ ...bucket, store: gate.store }, { checks })
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await bucket.send(ticket, file)
    gate.setAway(true)
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('bucket_unreachable')
    gate.setAway(false)
    expect(await uploads.complete(ticket.uploadId, ANA)).toHaveProperty('photo')
  })

  it('of two who bring the first photo of an item at once, one owns it and the other leaves nothing', async () => {
    const { uploads, send, albums, store } = open()
    const both = await Promise.all(
      [ANA, BOB].map(async (who) => {
        const ticket = await uploads.begin(photoRequest(file), who)
        await send(ticket, file)
        return codeOf(uploads.complete(ticket.uploadId, who))
      }),
    )
    expect(both.filter((code) => code === 'nothing was refused')).toHaveLength(1)
    const album = await albums.find('42')
    expect(album?.photos).toHaveLength(1)
    expect((await keysIn(store)).filter((key) => key.includes('original-'))).toEqual([album?.photos[0]?.key])
  })
})

describe('overwriting what was checked', () => {
  it('between check and copy loses the upload: what was not checked is never kept', async () => {
    const { uploads, send, store, transfers } = open()
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    const copy = transfers.copy.bind(transfers)
    const overwrite: typeof transfers.copy = async (...args) => {
      await send(ticket, Buffer.from('<script>alert(1)</script>'))
      return copy(...args)
    }
    const { uploads: late } = openUploads(
      { ...openMemoryBucket(), store, transfers: { ...transfers, copy: overwrite } },
      { checks },
    )
    await expect(late.complete(ticket.uploadId, ANA)).rejects.toMatchObject({ code: 'upload_gone' })
    await expect(uploads.complete(ticket.uploadId, ANA)).rejects.toMatchObject({ code: 'upload_gone' })
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
  })
})

describe('parts', () => {
  const large = () => Buffer.concat([file, Buffer.alloc(10 * MB - file.length)])
  const request = () => photoRequest(large(), { bytes: 10 * MB })

  it('that have arrived are not asked for again', async () => {
    const { uploads, send } = open()
    const ticket = await uploads.begin(request(), ANA)
    await send(ticket, large(), (partNumber) => partNumber === 2)
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('conflict')
    const again = await uploads.resume(ticket.uploadId, ANA)
    expect(again).toMatchObject({
      uploadId: ticket.uploadId,
      arrived: [2],
      parts: [{ partNumber: 1, bytes: 8 * MB }],
    })
    await send(again, large())
    expect(await uploads.complete(ticket.uploadId, ANA)).toMatchObject({
      photo: { bytes: 10 * MB, width: 64 },
    })
  })

  it('that are no picture are refused, and gone', async () => {
    const { uploads, send, store, multiparts } = open()
    const ticket = await uploads.begin(request(), ANA)
    await send(ticket, Buffer.alloc(10 * MB))
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('upload_type_refused')
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
    for await (const pending of multiparts.pending('')) expect(pending).toBeUndefined()
  })
})

describe('aborting', () => {
  it.each([[1000], [10 * MB]])('leaves nothing of %i bytes', async (bytes) => {
    const { uploads, store, multiparts } = open()
    const ticket = await uploads.begin(photoRequest(file, { bytes }), ANA)
    await uploads.abort(ticket.uploadId, ANA)
    expect(await keysIn(store)).toEqual([])
    for await (const pending of multiparts.pending('')) expect(pending).toBeUndefined()
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('not_found')
  })

  it('comes too late for what is completed', async () => {
    const { uploads, send, albums } = open()
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await send(ticket, file)
    await uploads.complete(ticket.uploadId, ANA)
    expect(await codeOf(uploads.abort(ticket.uploadId, ANA))).toBe('upload_gone')
    expect((await albums.find('42'))?.photos).toHaveLength(1)
  })
})

describe('an upload of somebody else', () => {
  it.each(['resume', 'complete', 'abort'] as const)('cannot be got at: %s', async (verb) => {
    const { uploads, store, entries } = open()
    const { uploadId } = await uploads.begin(photoRequest(file), ANA)
    expect(await codeOf(uploads[verb](uploadId, BOB))).toBe('access_denied')
    expect(await codeOf(uploads[verb](uploadId, context('ana', { kind: 'server' })))).toBe('access_denied')
    expect(entries.map(({ principal, action }) => [principal, action])).toEqual([
      ['bob', 'refuse'],
      ['ana', 'refuse'],
    ])
    expect((await new UploadStates(store).find(uploadId))?.progress.state).toBe('open')
  })

  it.each(['', '../../items/42/album', 'A'.repeat(22), '..%2f..%2fitems'])(
    'nor one that is none: %j',
    async (id) => {
      const { uploads } = open()
      expect(await codeOf(uploads.complete(id, ANA))).toBe('not_found')
    },
  )
})

function documentRequest() {
  return {
    ...photoRequest(PDF),
    kind: 'verification-document',
    ownerId: 'ana',
    fileName: 'pass.pdf',
    contentType: 'application/pdf',
    documentType: 'passport',
  } as const
}
