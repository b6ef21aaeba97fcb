import { randomUUID } from 'node:crypto'
import { completed, item as itemSchema, ticket as ticketSchema } from '../../../src/api/schemas.ts'
import { readAs, tokenOf } from '../api.ts'
import { BY_EDGE } from '../edge-journey.ts'
import { createClient, photoOf, pictureForm } from '../journey.ts'
import { sendTicket } from '../upload-client.ts'
import { oneOf, pause, type Run } from './run.ts'

/** What came of a request: it was done, it was refused, or nobody knows. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly status: number; readonly said: string }
  | { readonly kind: 'unknown'; readonly why: string }

/** What an upload asks for, beside the file. */
export interface Wish {
  readonly itemId: string
  /** The slot that is replaced; without it there is a new one. */
  readonly photoId?: string
}

const ATTEMPTS = 5
const BETWEEN_MS = 400
const SELLER = 'ana'
/** So that no connection is used again that has just been closed. */
const HEADERS = { ...BY_EDGE, connection: 'close' }

/** What sellers do over the API, at either gateway, and as often again as what is repeated does no harm. */
export function createSellerApi({ stage, random, tally }: Run) {
  const anywhere = () => createClient(oneOf(random, stage.journey.replicas).url, HEADERS)

  async function settle<T>(
    attempts: number,
    work: () => Promise<Response>,
    read: (answer: Response) => Promise<T>,
  ) {
    let last: Outcome<T> = { kind: 'unknown', why: 'never asked' }
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (attempt > 1) {
        tally.count('changes: asked again')
        await pause(BETWEEN_MS * attempt)
      }
      last = await outcomeOf(work, read)
      if (last.kind !== 'unknown') return last
    }
    return last
  }

  async function call<T>(line: string, json: unknown, read: (answer: Response) => Promise<T>) {
    const ask = async () => anywhere().call(line, await tokenOf(SELLER), json === undefined ? {} : { json })
    return settle(ATTEMPTS, ask, read)
  }

  /** By ticket, as browsers do it: each step may be repeated. */
  async function uploadByTicket({ itemId, photoId }: Wish, file: Buffer): Promise<Outcome<string>> {
    const about = { fileName: 'a.jpg', contentType: 'image/jpeg', bytes: file.length }
    const json = { kind: 'item-photo', ownerId: itemId, ...about, ...(photoId !== undefined && { photoId }) }
    const issued = await call('POST /uploads', json, async (answer) => readAs(answer, ticketSchema))
    // Of a ticket that is not used nothing is left to know.
    if (issued.kind === 'unknown') return { kind: 'refused', status: 0, said: issued.why }
    if (issued.kind === 'refused') return issued
    const { uploadId } = issued.value
    if (!(await isSent(issued.value, file))) {
      tally.count('uploads that did not reach the bucket')
      await call(`DELETE /uploads/${uploadId}`, undefined, async () => undefined)
      return { kind: 'refused', status: 0, said: 'the bucket did not take it' }
    }
    return call(`POST /uploads/${uploadId}/complete`, undefined, async (answer) => {
      const done = await readAs(answer, completed)
      if (!('photo' in done)) throw new Error('A photo was expected')
      return done.photo.photoId
    })
  }

  async function isSent(ticket: Parameters<typeof sendTicket>[0], file: Buffer): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const sent = await sendTicket(ticket, file).catch(String)
      if (sent === 'stored') return true
      await pause(BETWEEN_MS * attempt)
    }
    return false
  }

  /** Through the gateway, as servers do it: a form is not sent twice. */
  async function uploadByForm({ itemId, photoId }: Wish, file: Buffer): Promise<Outcome<string>> {
    const line =
      photoId === undefined ? `POST /items/${itemId}/photos` : `PUT /items/${itemId}/photos/${photoId}`
    const headers = photoId === undefined ? { 'idempotency-key': randomUUID() } : {}
    const client = createClient(oneOf(random, stage.journey.replicas).url, { ...HEADERS, ...headers })
    const ask = async () => client.call(line, await tokenOf(SELLER), { body: pictureForm(file) })
    return settle(1, ask, async (answer) => (await photoOf(answer)).photoId)
  }

  return {
    uploadByTicket,
    uploadByForm,
    setAccess: async (itemId: string, access: 'public' | 'private') =>
      call(`PUT /items/${itemId}`, { access }, async () => undefined),
    order: async (itemId: string, photoIds: readonly string[]) =>
      call(`PUT /items/${itemId}/order`, { photoIds }, async () => undefined),
    /** Done, too, where an earlier attempt has done it. */
    async remove(path: string): Promise<Outcome<undefined>> {
      const removed = await call(`DELETE ${path}`, undefined, async () => undefined)
      return removed.kind === 'refused' && removed.status === 404
        ? { kind: 'done', value: undefined }
        : removed
    },
    item: async (itemId: string) =>
      call(`GET /items/${itemId}`, undefined, async (answer) => readAs(answer, itemSchema)),
    original: async (itemId: string, photoId: string) =>
      call(`GET /items/${itemId}/photos/${photoId}/original`, undefined, async (answer) =>
        Buffer.from(await answer.arrayBuffer()),
      ),
  }
}

/** A 5xx may come after the work was done, and a connection that breaks off, too. */
async function outcomeOf<T>(
  work: () => Promise<Response>,
  read: (answer: Response) => Promise<T>,
): Promise<Outcome<T>> {
  try {
    const answer = await work()
    if (answer.ok) return { kind: 'done', value: await read(answer) }
    const { status } = answer
    const said = (await answer.text()).slice(0, 300)
    if (status >= 500 || status === 429) return { kind: 'unknown', why: `${status} ${said}` }
    return { kind: 'refused', status, said }
  } catch (error) {
    return { kind: 'unknown', why: String(error) }
  }
}
