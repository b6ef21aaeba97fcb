import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Presigner, Transfers } from '../../src/transfers/transfers.ts'
import type { Ticket } from '../../src/uploads/uploads.ts'
import { codeOf } from '../library/library.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, photo } from '../support/pictures.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { type Sent, sendForm, sendPut, sendTicket } from '../support/upload-client.ts'
import {
  ANA,
  BOB,
  keysIn,
  openOriginBucket,
  openUploads,
  photoRequest,
  type TestUploads,
} from '../support/uploads.ts'

const pool = createTestPool()
const checks = { renderer: pool }
const MB = 1024 * 1024
const PAGE = Buffer.from('<!doctype html><script>alert(document.domain)</script>')
let origin: RunningOrigin
let bucket: ReturnType<typeof openOriginBucket>
let forms: TestUploads
let puts: TestUploads
let file: Buffer

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOriginBucket(origin)
  forms = openUploads(bucket, { checks })
  puts = openUploads(bucket, { checks, abilities: async () => ({ forms: false, conditionalPuts: true }) })
  file = await encode(photo(64, 48), 'jpg')
})
afterAll(async () => {
  bucket.store.close()
  await pool.close(0)
  await origin.stop()
})

type FormTicket = Extract<Ticket, { method: 'POST' }>
type PutTicket = Extract<Ticket, { headers: unknown }>
type PartsTicket = Extract<Ticket, { parts: unknown }>

async function formTicket(of = {}): Promise<FormTicket> {
  const ticket = await forms.uploads.begin(photoRequest(file, of), ANA)
  if (!('fields' in ticket)) throw new Error('No form')
  return ticket
}

async function putTicket(of = {}): Promise<PutTicket> {
  const ticket = await puts.uploads.begin(photoRequest(file, of), ANA)
  if (!('headers' in ticket)) throw new Error('No PUT')
  return ticket
}

async function partsTicket(): Promise<PartsTicket> {
  const ticket = await puts.uploads.begin(photoRequest(file, { bytes: 9 * MB }), ANA)
  if (!('parts' in ticket)) throw new Error('No parts')
  return ticket
}

const AGE_MS = 25 * 3_600_000

/** A presigner of a day ago: its client never asks the origin for the time. */
function agedPresigner(): Presigner {
  const { presigner } = openOriginBucket(origin)
  const aDayAgo = async <T>(sign: () => Promise<T>): Promise<T> => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - AGE_MS })
    try {
      return await sign()
    } finally {
      vi.useRealTimers()
    }
  }
  return {
    form: async (what) => aDayAgo(() => presigner.form(what)),
    put: async (what) => aDayAgo(() => presigner.put(what)),
    part: async (what) => aDayAgo(() => presigner.part(what)),
    get: async (what) => aDayAgo(() => presigner.get(what)),
  }
}

/** What lies where clients can write, and in the places that they would like to reach. */
const reached = async () =>
  (await keysIn(bucket.store)).filter((key) => !/^(?:system\/uploads|items\/[^/]+\/)/.test(key))

/** The answer to a form whose policy says something else than what was signed. */
function rewrite({ url, fields }: FormTicket, change: (text: string) => string, file: Buffer): Promise<Sent> {
  const policy = Buffer.from(fields['policy'] ?? '', 'base64').toString()
  expect(change(policy)).not.toBe(policy)
  return sendForm(url, { ...fields, policy: Buffer.from(change(policy)).toString('base64') }, file)
}

const withPath = (url: string, change: (path: string) => string) => {
  const changed = new URL(url)
  changed.pathname = change(changed.pathname)
  return changed.href
}
const withQuery = (url: string, name: string, value: string) => {
  const changed = new URL(url)
  changed.searchParams.set(name, value)
  return changed.href
}

type Attack<T> = readonly [what: string, attack: (ticket: T) => Promise<Sent>]

const longer = () => Buffer.concat([file, Buffer.alloc(1)])

