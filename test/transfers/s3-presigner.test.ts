import { describe, expect, test } from 'vitest'
import type { S3Options } from '../../src/storage/s3-client.ts'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createS3Multiparts } from '../../src/transfers/s3-multiparts.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import type { SignedForm, SignedRequest } from '../../src/transfers/transfers.ts'
import { startBucket } from './origin-bucket.ts'

const key = 'temp/uploads/u1/a photo +ä.jpg'
const jpeg = { contentType: 'image/jpeg' }
const expiresInS = 60
const picture = 'a picture'
const length = picture.length

async function start() {
  const { url, store, bucket } = await startBucket()
  return { url, store, bucket, presigner: createS3Presigner(bucket) }
}

/** A presigner that nobody is asked by. */
function unconnected(options: Partial<S3Options> = {}, publicEndpoint?: string) {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token/+=' }
  const store = createS3ObjectStore({ bucket: 'pictures', region: 'eu-central-1', credentials, ...options })
  return createS3Presigner(store.bucket, publicEndpoint)
}

const signedNames = ({ url }: SignedRequest) =>
  new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';').toSorted()

/** What a client sends, and may change. */
const send = async ({ method, url, headers }: SignedRequest, body: string, changes = {}) => {
  const all = Object.entries<string>({ ...headers, ...changes }).filter(([, value]) => value !== '')
  const answer = await fetch(url, { method, headers: Object.fromEntries(all), body })
  await answer.arrayBuffer()
  return answer.status
}

async function post({ url, fields }: SignedForm, file: string, changes: Record<string, string> = {}) {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...fields, ...changes }))
    if (value !== '') form.append(name, value)
  form.append('file', new Blob([file]), 'photo.jpg')
  const answer = await fetch(url, { method: 'POST', body: form })
  return { status: answer.status, code: /<Code>(\w+)/.exec(await answer.text())?.[1] }
}

