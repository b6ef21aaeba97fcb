import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { Hono } from 'hono'
import sharp from 'sharp'
import { GatewayError } from '../../src/errors.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import type { Ticket, UploadRequest } from '../../src/uploads/uploads.ts'
import { signForm } from '../origin/form-upload.ts'
import type { RunningOrigin } from './s3-server.ts'

const MB = 1024 * 1024
const PART_BYTES = 5 * MB
const MAX_BYTES = 20 * MB
const URLS_LIVE_S = 600
/** The tokens that are accepted, and one that is not any more. */
export const TOKEN = 'good'
export const STALE_TOKEN = 'stale'

interface Entry {
  readonly request: UploadRequest
  readonly key: string
  /** Of the upload in parts. */
  readonly multipart?: string | undefined
  answer?: object
}

export interface UploadTwin {
  readonly app: Hono<AppEnv>
  /** How many seconds ago URLs say they were signed; from 600 on they have expired. */
  urlsAgeS: number
  /** How a small file is asked for. */
  method: 'POST' | 'PUT'
  /** Keys of files that were not completed, and of uploads in parts. */
  leftovers(): Promise<string[]>
  close(): void
}

/**
 * The endpoints of uploads over a real bucket, with URLs that are really signed, and no more rules than the browser module
 * needs. `publicUrl` is where browsers reach the bucket.
 */
