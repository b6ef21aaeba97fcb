import { createHash } from 'node:crypto'
import { z } from 'zod'
import { completed, item, ticket } from '../../src/api/schemas.ts'
import { createEventOutbox } from '../../src/events/outbox.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { SECRET as WEBHOOK_SECRET, startReceiver } from '../events/receiver.ts'
import { createClock, DAY_MS, keysUnder, sweepOnce } from '../sweep/sweeping.ts'
import { readAs, TOKEN_SECRET } from './api.ts'
import { type BucketAddress, environmentOf, openOrigin, serve } from './program.ts'
import { sendTicket } from './upload-client.ts'

export const SIZES = ['thumbnail', 'medium', 'large'] as const
type Photo = Extract<z.infer<typeof completed>, { photo: unknown }>['photo']
type UploadRequest = Readonly<Record<string, unknown> & { kind: string; ownerId: string }>

/** Until uploads are forgotten, and from the mark of a file to its end. */
const LONG_MS = 8 * DAY_MS

/** A whole gateway program on a bucket, its webhook, and what a client does with both. */
export async function beginJourney(address: BucketAddress) {
  const receiver = await startReceiver()
  const store = openOrigin(address)
  const gateway = await serve({
    ...environmentOf(address),
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
    HALFTONE_WEBHOOK_URL: receiver.url,
    HALFTONE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
    HALFTONE_EVENTS_INTERVAL_MS: '100',
    HALFTONE_WORKERS: '1',
  })
  let isStopped = false

  /** Ends the program in good order; its exit code. */
  async function stop(): Promise<number | null> {
    if (!isStopped) gateway.kill('SIGTERM')
    isStopped = true
    return gateway.ended
  }

  return {
    ...createClient(gateway.url),
    gateway,
    receiver,
    store,
    stop,
    keysUnder: async (prefix: string) => keysUnder(store, prefix),
    async close() {
      await stop()
      await receiver.stop()
      store.close()
    },
  }
}

export type Journey = Awaited<ReturnType<typeof beginJourney>>

/**
 * A client of a gateway that looks at pictures, and calls the API as the user whose token it has; `headers` go with
 * every call of the API.
 */
export function createClient(gatewayUrl: string, headers: Readonly<Record<string, string>> = {}) {
  async function call(line: string, as: string, init: RequestInit & { json?: unknown } = {}) {
    const [method = 'GET', path = ''] = line.split(' ')
    const { json, ...rest } = init
    return fetch(`${gatewayUrl}/api/v1${path}`, {
      ...rest,
      method,
      headers: {
        ...headers,
        authorization: as,
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
  }

  /** By ticket, as a browser does it: asks, sends the file to the bucket, completes. */
  async function upload(as: string, request: UploadRequest, file: Buffer): Promise<Response> {
    const sha256 = createHash('sha256').update(file).digest('hex')
    const about = { fileName: 'a.jpg', contentType: 'image/jpeg', bytes: file.length, sha256, ...request }
    const asked = await call('POST /uploads', as, { json: about })
    if (asked.status !== 201) return asked
    const issued = await readAs(asked, ticket)
    const sent = await sendTicket(issued, file)
    if (sent !== 'stored') throw new Error(`The bucket refused what its ticket allows: ${sent}`)
    return call(`POST /uploads/${issued.uploadId}/complete`, as)
  }

  return {
    call,
    upload,
    uploadPhoto: async (as: string, request: UploadRequest, file: Buffer): Promise<Photo> =>
      photoOf(await upload(as, request, file)),
    itemOf: async (as: string, itemId: string) => readAs(await call(`GET /items/${itemId}`, as), item),
    /** A picture, without following redirects. */
    look: async (path: string, init?: RequestInit) =>
      fetch(new URL(path, gatewayUrl), { ...init, redirect: 'manual' }),
  }
}

/** A form with one picture. */
export function pictureForm(file: Buffer): FormData {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(file)], { type: 'image/jpeg' }), 'a.jpg')
  return form
}

/** The photo that an upload has become. */
export async function photoOf(answer: Response): Promise<Photo> {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  const done = await readAs(answer, completed)
  if (!('photo' in done)) throw new Error('A photo was expected')
  return done.photo
}

/**
 * Sweeps until everything has been seen that a sweep removes, some of it only the second time. Less than a month passes,
 * so that variants are judged by their sources alone.
 */
export async function sweepAll(store: S3ObjectStore) {
  const clock = createClock()
  const outbox = createEventOutbox({ store })
  const reports = []
  for (let times = 0; times < 2; times += 1) {
    clock.advance(LONG_MS)
    reports.push(await sweepOnce(store, clock, { outbox }))
  }
  return reports
}
