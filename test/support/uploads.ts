import { createS3Multiparts } from '../../src/transfers/s3-multiparts.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import { createS3Transfers } from '../../src/transfers/s3-transfers.ts'
import { openOrigin } from './program.ts'
import type { AuditEntry } from '../../src/audit/audit.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { kindsOf } from '../../src/settings/uploads.ts'
import { parseConfig } from '../../src/config.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { FairBudget } from '../../src/admission/fair-budget.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createMemoryMultiparts } from '../../src/transfers/memory-multiparts.ts'
import { createMemoryTransfers } from '../../src/transfers/memory-transfers.ts'
import type { Multiparts, Presigner, Transfers } from '../../src/transfers/transfers.ts'
import { createUploads, type UploadsOptions } from '../../src/uploads/create-uploads.ts'
import type { Preparation } from '../../src/uploads/preparation.ts'
import type { Ticket, UploadContext, UploadRequest } from '../../src/uploads/uploads.ts'
import { openLibrary } from '../library/library.ts'

/** A bucket with all that uploads need of it. */
export interface UploadBucket {
  readonly store: ObjectStore
  readonly transfers: Transfers
  readonly multiparts: Multiparts
  readonly presigner: Presigner
}

type Choices = Partial<UploadsOptions> & Pick<UploadsOptions, 'checks'>

/** The kinds that hold unless something is set. */
export const KINDS = kindsOf(parseConfig({}))

/** Uploads into a bucket with a real library, what they wrote into the audit trail, and what they want prepared. */
export function openUploads(bucket: UploadBucket, choices: Choices, limits: { maxPhotos?: number } = {}) {
  const entries: AuditEntry[] = []
  const prepared: Preparation[] = []
  const leftOver: string[] = []
  const library = openLibrary(bucket.store, limits)
  const uploads = createUploads({
    ...bucket,
    ...library,
    kinds: KINDS,
    budget: new FairBudget({ capacity: 64 * 1024 * 1024 }),
    audit: { record: async (entry) => void entries.push(entry) },
    abilities: async () => ({ forms: true, conditionalPuts: true }),
    lifeMs: 15 * 60_000,
    partsLifeMs: 24 * 3_600_000,
    assertWritable: async () => {},
    prepare: (work) => void prepared.push(work),
    onLeftOver: (_error, key) => void leftOver.push(key),
    ...choices,
  })
  return { ...bucket, ...library, uploads, entries, prepared, leftOver }
}

export type TestUploads = ReturnType<typeof openUploads>

export const ANA = context('ana')
export const BOB = context('bob')
export const ADMIN = context('root', { roles: new Set(['admin']) })

export function context(id: string, of: Partial<Principal> = {}): UploadContext {
  return { principal: { id, kind: 'user', roles: new Set(), ...of } }
}

/** A photo for item 42. */
export function photoRequest(file: Buffer, of: Partial<UploadRequest> = {}): UploadRequest {
  return {
    kind: 'item-photo',
    ownerId: '42',
    fileName: 'front.jpg',
    contentType: 'image/jpeg',
    bytes: file.length,
    ...of,
  }
}

/** A bucket in memory; its presigned URLs say in plain words what they are for. */
export function openMemoryBucket() {
  const store = createMemoryObjectStore()
  const multiparts = createMemoryMultiparts(store)
  const presigner: Presigner = {
    form: async ({ key, contentType }) => ({
      url: 'memory:form',
      fields: { key, 'content-type': contentType },
    }),
    put: async ({ key, contentType }) => ({
      method: 'PUT',
      url: `memory:put/${key}`,
      headers: { 'content-type': contentType },
    }),
    part: async ({ uploadId, partNumber }) => ({
      method: 'PUT',
      url: `memory:part/${uploadId}/${partNumber}`,
      headers: {},
    }),
    get: async ({ key }) => ({ method: 'GET', url: `memory:get/${key}`, headers: {} }),
  }
  /** Does what a client does with a ticket; of a ticket for parts only those that are chosen. */
  async function send(ticket: Ticket, file: Buffer, isChosen: (partNumber: number) => boolean = () => true) {
    if ('fields' in ticket) return put(ticket.fields['key'] ?? '', file)
    if (!('parts' in ticket)) return put(ticket.url.slice('memory:put/'.length), file)
    for (const { partNumber, bytes, url } of ticket.parts) {
      const at = (partNumber - 1) * ticket.partBytes
      if (isChosen(partNumber))
        multiparts.sendPart(url.split('/')[1] ?? '', partNumber, file.subarray(at, at + bytes))
    }
  }
  const put = async (key: string, file: Buffer): Promise<void> => {
    await store.put(key, file, { contentType: 'application/octet-stream' })
  }
  return { store, multiparts, presigner, transfers: createMemoryTransfers(store), send }
}

/** All keys of a bucket but those of the journal and of events. */
export async function keysIn(store: ObjectStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list('')) {
    if (!/^system\/(?:journal|twin-events)/.test(key)) keys.push(key)
  }
  return keys
}

/** The bucket of an origin over its socket, with signed URLs that lead to it. */
export function openOriginBucket(origin: Parameters<typeof openOrigin>[0]) {
  const store = openOrigin(origin)
  const { bucket } = store
  const abandoned: string[] = []
  return {
    store,
    /** Uploads in parts that could not be aborted. */
    abandoned,
    transfers: createS3Transfers(bucket, { onAbandoned: ({ key }) => void abandoned.push(key) }),
    multiparts: createS3Multiparts(bucket),
    presigner: createS3Presigner(bucket),
  }
}