describe('requirements: Storage – signed URLs: a PUT', () => {
  test('stores what was permitted, with all its headers', async () => {
    const { store, presigner } = await start()
    const headers = {
      ...jpeg,
      cacheControl: 'no-store',
      contentDisposition: 'inline',
      metadata: { upload: 'u1' },
    }
    const signed = await presigner.put({ key, expiresInS, bytes: length, ...headers })
    expect(signedNames(signed)).toEqual(['content-length', 'host', ...Object.keys(signed.headers)].toSorted())
    expect(await send(signed, picture)).toBe(200)
    expect(await store.head(key)).toMatchObject({
      ...jpeg,
      bytes: length,
      cacheControl: 'no-store',
      metadata: { upload: 'u1', halftone: 'v=1' },
    })
  })

  test('stores once, unless it may overwrite', async () => {
    const { store, presigner } = await start()
    const what = { key, expiresInS, bytes: length, ...jpeg }
    const signed = await presigner.put(what)
    expect([await send(signed, picture), await send(signed, 'b picture')]).toEqual([200, 412])
    expect(await store.get(key)).toMatchObject({ object: { body: Buffer.from(picture) } })
    const again = await presigner.put({ ...what, overwrites: true })
    expect(again.headers).not.toHaveProperty('if-none-match')
    expect([await send(again, picture), await send(again, 'b picture')]).toEqual([200, 200])
  })

  test.each([
    ['a byte more', `${picture}!`, {}],
    ['a byte less', picture.slice(1), {}],
    ['another type', picture, { 'content-type': 'text/html' }],
    ['no condition', picture, { 'if-none-match': '' }],
    ['another stamp', picture, { 'x-amz-meta-halftone': 'v=1;crc32=00000000' }],
    ['no stamp', picture, { 'x-amz-meta-halftone': '' }],
    ['metadata of its own', picture, { 'x-amz-meta-cache-tag': 'item:1' }],
  ])('refuses %s', async (_what, body, changes) => {
    const { store, presigner } = await start()
    const signed = await presigner.put({ key, expiresInS, bytes: length, ...jpeg })
    expect(await send(signed, body, changes)).toBe(403)
    expect(await store.head(key)).toBeUndefined()
  })

  test.each([
    ['another key', (url: string) => url.replace('/u1/', '/u2/')],
    ['a later expiry', (url: string) => url.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000')],
    [
      'another signature',
      (url: string) => url.replace(/(Signature=)(.)/, (_, a, b) => `${a}${b === '0' ? 1 : 0}`),
    ],
  ])('refuses %s', async (_what, forge) => {
    const { presigner } = await start()
    const signed = await presigner.put({ key, expiresInS, bytes: length, ...jpeg })
    const url = forge(signed.url)
    expect(url).not.toBe(signed.url)
    expect(await send({ ...signed, url }, picture)).toBe(403)
  })
})

describe('requirements: Storage – signed URLs: a form', () => {
  const range = { minBytes: 2, maxBytes: length }

  test('stores what was permitted, with all its headers', async () => {
    const { store, presigner } = await start()
    const headers = { ...jpeg, cacheControl: 'no-store', metadata: { upload: 'u1' } }
    const signed = await presigner.form({ key, expiresInS, ...range, ...headers })
    expect(await post(signed, picture)).toMatchObject({ status: 204 })
    expect(await store.head(key)).toMatchObject({
      ...jpeg,
      bytes: length,
      cacheControl: 'no-store',
      metadata: { upload: 'u1', halftone: 'v=1' },
    })
  })

  test.each([
    ['a byte more', `${picture}!`, {}, 'EntityTooLarge'],
    ['less than the least', 'a', {}, 'EntityTooSmall'],
    ['another key', picture, { key: 'items/42/album.json' }, 'AccessDenied'],
    ['another type', picture, { 'content-type': 'text/html' }, 'AccessDenied'],
    ['no type', picture, { 'content-type': '' }, 'AccessDenied'],
    ['another stamp', picture, { 'x-amz-meta-halftone': 'v=1;crc32=00000000' }, 'AccessDenied'],
    ['metadata of its own', picture, { 'x-amz-meta-cache-tag': 'item:1' }, 'AccessDenied'],
    ['a wider policy', picture, { policy: Buffer.from('{}').toString('base64') }, 'SignatureDoesNotMatch'],
  ])('refuses %s', async (_what, file, changes, code) => {
    const { store, presigner } = await start()
    const signed = await presigner.form({ key, expiresInS, ...range, ...jpeg })
    expect((await post(signed, file, changes)).code).toBe(code)
    expect(await store.head(key)).toBeUndefined()
    expect(await store.head('items/42/album.json')).toBeUndefined()
  })

  test('has no key that the client completes', async () => {
    const form = unconnected().form({ key: 'temp/${filename}', expiresInS, ...range, ...jpeg })
    await expect(form).rejects.toThrow(TypeError)
  })
})

describe('signed URLs of parts and reads', () => {
  test('a part is of exactly its length and number', async () => {
    const { bucket, presigner } = await start()
    const uploadId = await createS3Multiparts(bucket).begin(key, jpeg)
    const signed = await presigner.part({ key, uploadId, partNumber: 1, bytes: length, expiresInS })
    expect(signedNames(signed)).toEqual(['content-length', 'host'])
    expect(await send(signed, `${picture}!`)).toBe(403)
    const other = signed.url.replace('partNumber=1', 'partNumber=2')
    expect(await send({ ...signed, url: other }, picture)).toBe(403)
    expect(await createS3Multiparts(bucket).list(key, uploadId)).toEqual([])
    expect(await send(signed, picture)).toBe(200)
  })

  test('a read names the file that a browser saves', async () => {
    const { store, presigner } = await start()
    await store.put(key, Buffer.from(picture), jpeg)
    const contentDisposition = `attachment; filename*=UTF-8''%C3%A4.jpg`
    const { url } = await presigner.get({ key, expiresInS, contentDisposition })
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([200, picture])
    expect(answer.headers.get('content-disposition')).toBe(contentDisposition)
  })
})

describe('where and how permissions are signed', () => {
  const everything = async (presigner: ReturnType<typeof unconnected>) => [
    (await presigner.put({ key: 'a', expiresInS, bytes: 1, ...jpeg })).url,
    (await presigner.part({ key: 'a', expiresInS, uploadId: 'u', partNumber: 1, bytes: 1 })).url,
    (await presigner.get({ key: 'a', expiresInS })).url,
    (await presigner.form({ key: 'a', expiresInS, minBytes: 0, maxBytes: 1, ...jpeg })).url,
  ]
  const places = (urls: readonly string[]) =>
    new Set(urls.map((url) => url.replace(/(?:\/a)?(?:\?.*)?$/, '')))

  test.each([
    ['AWS, by host name', {}, undefined, 'https://pictures.s3.eu-central-1.amazonaws.com'],
    ['AWS, by path', { forcePathStyle: true }, undefined, 'https://s3.eu-central-1.amazonaws.com/pictures'],
    [
      'the endpoint that clients reach',
      { endpoint: 'http://store:9000', forcePathStyle: true },
      'https://s3.example.com:8443',
      'https://s3.example.com:8443/pictures',
    ],
  ])('at %s', async (_what, options, publicEndpoint, expected) => {
    const urls = (await everything(unconnected(options, publicEndpoint))).map((url) => url.replace(/\/$/, ''))
    expect(places(urls)).toEqual(new Set([expected]))
  })

  test('without a checksum of the body that is yet to come', async () => {
    for (const publicEndpoint of [undefined, 'https://s3.example.com']) {
      const urls = await everything(unconnected({}, publicEndpoint))
      expect(urls.join('\n')).not.toMatch(/checksum/i)
    }
  })

  test('with the token of temporary credentials', async () => {
    const { fields } = await unconnected().form({ key: 'a', expiresInS, minBytes: 0, maxBytes: 1, ...jpeg })
    expect(fields).toMatchObject({
      'x-amz-security-token': 'token/+=',
      'x-amz-credential': expect.stringMatching(/^id\/\d{8}\/eu-central-1\/s3\/aws4_request$/),
    })
    const policy: { conditions: unknown[] } = JSON.parse(
      String(Buffer.from(fields['policy'] ?? '', 'base64')),
    )
    expect(policy.conditions).toContainEqual(['eq', '$x-amz-security-token', 'token/+='])
  })

  test('requirements: Safety – encryption at rest asked for: also of what others upload', async () => {
    const presigner = unconnected({ encryption: { by: 'kms', keyId: 'alias/pictures' } })
    const asked = {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/pictures',
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    }
    const put = await presigner.put({ key: 'a', expiresInS, bytes: 1, ...jpeg })
    expect(put.headers).toMatchObject(asked)
    expect(signedNames(put)).toEqual(expect.arrayContaining(Object.keys(asked)))
    const { fields } = await presigner.form({ key: 'a', expiresInS, minBytes: 0, maxBytes: 1, ...jpeg })
    expect(fields).toMatchObject(asked)
  })

  test.each([0, 0.5, 604_801, Number.NaN])('not for %s seconds', async (expiresInS) => {
    const presigner = unconnected()
    await expect(presigner.get({ key: 'a', expiresInS })).rejects.toThrow(TypeError)
    await expect(presigner.put({ key: 'a', expiresInS, bytes: 1, ...jpeg })).rejects.toThrow(TypeError)
  })
})
