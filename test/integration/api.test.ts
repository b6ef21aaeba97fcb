import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createClients, createConfiguredApi } from '../../src/composition/api.ts'
import { createAccess } from '../../src/composition/identity.ts'
import { createAskedPurges } from '../../src/composition/purging.ts'
import { parseConfig } from '../../src/config.ts'
import { completed, item, ticket } from '../../src/api/schemas.ts'
import { createAuditTrail } from '../../src/audit/audit-trail.ts'
import { createEventOutbox } from '../../src/events/outbox.ts'
import { listen, type RunningServer } from '../../src/http/server.ts'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createS3Multiparts } from '../../src/transfers/s3-multiparts.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import { createS3Transfers } from '../../src/transfers/s3-transfers.ts'
import { keysUnder } from '../library/library.ts'
import { createTestPool } from '../render/pool.ts'
import { mount, readAs, TOKEN_SECRET, tokenOf } from '../support/api.ts'
import { encode, photo } from '../support/pictures.ts'
import { openUploads } from '../support/uploads.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

const pool = createTestPool()
let origin: RunningOrigin
let store: S3ObjectStore
let server: RunningServer
let owner: string
let jpeg: Buffer

beforeAll(async () => {
  origin = await startOrigin()
  const { url: endpoint, bucket, ...credentials } = origin
  store = createS3ObjectStore({ bucket, region: 'us-east-1', endpoint, credentials, forcePathStyle: true })
  const s3 = store.bucket
  const audit = createAuditTrail({ store })
  const transfers = createS3Transfers(s3, { onAbandoned: () => {} })
  const uploads = openUploads(
    { store, transfers, multiparts: createS3Multiparts(s3), presigner: createS3Presigner(s3) },
    { checks: { renderer: pool }, audit },
  )
  const config = parseConfig({
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
    HALFTONE_FORM_MAX_MB: '40',
  })
  const clients = createClients(config, { info: () => {}, warn: () => {} })
  const outbox = createEventOutbox({ store })
  const onFailure = (error: unknown) => {
    throw error
  }
  const purges = createAskedPurges(config, { store, clock: { now: Date.now }, onFailure })
  const parts = { ...uploads, ...createAccess(config), ...clients, audit, outbox, purges }
  const api = createConfiguredApi(config, parts)
  server = await listen(mount(api), { host: '127.0.0.1', port: 0 })
  owner = await tokenOf('ana')
  jpeg = Buffer.from(await encode(photo(640, 480), 'jpg'))
})

afterAll(async () => {
  await server.close(1_000)
  await pool.close(0)
  store.close()
  await origin.stop()
})

