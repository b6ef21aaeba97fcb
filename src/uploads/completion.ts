import { GatewayError } from '../errors.ts'
import type { Multiparts } from '../transfers/transfers.ts'
import type { Intake } from './intake.ts'
import type { Standing } from './shelves.ts'
import { missingParts, plannedParts } from './tickets.ts'
import {
  refusalFor,
  type Upload,
  type UploadPlan,
  type UploadProgress,
  type UploadStates,
} from './upload-states.ts'
import type { Completed, UploadContext } from './uploads.ts'

type Accepted = Extract<UploadProgress, { state: 'accepted' }>
type Refused = Extract<UploadProgress, { state: 'refused' }>

export interface CompletionOptions {
  readonly states: UploadStates
  readonly intake: Intake
  readonly multiparts: Pick<Multiparts, 'list' | 'complete' | 'abort'>
  readonly now: () => Date
}

/**
 * Brings an upload to its end. Its state says which step is next, and moves by conditional writes: whoever comes again,
 * at the same time or after a crash, goes on where it is and gets the same answer.
 */
export class Completion {
  readonly #options: CompletionOptions

  constructor(options: CompletionOptions) {
    this.#options = options
  }

  async run(begun: Upload, context: UploadContext): Promise<Completed> {
    let upload = begun
    for (;;) {
      const { plan, progress } = upload
      if (progress.state === 'completed') return progress.completed
      if (progress.state === 'refused') await this.#giveUp(upload, progress)
      const next = await this.#next(plan, progress, context)
      upload = (await this.#options.states.move(upload, next)) ?? (await this.#reread(plan))
    }
  }

  /** Ends an upload that nobody has accepted yet; `undefined` when somebody else has moved it. */
  async refuse(upload: Upload, code: 'upload_gone', message: string): Promise<Upload | undefined> {
    const refused = await this.#options.states.move(upload, {
      state: 'refused',
      code,
      message,
      isPlaced: false,
    })
    if (refused !== undefined) await this.#clean(upload.plan)
    return refused
  }

  async #next(plan: UploadPlan, progress: UploadProgress, context: UploadContext): Promise<UploadProgress> {
    switch (progress.state) {
      case 'open':
        return this.#accept(plan, context)
      case 'accepted':
        return this.#keep(plan, progress, context)
      case 'refused':
        // Only one that its record names comes here.
        return this.#found(plan)
      case 'completed':
        return progress
    }
  }

  async #accept(plan: UploadPlan, context: UploadContext): Promise<UploadProgress> {
    if (Date.parse(plan.expiresAt) <= this.#options.now().getTime())
      return gone('The ticket has expired; ask for a new one')
    const { intake } = this.#options
    let standing: Standing
    try {
      standing = await intake.authorise(plan.request, context)
    } catch (error) {
      return refusalFor(error, { of: 'record' })
    }
    await this.#assemble(plan, context)
    try {
      return { state: 'accepted', checked: await intake.check(plan, standing, context) }
    } catch (error) {
      return refusalFor(error, { of: 'file' })
    }
  }

  /** Makes one object of the parts, unless that has been done. */
  async #assemble({ tempKey, multipartId, request }: UploadPlan, { signal }: UploadContext): Promise<void> {
    if (multipartId === undefined) return
    const { multiparts } = this.#options
    const arrived = await multiparts.list(tempKey, multipartId, { signal })
    if (arrived === undefined) return
    const planned = plannedParts(request.bytes ?? 0)
    const missing = missingParts(planned, arrived).map(({ partNumber }) => partNumber)
    if (missing.length > 0)
      throw new GatewayError(
        'conflict',
        `Not all parts have arrived: ${missing.join(', ')} of ${planned.length}`,
      )
    const parts = arrived.filter(({ partNumber }) => partNumber <= planned.length)
    const made = await multiparts.complete(tempKey, multipartId, parts, { signal })
    if (made.outcome === 'invalid')
      throw new GatewayError(
        'conflict',
        'The parts have changed while they were put together; complete again',
      )
  }

  async #keep(plan: UploadPlan, { checked }: Accepted, context: UploadContext): Promise<UploadProgress> {
    const { intake } = this.#options
    const placed = await intake.place(plan, checked)
    if (placed === 'lost')
      return gone(
        'The file was changed while it was checked, or has been deleted since; ask for a new ticket',
      )
    try {
      const completed = await intake.name({ plan, checked, etag: placed.etag }, context)
      return { state: 'completed', completed }
    } catch (error) {
      return refusalFor(error, { of: 'record', isPlaced: true })
    }
  }

  /** Returns only when the record names the file all the same: it decides. */
  async #giveUp({ plan }: Upload, refused: Refused): Promise<void> {
    const { intake } = this.#options
    if (refused.isPlaced && (await intake.find(plan)) !== undefined) return
    await this.#clean(plan)
    if (refused.isPlaced) await intake.remove(plan.target.key)
    throw new GatewayError(refused.code, refused.message)
  }

  async #found(plan: UploadPlan): Promise<UploadProgress> {
    const completed = await this.#options.intake.find(plan)
    return completed ? { state: 'completed', completed } : gone('The file has been deleted since')
  }

  /** Nothing of what came in is left. */
  async #clean({ tempKey, multipartId }: UploadPlan): Promise<void> {
    if (multipartId !== undefined) await this.#options.multiparts.abort(tempKey, multipartId)
    await this.#options.intake.remove(tempKey)
  }

  async #reread({ uploadId }: UploadPlan): Promise<Upload> {
    const upload = await this.#options.states.find(uploadId)
    if (upload === undefined) throw new GatewayError('upload_gone', 'The upload was aborted')
    return upload
  }
}

function gone(message: string): Refused {
  return { state: 'refused', code: 'upload_gone', message, isPlaced: false }
}
