import { GatewayError } from '../errors.ts'
import type { Multiparts, Part, Presigner } from '../transfers/transfers.ts'
import type { UploadAbilities } from '../transfers/probe-uploads.ts'
import type { UploadPlan } from './upload-states.ts'
import type { Ticket } from './uploads.ts'

const MB = 1024 * 1024
/** From here on a file comes in parts: what has arrived need not be sent again. */
const PARTS_FROM_BYTES = 5 * MB
const PART_BYTES = 8 * MB

/** A part that has to come: its number, from 1, and its length. */
export interface PlannedPart {
  readonly partNumber: number
  readonly bytes: number
}

export interface TicketOptions {
  readonly presigner: Pick<Presigner, 'form' | 'put' | 'part'>
  readonly multiparts: Pick<Multiparts, 'begin'>
  /** What the store enforces of what is signed for it. */
  readonly abilities: () => Promise<Pick<UploadAbilities, 'forms' | 'conditionalPuts'>>
  readonly now: () => Date
  readonly lifeMs: number
  /** Of tickets for parts. */
  readonly partsLifeMs: number
}

/** Signs what lets a client send one file: no other key, type or length than was announced. */
export class Tickets {
  readonly #options: TicketOptions

  constructor(options: TicketOptions) {
    this.#options = options
  }

  /** The plan with how the file comes and until when; an upload in parts is begun in the store. */
  async prepare(plan: Omit<UploadPlan, 'expiresAt'>, bytes: number): Promise<UploadPlan> {
    const { multiparts, lifeMs, partsLifeMs } = this.#options
    if (bytes < PARTS_FROM_BYTES) return { ...plan, expiresAt: this.#after(lifeMs) }
    const multipartId = await multiparts.begin(plan.tempKey, { contentType: plan.request.contentType })
    return { ...plan, multipartId, expiresAt: this.#after(partsLifeMs) }
  }

  /** The ticket of a plan, for what has not arrived yet. */
  async sign(plan: UploadPlan, arrived: readonly Part[] = []): Promise<Ticket> {
    const { uploadId, expiresAt, tempKey: key, request } = plan
    const expiresInS = Math.floor((Date.parse(expiresAt) - this.#options.now().getTime()) / 1000)
    if (expiresInS < 1) throw new GatewayError('upload_gone', 'The ticket has expired; ask for a new one')
    const bytes = request.bytes ?? 0
    const head = { uploadId, expiresAt, maxBytes: bytes }
    const { contentType } = request
    const { presigner, abilities } = this.#options
    if (plan.multipartId !== undefined)
      return {
        ...head,
        method: 'PUT',
        partBytes: PART_BYTES,
        ...(await this.#parts(plan, { expiresInS, arrived })),
      }
    const { forms, conditionalPuts } = await abilities()
    if (forms) {
      const form = await presigner.form({ key, expiresInS, contentType, minBytes: bytes, maxBytes: bytes })
      return { ...head, method: 'POST', ...form }
    }
    const what = { key, expiresInS, contentType, bytes }
    const { url, headers } = await presigner.put(conditionalPuts ? what : { ...what, overwrites: true })
    return { ...head, method: 'PUT', url, headers }
  }

  async #parts(
    { tempKey: key, multipartId: uploadId = '', request }: UploadPlan,
    { expiresInS, arrived }: { readonly expiresInS: number; readonly arrived: readonly Part[] },
  ) {
    const planned = plannedParts(request.bytes ?? 0)
    const missing = missingParts(planned, arrived)
    const parts = missing.map(async ({ partNumber, bytes }) => {
      const signed = await this.#options.presigner.part({ key, uploadId, partNumber, bytes, expiresInS })
      return { partNumber, bytes, url: signed.url, headers: signed.headers }
    })
    const numbers = planned.filter((part) => !missing.includes(part)).map(({ partNumber }) => partNumber)
    return { parts: await Promise.all(parts), arrived: numbers }
  }

  #after(ms: number): string {
    return new Date(this.#options.now().getTime() + ms).toISOString()
  }
}

/** The parts that a file of so many bytes comes in: all of one length but the last. */
export function plannedParts(bytes: number): PlannedPart[] {
  return Array.from({ length: Math.ceil(bytes / PART_BYTES) }, (_, index) => ({
    partNumber: index + 1,
    bytes: Math.min(PART_BYTES, bytes - index * PART_BYTES),
  }))
}

/** Those that have not arrived in their full length. */
export function missingParts(planned: readonly PlannedPart[], arrived: readonly Part[]): PlannedPart[] {
  return planned.filter(
    ({ partNumber, bytes }) =>
      !arrived.some((part) => part.partNumber === partNumber && part.bytes === bytes),
  )
}