export function createUploadTwin(origin: RunningOrigin, publicUrl: string): UploadTwin {
  const { bucket: Bucket, accessKeyId, secretAccessKey } = origin
  const credentials = { accessKeyId, secretAccessKey }
  const common = { region: 'us-east-1', forcePathStyle: true, credentials }
  const client = new S3Client({ ...common, endpoint: origin.url })
  const signer = new S3Client({ ...common, endpoint: publicUrl, requestChecksumCalculation: 'WHEN_REQUIRED' })
  const entries = new Map<string, Entry>()

  const signing = () => ({
    expiresIn: URLS_LIVE_S,
    signingDate: new Date(Date.now() - twin.urlsAgeS * 1000),
  })

  async function begin(request: UploadRequest): Promise<string> {
    if (request.contentType === 'image/heic')
      throw new GatewayError('upload_type_refused', 'Set the phone to JPEG')
    if (request.bytes > MAX_BYTES) throw new GatewayError('upload_too_large', 'At most 20 MB')
    const uploadId = randomBytes(16).toString('base64url')
    const Key = `temp/uploads/${uploadId}/${request.fileName}`
    const isLarge = request.bytes >= PART_BYTES
    const { UploadId } = isLarge
      ? await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: request.contentType }))
      : {}
    entries.set(uploadId, { request, key: Key, multipart: UploadId })
    return uploadId
  }

  async function ticketOf(uploadId: string): Promise<Ticket> {
    const { request, key: Key, multipart: UploadId } = open(uploadId)
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const head = { uploadId, expiresAt, maxBytes: request.bytes }
    if (UploadId !== undefined) {
      const arrived = (await partsOf(Key, UploadId)).map(({ PartNumber = 0 }) => PartNumber)
      const numbers = [...Array(Math.ceil(request.bytes / PART_BYTES)).keys()].map((index) => index + 1)
      const missing = numbers.filter((number) => !arrived.includes(number))
      const parts = missing.map(async (partNumber) => ({
        partNumber,
        bytes: Math.min(PART_BYTES, request.bytes - (partNumber - 1) * PART_BYTES),
        url: await getSignedUrl(
          signer,
          new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: partNumber }),
          signing(),
        ),
        headers: {},
      }))
      return { ...head, method: 'PUT', partBytes: PART_BYTES, parts: await Promise.all(parts), arrived }
    }
    if (twin.method === 'PUT') {
      const command = new PutObjectCommand({
        Bucket,
        Key,
        ContentType: request.contentType,
        IfNoneMatch: '*',
      })
      const headers = {
        'content-type': request.contentType,
        'if-none-match': '*',
        'content-length': `${request.bytes}`,
      }
      return { ...head, method: 'PUT', url: await getSignedUrl(signer, command, signing()), headers }
    }
    const fields = { key: Key, 'content-type': request.contentType }
    const conditions = [
      { bucket: Bucket },
      ...Object.entries(fields).map(([name, value]) => ['eq', `$${name}`, value]),
      ['content-length-range', request.bytes, request.bytes],
    ]
    const form = { fields, conditions, accessKey: accessKeyId, secret: secretAccessKey }
    const signed = signForm({ ...form, expiresInMs: (URLS_LIVE_S - twin.urlsAgeS) * 1000 })
    return { ...head, method: 'POST', url: `${publicUrl}/${Bucket}`, fields: signed }
  }

  function open(uploadId: string): Entry {
    const entry = entries.get(uploadId)
    if (entry === undefined) throw new GatewayError('not_found', 'There is no such upload')
    if (entry.answer !== undefined) throw new GatewayError('upload_gone', 'It is completed')
    return entry
  }

  async function partsOf(Key: string, UploadId: string) {
    const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }))
    return Parts
  }

  async function complete(uploadId: string): Promise<object> {
    const known = entries.get(uploadId)
    if (known?.answer !== undefined) return known.answer
    const { request, key: Key, multipart: UploadId } = open(uploadId)
    if (UploadId !== undefined) {
      const Parts = (await partsOf(Key, UploadId)).map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))
      await client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
      )
    }
    const bytes = await read(Key)
    if (bytes.length !== request.bytes) throw new GatewayError('upload_refused', 'Not all of it has arrived')
    const { width, height } = await sharp(bytes)
      .metadata()
      .catch(async () => {
        await remove(uploadId)
        throw new GatewayError('upload_refused', 'This is not a picture')
      })
    const key = `photos/${request.ownerId}/${uploadId}.jpg`
    await client.send(new CopyObjectCommand({ Bucket, Key: key, CopySource: `${Bucket}/${encodeURI(Key)}` }))
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
    const urls = Object.fromEntries(
      ['thumbnail', 'medium', 'large', 'original'].map((size) => [size, `/img/${key}/${size}.webp`]),
    )
    const { contentType } = request
    const photo = {
      photoId: 'p1',
      contentType,
      bytes: bytes.length,
      width,
      height,
      placeholder: 'AA==',
      urls,
    }
    const entry = entries.get(uploadId)
    if (entry !== undefined) entry.answer = { photo }
    return { photo }
  }

  async function read(Key: string): Promise<Uint8Array> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
      return (await Body?.transformToByteArray()) ?? new Uint8Array()
    } catch (cause) {
      if (cause instanceof NoSuchKey)
        throw new GatewayError('upload_refused', 'It has not arrived', { cause })
      throw cause
    }
  }

  async function remove(uploadId: string): Promise<void> {
    const { key: Key, multipart: UploadId } = open(uploadId)
    entries.delete(uploadId)
    if (UploadId !== undefined) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
  }

  const twin: UploadTwin = {
    app: routes({ begin, ticketOf, complete, remove }),
    urlsAgeS: 0,
    method: 'POST',
    async leftovers() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'temp/' }))
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
      return [...Contents, ...Uploads].map(({ Key = '' }) => Key)
    },
    close() {
      client.destroy()
      signer.destroy()
    },
  }
  return twin
}

interface Verbs {
  readonly begin: (request: UploadRequest) => Promise<string>
  readonly ticketOf: (uploadId: string) => Promise<Ticket>
  readonly complete: (uploadId: string) => Promise<object>
  readonly remove: (uploadId: string) => Promise<void>
}

function routes({ begin, ticketOf, complete, remove }: Verbs): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.onError(problemAnswer)
  app.use('/api/v1/*', async (c, next) => {
    if (c.req.header('authorization') !== `Bearer ${TOKEN}`)
      throw new GatewayError('token_invalid', 'The token has expired')
    await next()
  })
  app.post('/api/v1/uploads', async (c) => c.json(await ticketOf(await begin(await c.req.json())), 201))
  app.get('/api/v1/uploads/:id', async (c) => c.json(await ticketOf(c.req.param('id'))))
  app.post('/api/v1/uploads/:id/complete', async (c) => c.json(await complete(c.req.param('id'))))
  app.delete('/api/v1/uploads/:id', async (c) => {
    await remove(c.req.param('id'))
    return c.body(null, 204)
  })
  return app
}
