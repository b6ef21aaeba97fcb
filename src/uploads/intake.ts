import type { AuditTrail } from '../audit/audit.ts'
import { GatewayError } from '../errors.ts'
import { type Guarded, mayChange } from '../identity/access.ts'
import type { Kind, Kinds } from '../media/kinds.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Transfers } from '../transfers/transfers.ts'
import { checkFile, type FileChecks } from './check-file.ts'
import { type AnyRequest, tooLarge } from './request.ts'
import type { PlacedFile, Shelf, Standing } from './shelves.ts'
import { type CheckedFile, refusalFor, type UploadPlan } from './upload-states.ts'
import type { Completed, UploadContext } from './uploads.ts'

/** Bounds the bytes of files in memory. */
interface Budget {
  use<T>(
    bytes: number,
    work: () => Promise<T>,
    taking?: { readonly signal?: AbortSignal | undefined },
  ): Promise<T>
}

export interface IntakeOptions {
  readonly store: Pick<ObjectStore, 'head' | 'get' | 'delete'>
  readonly transfers: Pick<Transfers, 'copy'>
  readonly shelves: Readonly<Record<Kind, Shelf>>
  readonly kinds: Kinds
  readonly checks: FileChecks
  readonly budget: Budget
  readonly audit: AuditTrail
  /** Told when what was refused could not be removed. */
  readonly onLeftOver: (error: unknown, key: string) => void
  readonly now: () => Date
}

/** The way of a file from where it came in to its record, in steps that can each be done again. */
export class Intake {
  readonly #options: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** What the record says at this moment, to somebody who may add to it. */
  async authorise(request: AnyRequest, context: UploadContext): Promise<Standing> {
    const { shelves } = this.#options
    const standing = await shelves[request.kind].look(request, context.principal, context.signal)
    if (mayChange(context.principal, standing)) return standing
    if (isPrivate(standing)) await this.tell(context, 'refuse', { object: pathOf(request), detail: 'upload' })
    throw new GatewayError('access_denied', `${pathOf(request)} belongs to somebody else`)
  }

  /** Checks what lies where the client could write; returns what alone may be kept. `conflict` when nothing is there. */
  async check(plan: UploadPlan, standing: Standing, context: UploadContext): Promise<CheckedFile> {
    try {
      return await this.#check(plan, standing, context.signal)
    } catch (error) {
      const { code } = refusalFor(error, { of: 'file' })
      if (isPrivate(standing)) await this.tell(context, 'refuse', { object: plan.target.key, detail: code })
      throw error
    }
  }

  async #check(plan: UploadPlan, standing: Standing, signal: AbortSignal | undefined): Promise<CheckedFile> {
    const { store, kinds, budget, checks, now } = this.#options
    const rules = kinds[plan.request.kind]
    const most = plan.request.bytes ?? rules.maxBytes
    const work = async (): Promise<CheckedFile> => {
      const read = await store.get(plan.tempKey, { maxBytes: most, signal })
      if (read.outcome === 'too-large') throw tooLarge(read.bytes, most)
      if (read.outcome !== 'found') throw new GatewayError('conflict', 'Nothing has arrived yet')
      const { body, etag, bytes } = read.object
      const picture = await checkFile({ bytes: body, request: plan.request, rules, signal }, checks)
      const { claims } = standing
      return { etag, bytes, addedAt: now().toISOString(), isPrivate: isPrivate(standing), claims, picture }
    }
    return budget.use(most, work, { signal })
  }

  /**
   * Copies what was checked, and nothing else, to its target. `lost`: neither what was checked nor its copy is there.
   * Done again it finds the copy.
   */
  async place(plan: UploadPlan, checked: CheckedFile): Promise<{ readonly etag: string } | 'lost'> {
    const { store, transfers } = this.#options
    const { tempKey, target, request } = plan
    const { contentType } = request
    const isDocument = request.kind === 'verification-document'
    const copied = await transfers.copy(tempKey, target.key, {
      ifMatch: checked.etag,
      ifNoneMatch: '*',
      headers: {
        contentType,
        ...(isDocument && { contentDisposition: 'attachment', cacheControl: 'no-store' }),
      },
    })
    const placed = copied.outcome === 'copied' ? copied : await store.head(target.key)
    await store.delete([tempKey])
    return placed === undefined ? 'lost' : { etag: placed.etag }
  }

  /** Names a file that lies at its target. */
  async name(file: PlacedFile, context: UploadContext): Promise<Completed> {
    const { plan, checked } = file
    const completed = await this.#options.shelves[plan.request.kind].name(file)
    if (checked.isPrivate) await this.tell(context, 'create', { object: plan.target.key })
    return completed
  }

  /** What an upload has become by its record, whatever else is known of it. */
  find(plan: UploadPlan): Promise<Completed | undefined> {
    return this.#options.shelves[plan.request.kind].find(plan)
  }

  remove(key: string): Promise<void> {
    return this.#options.store.delete([key])
  }

  /** Does the work; when it fails, removes what it may have left. */
  async orRemove<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      // What could not be removed is the sweep's; whoever asked is told what was wrong in the first place.
      await this.remove(key).catch((left: unknown) => this.#options.onLeftOver(left, key))
      throw error
    }
  }

  /** Writes down what was done with something private. */
  tell(
    { principal, requestId, address }: UploadContext,
    action: 'grant' | 'refuse' | 'create',
    what: { readonly object: string; readonly detail?: string | undefined },
  ): Promise<void> {
    return this.#options.audit.record({ principal: principal.id, action, requestId, address, ...what })
  }
}

/** Whether what is done with it belongs into the audit trail. */
export function isPrivate({ kind, access }: Guarded): boolean {
  return kind === 'document' || access !== 'public'
}

const ROOTS: Readonly<Record<Kind, string>> = {
  'item-photo': 'items',
  'profile-photo': 'profiles',
  'verification-document': 'verification',
}

/** What a request wants to add to: `items/42`. */
export function pathOf({ kind, ownerId }: Pick<AnyRequest, 'kind' | 'ownerId'>): string {
  return `${ROOTS[kind]}/${ownerId}`
}
