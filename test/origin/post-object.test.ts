import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exactForm, type Fields, postForm, type SignedForm, signForm } from './form-upload.ts'
import { type RawAnswer, sendSigned } from './signed-request.ts'
import { BUCKET, OTHER_KEY, OTHER_SECRET, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

describe('a form that keeps to its policy', () => {
  test('stores its file with headers, metadata and checksum', async () => {
    const { url } = await startTestOrigin()
    const stored = {
      'content-type': 'image/png',
      'cache-control': 'max-age=60',
      'content-disposition': 'inline',
      'x-amz-meta-who': 'Zoë',
      'x-amz-checksum-crc32': 'y/Q5Jg==',
    }
    const form = signForm(exactForm({ key: 'a', acl: 'private', ...stored }))
    const posted = await postForm(url, form, '123456789')
    expect([posted.status, posted.text]).toEqual([204, ''])
    const got = await get(url, 'a')
    expect(got.body.toString()).toBe('123456789')
    expect(got.headers).toMatchObject(stored)
    expect(posted.headers.get('etag')).toBe(got.headers.etag)
    expect(posted.headers.get('x-amz-checksum-crc32')).toBe('y/Q5Jg==')
    expect(posted.headers.get('location')).toBe(`${url}/${BUCKET}/a`)
  })

  test('gives its file tags', async () => {
    const { url } = await startTestOrigin()
    const tagging = '<Tagging><TagSet><Tag><Key>kind</Key><Value>photo</Value></Tag></TagSet></Tagging>'
    const posted = await postForm(url, signForm(exactForm({ key: 'a', tagging })), '123456789')
    expect([posted.status, posted.text]).toEqual([204, ''])
    const query = { tagging: '' }
    const tags = await sendSigned({ url, path: `/${BUCKET}/a`, query })
    expect(tags.body.toString()).toContain('<Tag><Key>kind</Key><Value>photo</Value></Tag>')
  })

  test('is known by whichever of the credentials', async () => {
    const { url } = await startTestOrigin()
    const other = { ...exactForm({ key: 'a' }), accessKey: OTHER_KEY, secret: OTHER_SECRET }
    expect((await postForm(url, signForm(other))).status).toBe(204)
  })

  const names: readonly [pattern: string, fileName: string, key: string][] = [
    ['${filename}', 'photo.txt', 'photo.txt'],
    ['to/${filename}', 'C:\\from\\photo.txt', 'to/photo.txt'],
    ['to/${filename}', '../../photo.txt', 'to/photo.txt'],
    ['${filename}', 'föö $&; x=.txt', 'föö $&; x=.txt'],
    ['plain', 'photo.txt', 'plain'],
  ]
  test.each(names)('%s and the file %s make the key %s', async (pattern, fileName, key) => {
    const { url } = await startTestOrigin()
    const conditions = [{ bucket: BUCKET }, ['starts-with', '$key', '']]
    const posted = await postForm(url, signForm({ conditions, fields: { key: pattern } }), 'x', fileName)
    expect(posted.status).toBe(204)
    expect((await get(url, key.split('/').map(encodeURIComponent).join('/'))).body.toString()).toBe('x')
  })

  test('replaces an object with all that belonged to it', async () => {
    const { url } = await startTestOrigin()
    await postForm(url, signForm(exactForm({ key: 'a', 'x-amz-meta-old': '1' })), 'old')
    await postForm(url, signForm(exactForm({ key: 'a' })), 'new')
    const got = await get(url, 'a')
    expect([got.body.toString(), got.headers['x-amz-meta-old']]).toEqual(['new', undefined])
  })

  test('names of fields and conditions are case-insensitive, and x-ignore- fields are ignored', async () => {
    const { url } = await startTestOrigin()
    const { key, 'content-type': type, ...rest } = signForm(exactForm({ key: 'a', 'content-type': 'a/b' }))
    const fields = { Key: key ?? '', 'Content-Type': type ?? '', 'x-ignore-me': '1', ...rest }
    expect((await postForm(url, fields)).status).toBe(204)
    expect((await get(url, 'a')).headers['content-type']).toBe('a/b')
  })

  test('of more than one piece', async () => {
    const { url } = await startTestOrigin()
    const bytes = Buffer.alloc(7_000_001, 'abc\r\n--')
    expect((await postForm(url, signForm(exactForm({ key: 'a' })), new Blob([bytes]))).status).toBe(204)
    expect((await get(url, 'a')).body.equals(bytes)).toBe(true)
  })

  test('an empty file is an empty object', async () => {
    const { url } = await startTestOrigin()
    expect((await postForm(url, signForm(exactForm({ key: 'a' })), '')).status).toBe(204)
    expect((await get(url, 'a')).headers['content-length']).toBe('0')
  })
})

describe('the answer', () => {
  test('is a document with status 201, if the form asks for it', async () => {
    const { url } = await startTestOrigin()
    const form = signForm(exactForm({ key: 'a & b/c', success_action_status: '201' }))
    const posted = await postForm(url, form)
    expect(posted.status).toBe(201)
    expect(posted.text).toContain(
      `<PostResponse><Location>${url}/${BUCKET}/a%20%26%20b/c</Location><Bucket>${BUCKET}</Bucket>` +
        `<Key>a &amp; b/c</Key><ETag>${posted.headers.get('etag')?.replaceAll('"', '&quot;')}</ETag>`,
    )
  })

  test.each([
    ['200', 200],
    ['204', 204],
    ['404', 204],
  ])('success_action_status %s is %i', async (asked, status) => {
    const { url } = await startTestOrigin()
    const form = signForm(exactForm({ key: 'a', success_action_status: asked }))
    expect((await postForm(url, form)).status).toBe(status)
  })

  test('is a redirect with bucket, key and ETag, if the form asks for it', async () => {
    const { url } = await startTestOrigin()
    const target = 'https://example.com/done?x=1#end'
    const posted = await postForm(
      url,
      signForm(exactForm({ key: 'ä/b', success_action_redirect: target, success_action_status: '201' })),
    )
    expect(posted.status).toBe(303)
    const etag = encodeURIComponent(posted.headers.get('etag') ?? '')
    expect(posted.headers.get('location')).toBe(
      `https://example.com/done?x=1&bucket=${BUCKET}&key=%C3%A4%2Fb&etag=${etag}#end`,
    )
  })

  test.each(['not an address', 'javascript:alert(1)', '//example.com', 'https://'])(
    'ignores the redirect to %s',
    async (target) => {
      const { url } = await startTestOrigin()
      const form = signForm(exactForm({ key: 'a', success_action_redirect: target }))
      expect((await postForm(url, form)).status).toBe(204)
    },
  )
})

const BASE = [{ bucket: BUCKET }, ['starts-with', '$key', 'to/']]
const KEY = { key: 'to/a' }
const NOW = new Date(Date.now() + 60_000).toISOString()

interface Refusal {
  readonly what: string
  readonly form: Partial<SignedForm>
  /** Changes the fields after they were signed. */
  readonly spoil?: (fields: Fields) => Record<string, string | undefined>
  readonly file?: string
  readonly code: string
  readonly says?: string
}

const REFUSED: readonly Refusal[] = [
  {
    what: 'a key elsewhere',
    form: { fields: { key: 'from/a' } },
    code: 'AccessDenied',
    says: 'Invalid according to Policy: Policy Condition failed: [&quot;starts-with&quot;,&quot;$key&quot;,&quot;to/&quot;]',
  },
  {
    what: 'a file name that leads elsewhere',
    form: { fields: { key: '${filename}' } },
    code: 'AccessDenied',
  },
  { what: 'another bucket', form: { conditions: [{ bucket: 'other' }, BASE[1]] }, code: 'AccessDenied' },
  {
    what: 'no condition for the bucket',
    form: { conditions: [BASE[1]] },
    code: 'AccessDenied',
    says: 'bucket',
  },
  { what: 'no condition for the key', form: { conditions: [BASE[0]] }, code: 'AccessDenied', says: 'key' },
  {
    what: 'another value',
    form: { conditions: [...BASE, { acl: 'private' }], fields: { ...KEY, acl: 'Private' } },
    code: 'AccessDenied',
  },
  {
    what: 'a field that the policy wants and the form lacks',
    form: { conditions: [...BASE, ['starts-with', '$content-type', '']] },
    code: 'AccessDenied',
  },
  {
    what: 'a content type that is only first of its kind',
    form: {
      conditions: [...BASE, ['starts-with', '$Content-Type', 'image/']],
      fields: { ...KEY, 'content-type': 'image/png, text/html' },
    },
    code: 'AccessDenied',
  },
  {
    what: 'a field that no condition covers',
    form: { fields: { ...KEY, 'x-amz-meta-a': 'b' } },
    code: 'AccessDenied',
    says: 'Extra input fields: x-amz-meta-a',
  },
  {
    what: 'a date that no condition covers',
    form: { policy: { expiration: NOW, conditions: BASE } },
    code: 'AccessDenied',
    says: 'x-amz-algorithm, x-amz-credential, x-amz-date',
  },
  { what: 'an expired policy', form: { expiresInMs: -1000 }, code: 'AccessDenied', says: 'Policy expired' },
  { what: 'a wrong secret', form: { secret: 'wrong' }, code: 'SignatureDoesNotMatch' },
  { what: 'an unknown access key', form: { accessKey: 'NOBODY' }, code: 'InvalidAccessKeyId' },
  { what: 'another region', form: { region: 'eu-west-1' }, code: 'InvalidArgument' },
  {
    what: 'a changed policy',
    form: {},
    spoil: (fields) => ({ ...fields, policy: Buffer.from('{}').toString('base64') }),
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'no policy and no signature',
    form: {},
    spoil: () => ({ ...KEY }),
    code: 'AccessDenied',
    says: 'Anonymous',
  },
  {
    what: 'no policy',
    form: {},
    spoil: (fields) => ({ ...fields, policy: undefined }),
    code: 'InvalidArgument',
  },
  {
    what: 'no signature',
    form: {},
    spoil: (fields) => ({ ...fields, 'x-amz-signature': undefined }),
    code: 'InvalidArgument',
  },
  {
    what: 'a date of another day',
    form: {},
    spoil: (fields) => ({ ...fields, 'x-amz-date': '20200101T000000Z' }),
    code: 'InvalidArgument',
  },
  {
    what: 'a session token',
    form: {},
    spoil: (fields) => ({ ...fields, 'x-amz-security-token': 'x' }),
    code: 'InvalidToken',
  },
  {
    what: 'the old signature',
    form: {},
    spoil: () => ({ ...KEY, awsaccesskeyid: 'x', policy: 'x', signature: 'x' }),
    code: 'InvalidRequest',
  },
  { what: 'no key', form: { fields: {}, conditions: BASE }, code: 'InvalidArgument' },
  { what: 'an empty key', form: { fields: { key: '' } }, code: 'InvalidArgument' },
  { what: 'a long key', form: { fields: { key: `to/${'a'.repeat(1022)}` } }, code: 'KeyTooLongError' },
  { what: 'a public acl', form: exactForm({ ...KEY, acl: 'public-read' }), code: 'NotImplemented' },
  {
    what: 'encryption that this server does not do',
    form: exactForm({ ...KEY, 'x-amz-server-side-encryption': 'AES256' }),
    code: 'NotImplemented',
  },
  {
    what: 'a checksum of other bytes',
    form: exactForm({ ...KEY, 'x-amz-checksum-sha1': '98O8HYCOBHMq32eZZczDTKeuNEE=' }),
    code: 'BadDigest',
  },
  {
    what: 'a line break in a header',
    form: exactForm({ ...KEY, 'x-amz-meta-a': 'b\r\nc' }),
    code: 'InvalidArgument',
  },
  {
    what: 'metadata without a header’s name',
    form: exactForm({ ...KEY, 'x-amz-meta-ä': 'b' }),
    code: 'InvalidArgument',
  },
  {
    what: 'too much metadata',
    form: exactForm({ ...KEY, 'x-amz-meta-a': 'b'.repeat(2100) }),
    code: 'MetadataTooLarge',
  },
  {
    what: 'too long a file',
    form: { conditions: [...BASE, ['content-length-range', 0, 7]] },
    code: 'EntityTooLarge',
  },
  {
    what: 'too short a file',
    form: { conditions: [...BASE, ['content-length-range', '9', '20']] },
    code: 'EntityTooSmall',
  },
  {
    what: 'fields of 20 KB',
    form: exactForm({ ...KEY, 'x-ignore-a': 'b'.repeat(20_400) }),
    code: 'MaxPostPreDataLengthExceededError',
  },
  ...[
    'not JSON',
    '[]',
    { conditions: BASE },
    { expiration: NOW },
    { expiration: 'soon', conditions: BASE },
    { expiration: '2030-01-01', conditions: BASE },
    { expiration: NOW, CONDITIONS: BASE },
    { expiration: NOW, conditions: BASE, more: 1 },
    { expiration: NOW, conditions: [['ends-with', '$key', 'a']] },
    { expiration: NOW, conditions: [['eq', 'key', 'a']] },
    { expiration: NOW, conditions: [['eq', '$key']] },
    { expiration: NOW, conditions: [{ key: 1 }] },
    { expiration: NOW, conditions: ['key'] },
    { expiration: NOW, conditions: [['content-length-range', 1]] },
    { expiration: NOW, conditions: [['content-length-range', -1, 1]] },
    { expiration: NOW, conditions: [['content-length-range', 'a', 1]] },
  ].map((policy) => ({
    what: `the policy ${JSON.stringify(policy)}`,
    form: { policy },
    code: 'InvalidPolicyDocument',
  })),
]

describe('what is refused, and changes nothing:', () => {
  test.each(REFUSED)('$what', async ({ form, spoil = (fields) => fields, code, says = '' }) => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const signed = spoil(signForm({ conditions: BASE, fields: KEY, ...form }))
    const fields = Object.entries(signed).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    )
    const posted = await postForm(url, Object.fromEntries(fields))
    expect([posted.code, posted.message]).toEqual([code, expect.stringContaining(says)])
    expect(readdirSync(join(directory, 'blobs'))).toEqual([])
    expect(readdirSync(join(directory, 'meta', BUCKET))).toEqual([])
  })

  test('a form to a bucket that is not there, which nobody learns without a signature', async () => {
    const { url } = await startTestOrigin({ buckets: [] })
    expect((await postForm(url, signForm(exactForm({ key: 'a' })))).code).toBe('NoSuchBucket')
    expect((await postForm(url, { key: 'a' })).code).toBe('AccessDenied')
  })

  test('a form without a file', async () => {
    const { url } = await startTestOrigin()
    const form = new FormData()
    form.append('key', 'a')
    const response = await fetch(`${url}/${BUCKET}`, { method: 'POST', body: form })
    expect(await response.text()).toContain('POST requires exactly one file upload per request.')
  })

  test('an endless file is cut off at the policy’s limit', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const form = exactForm({ key: 'a' }, [['content-length-range', 0, 1_000_000]])
    const posted = await postForm(url, signForm(form), new Blob([Buffer.alloc(6_000_000)]))
    expect(posted.code).toBe('EntityTooLarge')
    expect(posted.text).toContain('<MaxSizeAllowed>1000000</MaxSizeAllowed>')
    expect(readdirSync(join(directory, 'blobs'))).toEqual([])
  })
})

async function get(url: string, key: string): Promise<RawAnswer> {
  return sendSigned({ url, path: `/${BUCKET}/${key}`, headers: { 'x-amz-checksum-mode': 'ENABLED' } })
}