const ON_FORMS: readonly Attack<FormTicket>[] = [
  [
    'forged: another signature',
    ({ url, fields }) => sendForm(url, { ...fields, 'x-amz-signature': 'ab'.repeat(32) }, file),
  ],
  [
    'forged: no signature',
    ({ url, fields }) => sendForm(url, { ...fields, 'x-amz-signature': undefined }, file),
  ],
  ['forged: no policy', ({ url, fields }) => sendForm(url, { ...fields, policy: undefined }, file)],
  [
    'widened: a later end',
    (ticket) => rewrite(ticket, (text) => text.replace(/"expiration":"\d{4}/, '"expiration":"2999'), file),
  ],
  [
    'widened: more bytes',
    (ticket) => rewrite(ticket, (text) => text.replace(`${file.length}]`, '99999999]'), longer()),
  ],
  ['another key', ({ url, fields }) => sendForm(url, { ...fields, key: 'items/42/album.json' }, file)],
  [
    'a key in verification/',
    ({ url, fields }) => sendForm(url, { ...fields, key: 'verification/ana/passport/x/y.pdf' }, file),
  ],
  [
    'a key that climbs',
    ({ url, fields }) =>
      sendForm(url, { ...fields, key: `${fields['key']}/../../../../verification/x` }, file),
  ],
  [
    'a key by the name of the file',
    ({ url, fields }) => sendForm(url, { ...fields, key: 'temp/uploads/${filename}' }, file),
  ],
  [
    'another type',
    ({ url, fields }) =>
      sendForm(url, { ...fields, 'content-type': 'text/html', 'Content-Type': 'text/html' }, file),
  ],
  ['open to the public', ({ url, fields }) => sendForm(url, { ...fields, acl: 'public-read' }, file)],
  ['a byte too many', ({ url, fields }) => sendForm(url, fields, longer())],
  ['a byte too few', ({ url, fields }) => sendForm(url, fields, file.subarray(1))],
]

const ON_PUTS: readonly Attack<PutTicket>[] = [
  [
    'forged: another signature',
    ({ url, headers }) => sendPut(withQuery(url, 'X-Amz-Signature', 'ab'.repeat(32)), headers, file),
  ],
  ['forged: no signature at all', ({ url, headers }) => sendPut(url.replace(/\?.*/, ''), headers, file)],
  [
    'widened: a later end',
    ({ url, headers }) => sendPut(withQuery(url, 'X-Amz-Expires', '604800'), headers, file),
  ],
  [
    'another key',
    ({ url, headers }) =>
      sendPut(
        withPath(url, (path) => path.replace(/temp\/.*/, 'items/42/album.json')),
        headers,
        file,
      ),
  ],
  [
    'a key in verification/',
    ({ url, headers }) =>
      sendPut(
        withPath(url, (path) => path.replace('temp/', 'verification/')),
        headers,
        file,
      ),
  ],
  [
    'a key that climbs',
    ({ url, headers }) =>
      sendPut(
        withPath(url, (path) => `${path}%2f..%2f..%2fx`),
        headers,
        file,
      ),
  ],
  ['another type', ({ url, headers }) => sendPut(url, { ...headers, 'content-type': 'text/html' }, file)],
  [
    'over what is there',
    ({ url, headers }) =>
      sendPut(
        url,
        Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'if-none-match')),
        file,
      ),
  ],
  ['a byte too many', ({ url, headers }) => sendPut(url, headers, longer())],
  ['a byte too few', ({ url, headers }) => sendPut(url, headers, file.subarray(1))],
]

const part = (ticket: PartsTicket) => ticket.parts[1] ?? { url: '', bytes: 0 }

const ON_PARTS: readonly Attack<PartsTicket>[] = [
  ['a byte too many', (ticket) => sendPut(part(ticket).url, {}, Buffer.alloc(part(ticket).bytes + 1))],
  ['a byte too few', (ticket) => sendPut(part(ticket).url, {}, Buffer.alloc(part(ticket).bytes - 1))],
  ['another part', (ticket) => sendPut(withQuery(part(ticket).url, 'partNumber', '3'), {}, Buffer.alloc(MB))],
  [
    'another upload',
    (ticket) => sendPut(withQuery(part(ticket).url, 'uploadId', 'other'), {}, Buffer.alloc(MB)),
  ],
  [
    'the whole object',
    (ticket) =>
      sendPut(part(ticket).url.replace(/[?&](?:partNumber|uploadId)=[^&]*/g, ''), {}, Buffer.alloc(MB)),
  ],
]

