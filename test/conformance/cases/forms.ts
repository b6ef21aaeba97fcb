import { expect } from 'vitest'
import { type Fields, signForm } from '../../origin/form-upload.ts'
import type { Case, Subject } from '../subject.ts'

interface Form {
  /** Beside the key; each is covered by a condition of its very value. */
  readonly fields?: Fields
  /** More fields, which no condition covers. */
  readonly uncovered?: Fields
  readonly conditions?: readonly unknown[]
  readonly expiresInMs?: number
  readonly secret?: string
  readonly file?: string
}

interface Posted {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly code: string | undefined
}

/** Forms that a browser posts, with a signed policy. */
export const FORM_CASES: readonly Case[] = [
  {
    name: 'a form stores its file with type and metadata, and answers 204 with an ETag',
    async run(s) {
      const posted = await post(s, {
        fields: { 'Content-Type': 'image/png', 'x-amz-meta-note': 'from a form' },
      })
      expect([posted.status, posted.text]).toEqual([204, ''])
      const { body, headers } = await s.get('a')
      expect([body.toString(), headers['content-type'], headers['x-amz-meta-note']]).toEqual([
        'the file',
        'image/png',
        'from a form',
      ])
      expect(posted.headers.get('etag')).toBe(headers.etag)
    },
  },
  {
    name: 'a form that asks for status 201 gets a document',
    async run(s) {
      const { status, text } = await post(s, { fields: { success_action_status: '201' } })
      expect(status).toBe(201)
      expect(text).toContain(`<Bucket>${s.bucket}</Bucket>`)
      expect(text).toContain(`<Key>${s.key()}</Key>`)
      expect(text).toMatch(/<ETag>(?:"|&quot;)[0-9a-f]{32}(?:"|&quot;)<\/ETag>/)
    },
  },
  {
    name: 'a form that asks for a redirect is sent there with bucket, key and ETag',
    async run(s) {
      const { status, headers } = await post(s, {
        fields: { success_action_redirect: 'https://example.com/done?a=1' },
      })
      const { origin, searchParams } = new URL(headers.get('location') ?? '')
      const told = ['a', 'bucket', 'key', 'etag'].map((name) => searchParams.get(name))
      expect([status, origin]).toEqual([303, 'https://example.com'])
      expect(told).toEqual(['1', s.bucket, s.key(), (await s.head('a')).headers.etag])
    },
  },
  {
    name: '${filename} in the key of a form is the name of its file',
    async run(s) {
      const key = `${s.prefix}\${filename}`
      const posted = await post(s, { conditions: [['starts-with', '$key', s.prefix]], uncovered: { key } })
      expect(posted.status).toBe(204)
      expect((await s.get('photo.txt')).body.toString()).toBe('the file')
    },
  },
  refused('whose policy is over', { expiresInMs: -60_000 }, 'AccessDenied', 403),
  refused(
    'with a field that no condition covers',
    { uncovered: { 'x-amz-meta-b': '1' } },
    'AccessDenied',
    403,
  ),
  refused(
    'with a value that its condition does not allow',
    { conditions: [['starts-with', '$Content-Type', 'image/']], uncovered: { 'Content-Type': 'text/html' } },
    'AccessDenied',
    403,
  ),
  refused('signed with another secret', { secret: 'another-secret' }, 'SignatureDoesNotMatch', 403),
  refused(
    'with a file above its content-length-range',
    { conditions: [['content-length-range', 0, 7]] },
    'EntityTooLarge',
    400,
  ),
  refused(
    'with a file below its content-length-range',
    { conditions: [['content-length-range', 9, 100]] },
    'EntityTooSmall',
    400,
  ),
  {
    name: 'a form at the edge of its content-length-range is taken',
    async run(s) {
      expect((await post(s, { conditions: [['content-length-range', 8, 8]] })).status).toBe(204)
    },
  },
  {
    name: 'a form without a policy is AccessDenied',
    async run(s) {
      const posted = await send(s, { key: s.key() }, 'the file')
      expect([posted.status, posted.code]).toEqual([403, 'AccessDenied'])
      expect((await s.head('a')).status).toBe(404)
    },
  },
]

function refused(what: string, form: Form, code: string, status: number): Case {
  return {
    name: `a form ${what} is ${code} and stores nothing`,
    async run(s) {
      const posted = await post(s, form)
      expect([posted.status, posted.code]).toEqual([status, code])
      expect((await s.head('a')).status).toBe(404)
    },
  }
}

/** Signs and sends a form for the key `a` of a case. */
async function post(s: Subject, form: Form): Promise<Posted> {
  const { accessKey, secret, region } = s.server
  const covered: Fields = { ...(form.uncovered?.['key'] === undefined && { key: s.key() }), ...form.fields }
  const fields = signForm({
    fields: { ...covered, ...form.uncovered },
    conditions: [
      { bucket: s.bucket },
      ...Object.entries(covered).map(([name, value]) => ['eq', `$${name}`, value]),
      ...(form.conditions ?? []),
    ],
    accessKey,
    secret: form.secret ?? secret,
    region,
    ...(form.expiresInMs !== undefined && { expiresInMs: form.expiresInMs }),
  })
  return send(s, fields, form.file ?? 'the file')
}

async function send(s: Subject, fields: Fields, file: string): Promise<Posted> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([file]), 'photo.txt')
  const url = `${s.server.url}/${s.bucket}`
  const response = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
  const text = await response.text()
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1]
  return { status: response.status, headers: response.headers, text, code }
}
