import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { EdgePurges } from '../purging/purging.ts'
import { appendToJournal, type JournalEntry } from '../sources/journal.ts'
import type { CallOptions, ObjectStore } from '../storage/object-store.ts'
import { VARIANT_TREES, variantsBelow } from '../urls/variant-key.ts'
import { deleteBelow } from './delete-below.ts'

/** Where purges lie that have been announced and are not finished yet. */
export const PURGES = 'system/purges/'

const purge = z.object({
  id: z.string().min(1).optional(),
  paths: z.array(z.string().min(1)),
  stale: z.array(z.string().min(1)).optional(),
  change: z.unknown().optional(),
  edge: z.array(z.string().min(1)).optional(),
  asked: z.boolean().optional(),
})

/** What caches have to forget. */
export interface Purge {
  readonly id: string
  /** Source paths that change, each with everything below it; of one that ends in a slash, only what is below it. */
  readonly paths: readonly string[]
  /** Of these the stored variants go, and of everything below them; without it of all `paths`. */
  readonly stale?: readonly string[] | undefined
  /** The change of a record that it is for; who makes it knows how to read it. */
  readonly change?: unknown
  /** What only the edge has to forget, as its API spells it. */
  readonly edge?: readonly string[] | undefined
  /** Somebody may ask how far it is. */
  readonly asked?: boolean | undefined
}

/** What is to be known of a purge beside its paths. */
export interface ForgetOptions extends Pick<Purge, 'edge' | 'asked' | 'stale'> {
  /** Made up where it is not given. */
  readonly id?: string | undefined
  /** What becomes of it at the edge; without it, nothing. */
  readonly edgePurges?: EdgePurges | undefined
}

export interface Forgotten {
  /** Variants removed from the bucket. */
  readonly variants: number
  readonly entry: JournalEntry
}

/** The same of a whole purge. */
export interface ForgottenPurge extends Forgotten {
  readonly id: string
}

/**
 * Makes every cache of ours forget the variants of source paths and of everything below them (design §4, "Change and
 * forget"): the intent first, then `commit` (the change itself, where there is one), then the variants in the bucket,
 * then the journal, which all replicas read, then the edge. A crash in between leaves the intent behind, for whoever
 * sweeps.
 */
export async function forget(
  store: ObjectStore,
  paths: readonly string[],
  commit: () => Promise<void> = async () => {},
  { id = randomUUID(), edgePurges, ...more }: ForgetOptions = {},
): Promise<ForgottenPurge> {
  const purge = { id, paths, ...more }
  await announcePurge(store, purge)
  await commit()
  const forgotten = await carryOutPurge(store, purge)
  await closePurge(store, purge, edgePurges)
  return { ...forgotten, id }
}

/** Nothing is left to be done of a purge but at the edge, if there is one. */
export async function closePurge(
  store: Pick<ObjectStore, 'delete'>,
  purge: Purge,
  edgePurges: EdgePurges | undefined,
): Promise<void> {
  const isForEdge = purge.paths.length > 0 || (purge.edge ?? []).length > 0
  if (edgePurges && isForEdge) await edgePurges.handOver(purge)
  else await store.delete([purgeKey(purge.id)])
}

/** Where a purge lies from its announcement until it is finished, or the edge's queue has it. */
export const purgeKey = (id: string): string => `${PURGES}${id}.json`

/** The id of an announced purge by its key; `undefined` for what else lies there: the edge's queue. */
export function purgeIdOf(key: string): string | undefined {
  const [, id] = /^([^/]+)\.json$/.exec(key.slice(PURGES.length)) ?? []
  return id
}

/** Writes down what will have to be forgotten, before it changes. */
export async function announcePurge(
  store: Pick<ObjectStore, 'put'>,
  purge: Purge,
  options?: CallOptions,
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ ...purge, at: new Date().toISOString() }))
  await store.put(purgeKey(purge.id), body, {
    contentType: 'application/json',
    cacheControl: 'no-store',
    ifNoneMatch: '*',
    signal: options?.signal,
  })
}

/** Deletes the variants in the bucket, then tells all replicas. Harmless when it is done twice, or too often. */
export async function carryOutPurge(
  store: ObjectStore,
  { paths, stale = paths }: Pick<Purge, 'paths' | 'stale'>,
): Promise<Forgotten> {
  let variants = 0
  for (const path of stale.map(withoutSlash))
    for (const tree of VARIANT_TREES) variants += await deleteBelow(store, variantsBelow(path, tree))
  return { variants, entry: await appendToJournal(store, paths.map(withoutSlash)) }
}

const withoutSlash = (path: string) => path.replace(/\/+$/, '')

/** Reads an announced purge; `undefined` for what is none. */
export function parsePurge(body: Buffer): z.infer<typeof purge> | undefined {
  try {
    return purge.parse(JSON.parse(body.toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}
