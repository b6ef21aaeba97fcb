import { randomBytes } from 'node:crypto'
import type { ObjectStore } from '../storage/object-store.ts'
import { brokenAnswer, toGatewayError } from '../storage/s3-errors.ts'
import type { Presigner } from './transfers.ts'

/** What a store enforces of the permissions that it is shown. */
export interface UploadAbilities {
  /** Browser forms, with the range of lengths that their policy has. */
  readonly forms: boolean
  /** `If-None-Match: *` on a signed PUT; without it `overwrites` must be set. */
  readonly conditionalPuts: boolean
  /** The signed length of a PUT. */
  readonly exactLengths: boolean
}

/** What is probed: the presigner signs for an endpoint that this process reaches. */
export interface UploadProbe {
  readonly store: ObjectStore
  readonly presigner: Presigner
}

const expiresInS = 60
const answerMs = 5_000
const plain = { contentType: 'text/plain' }
const four = Buffer.from('four')
const fives = Buffer.from('fives')

/**
 * Tries which uploads the store takes from strangers, and refuses, by sending some. Works under `system/probe/` and removes
 * what it wrote. Throws what an `ObjectStore` throws when the store cannot be reached.
 */
export async function probeUploads(probe: UploadProbe): Promise<UploadAbilities> {
  const keys = Array.from({ length: 4 }, () => `system/probe/${randomBytes(9).toString('base64url')}`)
  const [form = '', longForm = '', put = '', longPut = ''] = keys
  try {
    return {
      forms: (await takes(probe, form, postForm)) && (await refusesLong(probe, longForm, postForm)),
      conditionalPuts: (await takes(probe, put, sendPut)) && (await refusesSecond(probe, put)),
      exactLengths: await refusesLong(probe, longPut, sendPut),
    }
  } finally {
    await probe.store.delete(keys)
  }
}

/** Sends bytes with a permission for four; whether they were accepted. */
type Send = (presigner: Presigner, key: string, bytes: Buffer) => Promise<boolean>

async function takes(probe: UploadProbe, key: string, send: Send): Promise<boolean> {
  return (await send(probe.presigner, key, four)) && (await holdsFour(probe.store, key))
}

async function refusesLong({ store, presigner }: UploadProbe, key: string, send: Send): Promise<boolean> {
  const isAccepted = await send(presigner, key, fives)
  return !isAccepted && (await store.head(key)) === undefined
}

async function refusesSecond({ store, presigner }: UploadProbe, key: string): Promise<boolean> {
  const isAccepted = await sendPut(presigner, key, Buffer.from('also'))
  return !isAccepted && holdsFour(store, key)
}

async function holdsFour(store: ObjectStore, key: string): Promise<boolean> {
  const result = await store.get(key)
  return result.outcome === 'found' && result.object.body.equals(four)
}

const sendPut: Send = async (presigner, key, bytes) => {
  const { url, headers } = await presigner.put({ key, expiresInS, ...plain, bytes: four.length })
  return isAccepted(url, { method: 'PUT', headers, body: new Uint8Array(bytes) })
}

const postForm: Send = async (presigner, key, bytes) => {
  const range = { minBytes: 1, maxBytes: four.length }
  const { url, fields } = await presigner.form({ key, expiresInS, ...plain, ...range })
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  body.append('file', new Blob([new Uint8Array(bytes)]), 'probe')
  return isAccepted(url, { method: 'POST', body })
}

async function isAccepted(url: string, init: RequestInit): Promise<boolean> {
  try {
    const answer = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(answerMs) })
    await answer.arrayBuffer()
    // A store that does not know the request says 501; any other fault of its own says nothing about what it can do.
    if (answer.status >= 500 && answer.status !== 501)
      throw brokenAnswer(`a probe was answered with ${answer.status}`)
    return answer.ok
  } catch (error) {
    throw toGatewayError(error)
  }
}
