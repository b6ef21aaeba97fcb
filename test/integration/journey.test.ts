import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { document } from '../../src/api/schemas.ts'
import { readAs, tokenOf } from '../support/api.ts'
import { beginJourney, type Journey, photoOf, pictureForm, SIZES, sweepAll } from '../support/journey.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import type { BucketAddress } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'

interface Place {
  readonly name: string
  readonly open: () => Promise<BucketAddress & { stop?: () => Promise<void> }>
}

const PLACES: Place[] = [{ name: 'the origin that ships', open: startOrigin }]

// Any other server, by hand: the same variables as for the contracts.
const { S3_TEST_ENDPOINT: url, S3_TEST_BUCKET: bucket = 'halftone-test' } = process.env
if (url !== undefined) {
  const { S3_TEST_ACCESS_KEY_ID: accessKeyId = 'test', S3_TEST_SECRET_ACCESS_KEY: secretAccessKey = 'test' } =
    process.env
  PLACES.push({ name: `S3, ${url}`, open: async () => ({ url, bucket, accessKeyId, secretAccessKey }) })
}

/** Which of the colours of this test a picture shows: every encoder moves them a little. */
async function nameOf(picture: Response): Promise<string> {
  expect(picture.status).toBe(200)
  const [red = 0, green = 0, blue = 0] = await middleColour(new Uint8Array(await picture.arrayBuffer()))
  return ['red', 'green', 'blue'][[red, green, blue].findIndex((part) => part > 200)] ?? 'another'
}

