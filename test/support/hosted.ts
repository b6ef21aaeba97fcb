import { createHmac, randomUUID } from 'node:crypto'
import { Account } from '../../src/hosted/account.ts'
import { placeOf } from '../../src/hosted/find-images.ts'
import { itemIdOf } from '../../src/hosted/image-id.ts'
import { writeKept } from '../../src/hosted/kept-record.ts'
import { type AccountRecord, NEW_ACCOUNT } from '../../src/hosted/records.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { putItem, setAccess } from './library.ts'

export const ACCOUNT_HASH = 'Vi7wi5KSItxGFsWRG2Us6Q'

export interface TestImage {
  readonly colour: string
  /** Without it a UUID. */
  readonly id?: string
  readonly isPrivate?: boolean
  readonly isDraft?: boolean
}

/** Puts a hosted image of one colour, 1600 × 1000, into a store; returns its id. */
export async function putHostedImage(store: ObjectStore, image: TestImage): Promise<string> {
  const { colour, id = randomUUID(), isPrivate = false, isDraft = false } = image
  const itemId = itemIdOf(id)
  if (itemId === undefined) throw new Error(`${id} is no id`)
  await putItem(store, itemId, [colour])
  if (isPrivate) await setAccess(store, itemId, 'private')
  const record = { id, itemId, isPrivate, filename: 'a.jpg', meta: {}, by: 'tests' }
  const uploaded = new Date().toISOString()
  const draft = isDraft ? { draft: { expiresAt: '9999-01-01T00:00:00.000Z' } } : {}
  await writeKept(store, placeOf(itemId), { ...record, uploaded, ...draft }, undefined)
  return id
}

/** What holds for all hosted images of a store from now on, where it has not been read yet. */
export async function putAccount(store: ObjectStore, state: Partial<AccountRecord>): Promise<void> {
  const account = new Account({ store, rememberMs: 0, elapsedMs: () => 0 })
  const variants = { ...NEW_ACCOUNT.variants, ...state.variants }
  await account.edit((before) => ({ ...before, ...state, variants }))
}

/** `?exp=…&sig=…` as Cloudflare's documentation has sites make it. */
export function signatureFor(path: string, key: string, exp?: number): string {
  const query = exp === undefined ? '' : `?exp=${exp}`
  const sig = createHmac('sha256', key).update(`${path}${query}`).digest('hex')
  return `${query}${query === '' ? '?' : '&'}sig=${sig}`
}
