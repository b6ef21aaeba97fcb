import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Multiparts, Transfers } from '../transfers/transfers.ts'
import { Completion } from './completion.ts'
import { Intake, type IntakeOptions, isPrivate } from './intake.ts'
import type { Preparation } from './preparation.ts'
import { type AnyRequest, checkRequest } from './request.ts'
import { createShelves, type PlacedFile, type ShelfOptions } from './shelves.ts'
import { Tickets, type TicketOptions } from './tickets.ts'
import { refusalFor, type Upload, type UploadPlan, UploadStates } from './upload-states.ts'
import type { Completed, Ticket, UploadContext, UploadRequest, Uploads } from './uploads.ts'

export interface UploadsOptions
  extends Omit<IntakeOptions, 'shelves' | 'store' | 'transfers' | 'now'>,
    Omit<TicketOptions, 'multiparts' | 'now'>,
    ShelfOptions {
  readonly store: Pick<ObjectStore, 'head' | 'get' | 'put' | 'delete'>
  readonly transfers: Pick<Transfers, 'upload' | 'copy'>
  readonly multiparts: Pick<Multiparts, 'begin' | 'list' | 'complete' | 'abort'>
  /** Rejects where nothing may be changed. */
  readonly assertWritable: () => Promise<void>
  /** Told of every picture that has come in. */
  readonly prepare?: ((work: Preparation) => void) | undefined
  readonly now?: () => Date
}

/** Why there is nothing to go on with. */
const ENDED = {
  accepted: 'The upload is being completed',
  completed: 'The upload is completed',
  refused: 'The upload was refused, or has expired',
} as const

/** Files on their way into a bucket. */
export function createUploads(options: UploadsOptions): Uploads {
  return new BucketUploads({ ...options, now: options.now ?? (() => new Date()) })
}

class BucketUploads implements Uploads {
  readonly #options: UploadsOptions & Pick<Required<UploadsOptions>, 'now'>
  readonly #shelves: IntakeOptions['shelves']
  readonly #states: UploadStates
  readonly #tickets: Tickets
  readonly #intake: Intake
  readonly #completion: Completion

  constructor(options: UploadsOptions & Pick<Required<UploadsOptions>, 'now'>) {
    this.#options = options
    this.#shelves = createShelves(options)
    this.#states = new UploadStates(options.store)
    this.#tickets = new Tickets(options)
    this.#intake = new Intake({ ...options, shelves: this.#shelves })
    this.#completion = new Completion({ ...options, states: this.#states, intake: this.#intake })
  }

  async begin(request: UploadRequest, context: UploadContext): Promise<Ticket> {
    const { plan, standing } = await this.#plan(request, context)
    const complete = await this.#tickets.prepare(plan, request.bytes)
    await this.#states.create(complete)
    if (isPrivate(standing))
      await this.#intake.tell(context, 'grant', { object: plan.target.key, detail: 'upload' })
    return this.#tickets.sign(complete)
  }

  async resume(uploadId: string, context: UploadContext): Promise<Ticket> {
    const { plan, progress } = await this.#own(uploadId, context)
    if (progress.state !== 'open') throw new GatewayError('upload_gone', ENDED[progress.state])
    if (plan.multipartId === undefined) return this.#tickets.sign(plan)
    const { multiparts } = this.#options
    const arrived = await multiparts.list(plan.tempKey, plan.multipartId, { signal: context.signal })
    if (arrived === undefined) throw new GatewayError('upload_gone', 'The parts are being put together')
    return this.#tickets.sign(plan, arrived)
  }

  async complete(uploadId: string, context: UploadContext): Promise<Completed> {
    await this.#options.assertWritable()
    const upload = await this.#own(uploadId, context)
    const completed = await this.#completion.run(upload, context)
    if (upload.progress.state !== 'completed') this.#prepare(upload.plan)
    return completed
  }

  async abort(uploadId: string, context: UploadContext): Promise<void> {
    const upload = await this.#own(uploadId, context)
    const { state } = upload.progress
    if (state === 'accepted') throw new GatewayError('conflict', 'The upload is being completed')
    if (state === 'completed') throw new GatewayError('upload_gone', 'The upload is completed')
    const refused =
      state === 'open'
        ? await this.#completion.refuse(upload, 'upload_gone', 'The upload was aborted')
        : upload
    if (refused === undefined) throw new GatewayError('conflict', 'The upload is being completed')
    await this.#states.delete(refused)
  }

  async receive(request: AnyRequest, body: Readable, context: UploadContext): Promise<Completed> {
    const { plan: begun, standing } = await this.#plan(request, context)
    const { transfers, kinds, now } = this.#options
    const plan = { ...begun, expiresAt: now().toISOString() }
    const { checked, file } = await this.#intake.orRemove(plan.tempKey, async () => {
      const { contentType, bytes } = request
      const limits = { bytes, maxBytes: kinds[request.kind].maxBytes, signal: context.signal }
      await transfers.upload(plan.tempKey, body, { contentType, ...limits })
      const checked = await this.#intake.check(plan, standing, context)
      return { checked, file: await this.#intake.place(plan, checked) }
    })
    if (file === 'lost') throw new GatewayError('upload_refused', 'The file was changed while it was checked')
    const completed = await this.#name({ plan, checked, etag: file.etag }, context)
    this.#prepare(plan)
    return completed
  }

  async #name(file: PlacedFile, context: UploadContext): Promise<Completed> {
    try {
      return await this.#intake.name(file, context)
    } catch (error) {
      // After any other failure it may be named all the same; if it is not, it is the sweep's.
      refusalFor(error, { of: 'record' })
      await this.#intake.remove(file.plan.target.key)
      throw error
    }
  }

  async #plan(request: AnyRequest, context: UploadContext) {
    const { kinds, now, assertWritable } = this.#options
    const format = checkRequest(request, kinds, now())
    await assertWritable()
    const standing = await this.#intake.authorise(request, context)
    const uploadId = randomBytes(16).toString('base64url')
    const ids = { fileId: uploadId, photoId: randomBytes(9).toString('base64url') }
    const { id, kind } = context.principal
    const plan = {
      uploadId,
      request,
      principal: { id, kind },
      tempKey: `temp/uploads/${uploadId}/${request.fileName}`,
      target: this.#shelves[request.kind].target(request, format, ids),
      replaces: standing.replaces,
    }
    return { plan, standing }
  }

  /** An upload that whoever asks has begun. */
  async #own(uploadId: string, context: UploadContext): Promise<Upload> {
    const upload = await this.#states.find(uploadId, context.signal)
    if (upload === undefined) throw new GatewayError('not_found', 'There is no such upload')
    const { id, kind } = upload.plan.principal
    if (id === context.principal.id && kind === context.principal.kind) return upload
    await this.#intake.tell(context, 'refuse', {
      object: upload.plan.target.key,
      detail: 'upload of somebody else',
    })
    throw new GatewayError('access_denied', 'The upload was begun by somebody else')
  }

  #prepare(plan: UploadPlan): void {
    const { kinds, prepare } = this.#options
    const path = this.#shelves[plan.request.kind].picturePath(plan)
    if (path !== undefined) prepare?.({ path, presets: kinds[plan.request.kind].presets })
  }
}