async function call(line: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
  const [method = 'GET', path = ''] = line.split(' ')
  const { json, ...rest } = init
  return fetch(`${server.url}/api/v1${path}`, {
    ...rest,
    method,
    headers: {
      authorization: owner,
      ...(json !== undefined && { 'content-type': 'application/json' }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })
}

function form(file: Uint8Array<ArrayBuffer>, name = 'photo.jpg'): FormData {
  const form = new FormData()
  form.append('file', new Blob([file], { type: 'image/jpeg' }), name)
  return form
}

async function uploadByTicket(request: object, file: Uint8Array<ArrayBuffer>): Promise<Response> {
  const issued = await readAs(await call('POST /uploads', { json: request }), ticket)
  if (!('fields' in issued)) throw new Error('A form was expected')
  const body = new FormData()
  for (const [name, value] of Object.entries(issued.fields)) body.append(name, value)
  body.append('file', new Blob([file]))
  const sent = await fetch(issued.url, { method: 'POST', body })
  expect(sent.ok).toBe(true)
  return call(`POST /uploads/${issued.uploadId}/complete`)
}

const files = async () => (await keysUnder(store, '')).filter((key) => !key.startsWith('system/'))

describe('requirements: Flows – over sockets, from the ticket to the last byte', () => {
  test('uploaded, shown, replaced, reordered, read and deleted: nothing is left', async () => {
    const request = {
      kind: 'item-photo',
      ownerId: '42',
      fileName: 'front.jpg',
      contentType: 'image/jpeg',
      bytes: jpeg.length,
      sha256: createHash('sha256').update(jpeg).digest('hex'),
    }
    const first = await readAs(await uploadByTicket(request, Uint8Array.from(jpeg)), completed)
    if (!('photo' in first)) throw new Error('A photo was expected')
    expect(first.photo).toMatchObject({ width: 640, height: 480, bytes: jpeg.length, fileName: 'front.jpg' })
    expect(first.photo.placeholder).toMatch(/^[A-Za-z0-9+/]+=*$/)
    expect(first.photo.dominantColour).toMatch(/^#[0-9a-f]{6}$/)

    const added = await call('POST /items/42/photos', { body: form(Uint8Array.from(jpeg), 'Käse.jpg') })
    expect(added.status).toBe(201)
    const { photos } = await readAs(await call('GET /items/42'), item)
    expect(photos.map(({ fileName }) => fileName)).toEqual(['front.jpg', 'Käse.jpg'])

    const png = Uint8Array.from(Buffer.from(await encode(photo(64, 48), 'png')))
    const slot = `/items/42/photos/${first.photo.photoId}`
    const body = new FormData()
    body.append('file', new Blob([png], { type: 'image/png' }), 'new.png')
    expect((await call(`PUT ${slot}`, { body })).status).toBe(200)
    const photoIds = photos.map(({ photoId }) => photoId).toReversed()
    const ordered = await readAs(await call('PUT /items/42/order', { json: { photoIds } }), item)
    expect(ordered.photos.map(({ contentType }) => contentType)).toEqual(['image/jpeg', 'image/png'])

    const original = await call(`GET ${slot}/original`)
    expect(Buffer.from(await original.arrayBuffer()).equals(Buffer.from(png))).toBe(true)
    const part = await fetch(`${server.url}/api/v1${slot}/original`, {
      headers: { authorization: owner, range: 'bytes=10-19' },
    })
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([
      206,
      Buffer.from(png.subarray(10, 20)),
    ])

    expect((await call('DELETE /items/42')).status).toBe(204)
    expect(await files()).toEqual([])
  })

  test('a document is read by its owner, and the reading stands in trail and outbox', async () => {
    const pdf = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n')
    const request = {
      kind: 'verification-document',
      ownerId: 'ana',
      fileName: 'pass.pdf',
      contentType: 'application/pdf',
      bytes: pdf.length,
      documentType: 'passport',
    }
    const done = await readAs(await uploadByTicket(request, Uint8Array.from(pdf)), completed)
    if (!('document' in done)) throw new Error('A document was expected')
    const file = await fetch(`${server.url}${done.document.url}`, { headers: { authorization: owner } })
    expect([file.status, await file.text()]).toEqual([200, pdf.toString()])
    const events = await Promise.all(
      (await keysUnder(store, 'system/events/')).map(async (key) => {
        const found = await store.get(key)
        return found.outcome === 'found' ? found.object.body.toString() : ''
      }),
    )
    expect(events.filter((text) => text.includes('document.read'))).toHaveLength(1)
    expect(await keysUnder(store, 'system/audit/')).not.toEqual([])
    const { fileId } = done.document
    expect((await call(`DELETE /users/ana/documents/${fileId}`)).status).toBe(204)
    expect(await keysUnder(store, `verification/ana/passport/`)).toEqual([])
  })
})

const hasCurl = spawnSync('curl', ['--version']).status === 0
if (!hasCurl) console.warn('Skipped: the commands of docs/api.md need curl')

test.skipIf(!hasCurl)('the commands of docs/api.md do what they say', async () => {
  const [, script = ''] = /```sh\n(.*?)```/s.exec(readFileSync('docs/api.md', 'utf8')) ?? []
  const dir = await mkdtemp(join(tmpdir(), 'halftone-api-'))
  onTestFinished(async () => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'photo.jpg'), jpeg)
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
    cwd: dir,
    env: { PATH: process.env['PATH'], API: `${server.url}/api/v1`, TOKEN: owner.replace('Bearer ', '') },
  })
  expect(stdout).toContain('"uploadId"')
  expect(stdout).toContain('/img/items/bicycle/photos/')
  expect(stdout).toMatch(/large\.webp\?expires=\d+&access=/)
  expect(await keysUnder(store, 'items/bicycle/')).toEqual([])
})

describe('forms over sockets', () => {
  const problem = z.object({ code: z.string() })

  test('a file too large for its kind is told so while it is still on its way, and nothing stays', async () => {
    const before = await files()
    const answer = await call('POST /items/43/photos', { body: form(new Uint8Array(30e6)) })
    expect([answer.status, (await readAs(answer, problem)).code]).toEqual([413, 'upload_too_large'])
    expect(await files()).toEqual(before)
  })

  test('a client that leaves in the middle leaves nothing behind, and the server goes on', async () => {
    const before = await files()
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const head = '--B\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    socket.write(
      `POST /api/v1/items/43/photos HTTP/1.1\r\nhost: test\r\nauthorization: ${owner}\r\n` +
        `content-type: multipart/form-data; boundary=B\r\ncontent-length: 100000\r\n\r\n${head}`,
    )
    socket.write(jpeg.subarray(0, 1_000))
    socket.destroy()
    await once(socket, 'close')
    const noisy = Uint8Array.from(Buffer.from(await encode(photo(320, 240), 'jpg')))
    expect((await call('POST /items/44/photos', { body: form(noisy) })).status).toBe(201)
    expect((await call('DELETE /items/44')).status).toBe(204)
    await expect.poll(files).toEqual(before)
  })
})
