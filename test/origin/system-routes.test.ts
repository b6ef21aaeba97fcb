import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { exactForm, postForm, signForm } from './form-upload.ts'
import { sendSigned, signRequest } from './signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

test('health is JSON and is never kept', async () => {
  const { url } = await startTestOrigin()
  const response = await fetch(`${url}/-/health`)
  expect(await response.json()).toEqual({ status: 'ok' })
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await (await fetch(`${url}/-/health`, { method: 'HEAD' })).text()).toBe('')
})

test('metrics count requests by operation and status, and nothing that names a bucket or a key', async () => {
  const { url } = await startTestOrigin({ buckets: [BUCKET, 'second'] })
  await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/secret-key`, body: 'x' })
  await sendSigned({ url, path: `/${BUCKET}/secret-key` })
  await sendSigned({ url, path: `/${BUCKET}/missing` })
  await sendSigned({ url, path: `/${BUCKET}`, query: { acl: '' } })
  await postForm(url, signForm(exactForm({ key: 'b' })))
  await fetch(`${url}/${BUCKET}/secret-key`)
  const text = await vi.waitFor(async () => {
    const scraped = await scrape(url)
    expect(scraped).toContain('origin_requests_total{operation="none",status="403"} 1')
    return scraped
  })
  expect(linesOf(text, 'origin_requests_total')).toEqual([
    'origin_requests_total{operation="PutObject",status="200"} 1',
    'origin_requests_total{operation="GetObject",status="200"} 1',
    'origin_requests_total{operation="GetObject",status="404"} 1',
    'origin_requests_total{operation="none",status="501"} 1',
    'origin_requests_total{operation="PostObject",status="204"} 1',
    'origin_requests_total{operation="none",status="403"} 1',
  ])
  expect(linesOf(text, 'origin_request_seconds_count{operation="GetObject"}')).toEqual([
    'origin_request_seconds_count{operation="GetObject"} 2',
  ])
  expect(text).toMatch(/^origin_buckets 2$/m)
  expect(text).toMatch(/^origin_objects 2$/m)
  expect(text).toMatch(/^origin_set_aside 0$/m)
  expect(text).toMatch(/^origin_requests_active 0$/m)
  expect(text).not.toMatch(/secret-key|pictures/)
})

test('a client that leaves is counted as such', async () => {
  const { url } = await startTestOrigin()
  const raw = { url, method: 'PUT', path: `/${BUCKET}/a`, payload: 'UNSIGNED-PAYLOAD' }
  const { headers } = await signRequest(raw)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const lines = Object.entries({ ...headers, 'content-length': '10' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  socket.write(`PUT ${raw.path} HTTP/1.1\r\n${lines.join('')}\r\nabc`)
  await vi.waitFor(async () => expect(await scrape(url)).toMatch(/^origin_requests_active 1$/m))
  socket.destroy()
  await vi.waitFor(async () => {
    const text = await scrape(url)
    expect(text).toContain('origin_requests_total{operation="PutObject",status="aborted"} 1')
    expect(text).toMatch(/^origin_requests_active 0$/m)
  })
})

test('metrics tell of what the start set aside', async () => {
  const directory = temporaryDirectory()
  const first = await startTestOrigin({ directory })
  await first.close()
  writeFileSync(join(directory, 'meta', BUCKET, 'a'.repeat(64)), 'no record')
  const { url } = await startTestOrigin({ directory })
  expect(await scrape(url)).toMatch(/^origin_set_aside 1$/m)
})

test('no bucket can stand where these routes are, and they answer reads only', async () => {
  const { url } = await startTestOrigin()
  expect((await sendSigned({ url, method: 'PUT', path: '/-' })).code).toBe('InvalidBucketName')
  for (const method of ['PUT', 'POST', 'DELETE'])
    expect((await sendSigned({ url, method, path: '/-/health' })).status).toBeGreaterThanOrEqual(404)
  expect((await fetch(`${url}/-/metrics`, { method: 'PUT' })).status).toBe(403)
  expect((await sendSigned({ url, path: '/-/other' })).code).toBe('NoSuchBucket')
})

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/-/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  return response.text()
}

function linesOf(text: string, beginning: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(beginning))
}
