import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { putSettled } from '../leases/put-settled.ts'
import { KINDS } from '../media/kinds.ts'
import { albumRecord, documentsRecord } from '../media/records.ts'
import type { ObjectStore } from '../storage/object-store.ts'

const photo = albumRecord.shape.photos.element
const document = documentsRecord.shape.documents.element

const request = z.object({
  kind: z.enum(KINDS),
  ownerId: z.string(),
  fileName: z.string(),
  contentType: z.string(),
  bytes: z.int().optional(),
  sha256: z.string().optional(),
  photoId: z.string().optional(),
  at: z.int().optional(),
  documentType: z.string().optional(),
  documentExpiresAt: z.string().optional(),
})

const plan = z.object({
  uploadId: z.string(),
  request,
  /** Who alone may go on with it. */
  principal: z.object({ id: z.string(), kind: z.enum(['user', 'server']) }),
  /** Where the bytes come in. */
  tempKey: z.string(),
  /** Where the file will lie, and which slot it fills. */
  target: z.object({ key: z.string(), photoId: z.string().optional() }),
  replaces: z.boolean(),
  /** The store's name for an upload in parts. */
  multipartId: z.string().optional(),
  /** ISO 8601. */
  expiresAt: z.iso.datetime(),
})

/** What was checked, and is the only content that can come to the target. */
const checked = z.object({
  /** Of the bytes that came in. */
  etag: z.string(),
  bytes: z.int(),
  addedAt: z.iso.datetime(),
  /** Whether the record, as it was then, keeps it from the public. */
  isPrivate: z.boolean(),
  /** Whether there was no record then: what is named makes it. */
  claims: z.boolean(),
  picture: photo
    .pick({ width: true, height: true, placeholder: true, dominantColour: true, shot: true })
    .optional(),
})

const completed = z.union([
  z.object({
    kind: z.enum(['item-photo', 'profile-photo']),
    ownerId: z.string(),
    photo,
    replaced: z.boolean(),
  }),
  z.object({ kind: z.literal('verification-document'), ownerId: z.string(), document }),
])

/** What can be wrong with a file, and what a record can have against naming it: trying again is of no use. */
const FILE_REFUSALS = [
  'upload_too_large',
  'upload_type_refused',
  'upload_refused',
  'upload_infected',
] as const
const RECORD_REFUSALS = ['limit_reached', 'not_found', 'conflict', 'access_denied'] as const
const REFUSALS = ['upload_gone', ...FILE_REFUSALS, ...RECORD_REFUSALS] as const

const progress = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open') }),
  z.object({ state: z.literal('accepted'), checked }),
  z.object({ state: z.literal('completed'), completed }),
  z.object({
    state: z.literal('refused'),
    code: z.enum(REFUSALS),
    message: z.string(),
    /** Whether the file may lie at its target all the same. */
    isPlaced: z.boolean(),
  }),
])

const upload = z.object({ plan, progress })

/** What a ticket was given for: decided when it is made, never changed. */
export type UploadPlan = z.infer<typeof plan>
export type CheckedFile = z.infer<typeof checked>
/** How far an upload has come. It goes from `open` by way of `accepted` to `completed`, or ends as `refused`. */
export type UploadProgress = z.infer<typeof progress>
type RefusalCode = (typeof REFUSALS)[number]
/** An upload as it was read, with the version that was read. */
export interface Upload {
  readonly plan: UploadPlan
  readonly progress: UploadProgress
  readonly etag: string
}

/** The codes that end an upload: for what is wrong with its file, or for what its record has against naming it. */
const ENDING = { file: FILE_REFUSALS, record: RECORD_REFUSALS } as const

/** How an upload ends with this failure; any other failure is thrown: it may be gone when it is tried again. */
export function refusalFor(
  error: unknown,
  { of, isPlaced = false }: { readonly of: keyof typeof ENDING; readonly isPlaced?: boolean },
): Extract<UploadProgress, { state: 'refused' }> {
  const codes: readonly RefusalCode[] = ENDING[of]
  const code = error instanceof GatewayError ? codes.find((known) => known === error.code) : undefined
  if (!(error instanceof GatewayError) || code === undefined) throw error
  return { state: 'refused', code, message: error.message, isPlaced }
}

const ID = /^[A-Za-z0-9_-]{22}$/
const stateKey = (uploadId: string): string => `system/uploads/${uploadId}.json`

/** The states of uploads, in the bucket. Every change is a conditional write. */
export class UploadStates {
  readonly #store: Pick<ObjectStore, 'get' | 'put' | 'delete'>

  constructor(store: Pick<ObjectStore, 'get' | 'put' | 'delete'>) {
    this.#store = store
  }

  /** `undefined` when there is no such upload. */
  async find(uploadId: string, signal?: AbortSignal): Promise<Upload | undefined> {
    if (!ID.test(uploadId)) return undefined
    const read = await this.#store.get(stateKey(uploadId), { signal })
    if (read.outcome !== 'found') return undefined
    try {
      return { ...upload.parse(JSON.parse(read.object.body.toString('utf8'))), etag: read.object.etag }
    } catch (cause) {
      throw new GatewayError('record_invalid', 'The state of the upload cannot be understood', { cause })
    }
  }

  /** Writes the state of a new upload. */
  async create(plan: UploadPlan): Promise<Upload> {
    const state = { plan, progress: { state: 'open' } } as const
    // The id is random: what is there can only be this state, whose answer was lost.
    const put = await putSettled(this.#store, stateKey(plan.uploadId), toBytes(state), { ifNoneMatch: '*' })
    if (put.outcome !== 'stored') throw new Error(`${plan.uploadId} exists although it is random`)
    return { ...state, etag: put.etag }
  }

  /** Moves an upload on from the version that was read; `undefined` when somebody else has moved it. */
  async move(from: Upload, progress: UploadProgress): Promise<Upload | undefined> {
    const state = { plan: from.plan, progress }
    const put = await this.#store.put(stateKey(from.plan.uploadId), toBytes(state), {
      contentType: 'application/json',
      cacheControl: 'no-store',
      ifMatch: from.etag,
    })
    return put.outcome === 'stored' ? { ...state, etag: put.etag } : undefined
  }

  async delete({ plan, etag }: Upload): Promise<void> {
    await this.#store.delete([stateKey(plan.uploadId)], { ifMatch: etag })
  }
}

const toBytes = (state: Pick<Upload, 'plan' | 'progress'>) => Buffer.from(JSON.stringify(state))
