import { afterAll, beforeAll, expect, test } from 'vitest'
import { allowUploadsFrom } from '../../src/transfers/bucket-cors.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

const SHOP = 'https://shop.example.com'

let origin: RunningOrigin

beforeAll(async () => {
  origin = await startOrigin()
})
afterAll(() => origin.stop())

const accessTo = ({ url, bucket, accessKeyId, secretAccessKey }: RunningOrigin) => ({
  bucket,
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId, secretAccessKey },
  forcePathStyle: true,
})

/** What the bucket answers when a page of this origin asks whether it may. */
async function ask(from: string, method: string) {
  const headers = {
    origin: from,
    'access-control-request-method': method,
    'access-control-request-headers': 'content-type,if-none-match,x-amz-meta-a',
  }
  const answer = await fetch(`${origin.url}/${origin.bucket}/a`, { method: 'OPTIONS', headers })
  await answer.arrayBuffer()
  return [answer.status, answer.headers.get('access-control-allow-origin')]
}

test('pages of the named origins may send files, others may not', async () => {
  expect(await ask(SHOP, 'PUT')).toEqual([403, null])
  await allowUploadsFrom([SHOP], accessTo(origin))
  for (const method of ['GET', 'POST', 'PUT']) expect(await ask(SHOP, method)).toEqual([200, SHOP])
  expect(await ask(SHOP, 'DELETE')).toEqual([403, null])
  expect(await ask('https://other.example.com', 'PUT')).toEqual([403, null])
})

test('with a star any page may', async () => {
  await allowUploadsFrom(['*'], accessTo(origin))
  expect(await ask('http://127.0.0.1:8080', 'PUT')).toEqual([200, '*'])
})

test('a bucket that is not there is told', async () => {
  await expect(allowUploadsFrom([SHOP], { ...accessTo(origin), bucket: 'nobody' })).rejects.toMatchObject({
    code: 'bucket_refused',
  })
})