describe('requirements: Safety – a ticket is for one key, type, length and time: the store refuses', () => {
  it.each(ON_FORMS)('of a form: %s', async (_, attack) => {
    expect(await attack(await formTicket())).toMatch(/^40[0-9] /)
    expect(await reached()).toEqual([])
  })

  it.each(ON_PUTS)('of a PUT: %s', async (_, attack) => {
    expect(await attack(await putTicket())).toMatch(/^(?:40[0-9]|411) /)
    expect(await reached()).toEqual([])
  })

  it.each(ON_PARTS)('of a part: %s', async (_, attack) => {
    const ticket = await partsTicket()
    expect(await attack(ticket)).toMatch(/^40[0-9] /)
    expect(await reached()).toEqual([])
    expect(await puts.uploads.resume(ticket.uploadId, ANA)).toMatchObject({ arrived: [] })
  })

  it.each([
    ['a form', true, 'small'],
    ['a PUT', false, 'small'],
    ['parts', false, 'large'],
  ] as const)('one that has expired: %s', async (_, takesForms, size) => {
    const { uploads } = openUploads(
      { ...bucket, presigner: agedPresigner() },
      {
        checks,
        now: () => new Date(Date.now() - AGE_MS),
        abilities: async () => ({ forms: takesForms, conditionalPuts: true }),
      },
    )
    const sent = size === 'small' ? file : Buffer.concat([file, Buffer.alloc(6 * MB)])
    const ticket = await uploads.begin(photoRequest(sent), ANA)
    expect(await sendTicket(ticket, sent)).toBe('403 AccessDenied')
    expect(await codeOf(forms.uploads.resume(ticket.uploadId, ANA))).toBe('upload_gone')
    expect(await codeOf(forms.uploads.complete(ticket.uploadId, ANA))).toBe('upload_gone')
    expect(await reached()).toEqual([])
  })

  it('a PUT a second time', async () => {
    const ticket = await putTicket()
    expect(await sendTicket(ticket, file)).toBe('stored')
    expect(await sendTicket(ticket, file)).toBe('412 PreconditionFailed')
    await puts.uploads.complete(ticket.uploadId, ANA)
  })
})

describe('what the store has let in', () => {
  it('replayed after the completion changes nothing', async () => {
    const ticket = await formTicket({ ownerId: 'replayed' })
    expect(await sendTicket(ticket, file)).toBe('stored')
    const completed = await forms.uploads.complete(ticket.uploadId, ANA)
    const before = await bucket.store.head(('photo' in completed && completed.photo.key) || '')
    const evil = Buffer.concat([PAGE, Buffer.alloc(file.length - PAGE.length)])
    expect(await sendTicket(ticket, evil)).toBe('stored')
    expect(await forms.uploads.complete(ticket.uploadId, ANA)).toEqual(completed)
    expect((await forms.albums.find('replayed'))?.photos).toHaveLength(1)
    expect(await bucket.store.head(before?.key ?? '')).toEqual(before)
    await bucket.store.delete(await reached())
  })

  it('overwritten between check and copy is not kept, checked or not', async () => {
    const evil = Buffer.concat([PAGE, Buffer.alloc(file.length - PAGE.length)])
    const ticket = await formTicket({ ownerId: 'overwritten' })
    expect(await sendTicket(ticket, file)).toBe('stored')
    const overwriting: Transfers['copy'] = async (...args) => {
      expect(await sendTicket(ticket, evil)).toBe('stored')
      return bucket.transfers.copy(...args)
    }
    const { uploads, albums } = openUploads(
      { ...bucket, transfers: { ...bucket.transfers, copy: overwriting } },
      { checks },
    )
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('upload_gone')
    expect(await albums.find('overwritten')).toBeUndefined()
    expect((await keysIn(bucket.store)).filter((key) => key.startsWith('items/overwritten'))).toEqual([])
    expect(await reached()).toEqual([])
  })

  it('is completed by nobody else', async () => {
    const ticket = await formTicket({ ownerId: 'ours' })
    expect(await sendTicket(ticket, file)).toBe('stored')
    expect(await codeOf(forms.uploads.complete(ticket.uploadId, BOB))).toBe('access_denied')
    await forms.uploads.abort(ticket.uploadId, ANA)
    expect(await reached()).toEqual([])
  })

  it('is not completed when the item has become somebody else’s meanwhile', async () => {
    const ticket = await formTicket({ ownerId: 'taken' })
    expect(await sendTicket(ticket, file)).toBe('stored')
    await forms.albums.create('taken', { owner: 'bob', access: 'public' }, { by: 'bob' })
    expect(await codeOf(forms.uploads.complete(ticket.uploadId, ANA))).toBe('access_denied')
    expect((await forms.albums.find('taken'))?.photos).toEqual([])
    expect(await reached()).toEqual([])
  })

  it.each([
    ['a page', () => PAGE, 'upload_type_refused'],
    ['a PDF', () => Buffer.from('%PDF-1.7\n%%EOF'), 'upload_type_refused'],
    [
      'a picture and an archive',
      () => Buffer.concat([file, Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]),
      'upload_refused',
    ],
    ['a picture and a page', () => Buffer.concat([file, PAGE]), 'upload_refused'],
    ['half a picture', () => file.subarray(0, file.length >> 1), 'upload_refused'],
  ])('is refused by its bytes, and gone: %s', async (_, bytes, code) => {
    const ticket = await formTicket({ ownerId: 'refused', bytes: bytes().length })
    expect(await sendTicket(ticket, bytes())).toBe('stored')
    expect(await codeOf(forms.uploads.complete(ticket.uploadId, ANA))).toBe(code)
    expect(await forms.albums.find('refused')).toBeUndefined()
    expect(await reached()).toEqual([])
  })
})
