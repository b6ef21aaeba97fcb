import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import {
  CloudFrontClient,
  GetInvalidationCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import sharp from 'sharp'
import { z } from 'zod'
import { encode, photo } from '../../test/support/pictures.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { BUCKET, DISTRIBUTION_ID, ORIGINS, StorageError, type StorageSettings } from './settings.ts'

const PATIENCE_MS = 20_000
const LOOK_EVERY_MS = 100

const ticketAnswer = z.object({
  uploadId: z.string(),
  method: z.literal('POST'),
  url: z.string(),
  fields: z.record(z.string(), z.string()),
})

/** What the steps work with. */
interface Bench {
  readonly settings: StorageSettings
  readonly gateway: TestGateway
  readonly s3: S3Client
  readonly cdn: CloudFrontClient
  readonly item: string
}

interface Step {
  readonly name: string
  /** Answers with what was seen. */
  readonly run: (bench: Bench) => Promise<string>
}

/** The life of a photo. */
const STEPS: readonly Step[] = [
  { name: 'signatures are checked', run: checkSignatures },
  { name: 'pages may upload', run: checkCors },
  { name: 'upload, straight to the bucket', run: upload },
  { name: 'view: rendered', run: (bench) => view(bench, /bucket; fwd=miss/) },
  { name: 'view again: from memory', run: (bench) => view(bench, /^memory; hit$/) },
  { name: 'the size is in the bucket', run: untilStored },
  { name: 'purge', run: purge },
  { name: 'view: rendered anew', run: (bench) => view(bench, /bucket; fwd=miss/) },
  { name: 'delete', run: remove },
]

/** Carries a photo through its life on what runs there, and prints each step; a `StorageError` names the one that failed. */
export async function proveStorage(settings: StorageSettings): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const region = 'us-east-1'
  const s3 = new S3Client({ endpoint: settings.url, region, credentials, forcePathStyle: true })
  const cdn = new CloudFrontClient({ endpoint: settings.cdnUrl, region, credentials })
  const gateway = await startGateway(settings)
  const bench = { settings, gateway, s3, cdn, item: `storage-test-${randomBytes(4).toString('hex')}` }
  console.log(`gateway at ${gateway.url}, bucket ${BUCKET} at ${settings.url}`)
  try {
    for (const step of STEPS) await take(step, bench)
  } finally {
    const code = await gateway.stop()
    console.log(`gateway stopped: ${code}`)
    s3.destroy()
    cdn.destroy()
  }
  console.log(`${STEPS.length} steps passed`)
}

async function take({ name, run }: Step, bench: Bench): Promise<void> {
  const startedAt = performance.now()
  try {
    const seen = await run(bench)
    console.log(`ok  ${name}: ${seen} (${Math.round(performance.now() - startedAt)} ms)`)
  } catch (cause) {
    throw new StorageError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function checkSignatures({ s3 }: Bench): Promise<string> {
  const right = await getSignedUrl(s3, new GetObjectCommand({ Bucket: BUCKET, Key: 'nothing' }))
  const wrong = right.replace(/(X-Amz-Signature=)[0-9a-f]{8}/, '$100000000')
  const statuses = [(await fetch(right)).status, (await fetch(wrong)).status]
  assert.deepEqual(statuses, [404, 403])
  return 'a URL with another signature is refused with 403'
}

async function checkCors({ settings }: Bench): Promise<string> {
  const [origin = ''] = ORIGINS
  const answer = await fetch(`${settings.url}/${BUCKET}/temp/uploads/a`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  })
  assert.equal(answer.headers.get('access-control-allow-origin'), origin, 'run "npm run storage:setup" first')
  return `from ${origin}`
}

async function upload(bench: Bench): Promise<string> {
  const file = await encode(photo(1600, 1200), 'jpg')
  const asked = await call(bench, 'POST', '/api/v1/uploads', {
    kind: 'item-photo',
    ownerId: bench.item,
    fileName: 'photo.jpg',
    contentType: 'image/jpeg',
    bytes: file.length,
  })
  const ticket = ticketAnswer.parse(asked)
  const form = new FormData()
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(file)], { type: 'image/jpeg' }), 'photo.jpg')
  const sent = await fetch(ticket.url, { method: 'POST', body: form })
  assert.ok(sent.ok, `the bucket answered ${sent.status}: ${await sent.text()}`)
  await call(bench, 'POST', `/api/v1/uploads/${ticket.uploadId}/complete`)
  return `${file.length} bytes to ${new URL(ticket.url).host}`
}

async function view({ gateway, item }: Bench, from: RegExp): Promise<string> {
  const answer = await fetch(`${gateway.url}/img/items/${item}/800.webp`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  assert.equal(answer.status, 200, bytes.toString())
  const { format, width, height } = await sharp(bytes).metadata()
  assert.deepEqual({ format, width, height }, { format: 'webp', width: 800, height: 600 })
  const cacheStatus = answer.headers.get('cache-status') ?? ''
  assert.match(cacheStatus, from)
  return `${bytes.length} bytes, ${cacheStatus}`
}

async function untilStored({ s3, item }: Bench): Promise<string> {
  const [key = ''] = await until('a size in the bucket', async () => {
    const keys = await keysBelow(s3, `img/items/${item}/`)
    return keys.length > 0 ? keys : undefined
  })
  return key
}

async function purge(bench: Bench): Promise<string> {
  const begun = await call(bench, 'POST', '/api/v1/purge', { items: [bench.item] })
  const { id } = z.object({ id: z.string() }).parse(begun)
  const told = await until(`the edge told of #item:${bench.item}`, () => invalidationOf(bench))
  assert.deepEqual(await keysBelow(bench.s3, `img/items/${bench.item}/`), [])
  return `purge ${id}, invalidation ${told}, nothing left below img/`
}

/** The id of an invalidation that names the item. */
async function invalidationOf({ cdn, item }: Bench): Promise<string | undefined> {
  const DistributionId = DISTRIBUTION_ID
  const { InvalidationList } = await cdn.send(new ListInvalidationsCommand({ DistributionId }))
  for (const { Id } of InvalidationList?.Items ?? []) {
    const { Invalidation } = await cdn.send(new GetInvalidationCommand({ DistributionId, Id }))
    if (Invalidation?.InvalidationBatch?.Paths?.Items?.includes(`#item:${item}`) === true) return Id
  }
  return undefined
}

async function remove(bench: Bench): Promise<string> {
  const { gateway, item, s3 } = bench
  await call(bench, 'DELETE', `/api/v1/items/${item}`)
  assert.equal((await fetch(`${gateway.url}/img/items/${item}/800.webp`)).status, 404)
  await until('nothing left in the bucket', async () => {
    const lists = ['items', 'img/items'].map((folder) => keysBelow(s3, `${folder}/${item}/`))
    return (await Promise.all(lists)).flat().length === 0 ? true : undefined
  })
  return '404, nothing left below items/ and img/'
}

async function call({ gateway }: Bench, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${gateway.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

async function keysBelow(s3: S3Client, prefix: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }))
  return Contents.flatMap(({ Key }) => Key ?? [])
}

async function until<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await pause(LOOK_EVERY_MS)
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`)
}