describe.each(PLACES)('requirements: Flows – a journey on $name', ({ open }) => {
  let place: Awaited<ReturnType<Place['open']>>
  let journey: Journey
  let ana: string
  let red: Buffer
  let green: Buffer
  let blue: Buffer

  beforeAll(async () => {
    place = await open()
    journey = await beginJourney(place)
    ana = await tokenOf('ana')
    red = await plainJpeg('#ff0000')
    green = await plainJpeg('#00ff00')
    blue = await plainJpeg('#0000ff')
  })
  afterAll(async () => {
    await journey.close()
    await place.stop?.()
  })

  /** The usual sizes of a photo are in the bucket, though nobody has asked for them; where they are for good. */
  async function prepared(path: string): Promise<string[]> {
    const { keysUnder } = journey
    await expect.poll(async () => (await keysUnder(`img/${path}/@`)).length, WAIT).toBe(SIZES.length)
    return keysUnder(`img/${path}/@`)
  }

  test('a photo: uploaded, shown, ordered, replaced, hidden, deleted', async () => {
    const { call, uploadPhoto, itemOf, look, keysUnder, receiver } = journey
    const photo = { kind: 'item-photo', ownerId: '42' }
    const first = await uploadPhoto(ana, photo, red)
    const path = `items/42/photos/${first.photoId}`
    const old = await prepared(path)
    const shown = await Promise.all(SIZES.map(async (size) => look(first.urls[size])))
    // From the bucket, if the journal has made memory forget the photo's path meanwhile: nothing is made again.
    for (const answer of shown) expect(answer.headers.get('cache-status')).toMatch(/; hit$/)
    const locations = shown.map((answer) => answer.headers.get('content-location')?.slice(1))
    expect(new Set(locations)).toEqual(new Set(old))
    for (const answer of shown) expect(await nameOf(answer)).toBe('red')

    const second = await uploadPhoto(ana, photo, blue)
    await prepared(`items/42/photos/${second.photoId}`)
    const cover = '/img/items/42/thumbnail.webp'
    const photoIds = [second.photoId, first.photoId]
    expect((await call('PUT /items/42/order', ana, { json: { photoIds } })).status).toBe(200)
    expect(await nameOf(await look(cover))).toBe('blue')
    expect((await call('PUT /items/42/cover', ana, { json: { photoId: first.photoId } })).status).toBe(200)
    expect(await nameOf(await look(cover))).toBe('red')

    const replaced = await uploadPhoto(ana, { ...photo, photoId: first.photoId }, green)
    expect(replaced.urls).toEqual(first.urls)
    expect(await nameOf(await look(first.urls.medium))).toBe('green')
    expect(await nameOf(await look(cover))).toBe('green')
    const now = await prepared(path)
    expect(now.filter((key) => old.includes(key))).toEqual([])
    for (const key of old) {
      const answer = await look(`/${key}`)
      expect(answer.status).toBe(302)
      expect(now).toContain(answer.headers.get('location')?.slice(1))
    }

    expect((await call('PUT /items/42', ana, { json: { access: 'private' } })).status).toBe(200)
    const isHidden = { status: 404 }
    for (const hidden of [first.urls.medium, cover, ...now.map((key) => `/${key}`)])
      expect(await look(hidden), hidden).toMatchObject(isHidden)
    expect(await keysUnder('img/items/42/')).toEqual([])
    const { photos } = await itemOf(ana, '42')
    expect(photos.map(({ photoId }) => photoId)).toEqual([first.photoId, second.photoId])
    const [link = '', other = ''] = photos.map(({ urls }) => urls.medium)
    expect(await nameOf(await look(link))).toBe('green')
    expect(await nameOf(await look(other))).toBe('blue')
    await expect.poll(async () => keysUnder('private/items/42/'), WAIT).toHaveLength(2)

    expect((await call(`DELETE /items/42/photos/${first.photoId}`, ana)).status).toBe(204)
    expect((await look(link)).status).toBe(404)
    expect(await keysUnder(`private/${path}/`)).toEqual([])
    expect(await nameOf(await look(other))).toBe('blue')
    expect((await call('DELETE /items/42', ana)).status).toBe(204)
    expect((await look(other)).status).toBe(404)
    expect((await call('GET /items/42', ana)).status).toBe(404)
    await expect
      .poll(() => receiver.taken.filter(({ object }) => object === 'items/42').map(({ type }) => type), WAIT)
      .toEqual(
        ['created', 'created', 'reordered', 'reordered', 'replaced', 'deleted', 'deleted'].map(
          (what) => `media.${what}`,
        ),
      )
  }, 120_000)

  test('a profile photo: uploaded, replaced, hidden, deleted', async () => {
    const { call, uploadPhoto, look, keysUnder } = journey
    const first = await uploadPhoto(ana, { kind: 'profile-photo', ownerId: 'ana' }, red)
    const old = await prepared('profiles/ana')
    expect(await nameOf(await look(first.urls.thumbnail))).toBe('red')
    const second = await photoOf(await call('POST /profiles/ana/photo', ana, { body: pictureForm(blue) }))
    expect(second.urls).toEqual(first.urls)
    expect(await nameOf(await look(first.urls.thumbnail))).toBe('blue')
    expect((await prepared('profiles/ana')).filter((key) => old.includes(key))).toEqual([])
    expect((await call('PUT /profiles/ana', ana, { json: { access: 'private' } })).status).toBe(200)
    expect((await look(first.urls.thumbnail)).status).toBe(404)
    expect(await keysUnder('img/profiles/')).toEqual([])
    expect((await look(first.urls.thumbnail, { headers: { authorization: ana } })).status).toBe(200)
    expect((await call('DELETE /profiles/ana/photo', ana)).status).toBe(204)
    expect((await look(first.urls.thumbnail, { headers: { authorization: ana } })).status).toBe(404)
  }, 60_000)

  test('a document: uploaded, read by its owner alone, deleted', async () => {
    const { call, upload, receiver } = journey
    const pdf = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n')
    const request = { kind: 'verification-document', ownerId: 'ana', documentType: 'passport' }
    const about = { ...request, fileName: 'pass.pdf', contentType: 'application/pdf' }
    const done = await readAs(await upload(ana, about, pdf), completedDocument)
    const line = `/users/ana/documents/${done.document.fileId}`
    expect(await (await call(`GET ${line}`, ana)).text()).toBe(pdf.toString())
    expect((await call(`GET ${line}`, await tokenOf('bob'))).status).toBe(403)
    await expect.poll(() => receiver.taken.map(({ type }) => type), WAIT).toContain('document.read')
    expect((await call(`DELETE ${line}`, ana)).status).toBe(204)
    expect((await call(`GET ${line}`, ana)).status).toBe(404)
  }, 60_000)

  async function recordAt(key: string): Promise<unknown> {
    const read = await journey.store.get(key)
    return read.outcome === 'found' ? JSON.parse(read.object.body.toString()) : undefined
  }

  test('what was uploaded, shown and deleted leaves the audit trail, and records that name no file', async () => {
    const { keysUnder, stop, store } = journey
    await expect.poll(async () => keysUnder('system/events/pending/'), WAIT).toEqual([])
    expect(await stop()).toBe(0)
    const before = await keysUnder('')
    expect(before.filter((key) => /^system\/(?:purges|events\/pending)\//.test(key))).toEqual([])
    // Who may see the next photo is kept, and what has been removed, so that no late completion names it again.
    expect(before.filter((key) => !key.startsWith('system/'))).toEqual([PROFILE, DOCUMENTS])
    expect(await recordAt(PROFILE)).not.toHaveProperty('photo')
    expect(await recordAt(DOCUMENTS)).toMatchObject({ documents: [] })
    for (const report of await sweepAll(store))
      expect(report).toMatchObject({ outcome: 'finished', faults: [] })
    const after = await keysUnder('')
    expect(after.filter((key) => !LASTING.test(key))).toEqual([PROFILE, DOCUMENTS])
    expect(after.some((key) => key.startsWith('system/audit/'))).toBe(true)
  }, 60_000)
})

const PROFILE = 'profiles/ana/profile.json'
const DOCUMENTS = 'verification/ana/documents.json'
/** What a bucket keeps: the trail of who read what was private, and one small object each for journal, leases and turns. */
const LASTING =
  /^system\/(?:audit\/|journal\.json|events\/lease\.json|sweep\/(?:lease|schedule|reports\/.*)\.json)/

const WAIT = { timeout: 20_000, interval: 50 }
const completedDocument = z.object({ document })
