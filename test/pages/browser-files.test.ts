import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { createBrowserFiles } from '../../src/pages/browser-files.ts'
import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'
import type { AppEnv } from '../../src/http/env.ts'

const dir = 'dist/browser'
const app = new Hono<AppEnv>().route('/', createBrowserFiles({ dir }))

test('the module is served as a script that any page may import', async () => {
  const answer = await app.request('/halftone.js')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe(CACHE_CONTROL["B'"])
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await answer.text()).toContain('createUploader')
})

test('who has it already is told so', async () => {
  const etag = (await app.request('/halftone.js')).headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[\w-]{22}"$/)
  const known = await app.request('/halftone.js', { headers: { 'if-none-match': etag } })
  expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, etag, ''])
  const other = await app.request('/halftone.js', { headers: { 'if-none-match': '"another"' } })
  expect(other.status).toBe(200)
  const dated = await app.request('/halftone.js', {
    headers: { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
  })
  expect(dated.status).toBe(200)
})

test('HEAD has the headers and no bytes', async () => {
  const answer = await app.request('/halftone.js', { method: 'HEAD' })
  expect([answer.status, await answer.text()]).toEqual([200, ''])
})

test('what was not built is noticed at once', () => {
  expect(() => createBrowserFiles({ dir: 'dist/nowhere' })).toThrow('ENOENT')
})
