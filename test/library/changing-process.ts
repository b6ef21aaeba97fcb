import { z } from 'zod'
import type { Albums } from '../../src/library/library.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createDeferred } from '../../src/render/deferred.ts'
import { openOrigin } from '../support/program.ts'
import { by, openLibrary, SHOP } from './library.ts'

const photo = z.object({
  photoId: z.string(),
  key: z.string(),
  etag: z.string(),
  contentType: z.string(),
  bytes: z.number(),
  width: z.number(),
  height: z.number(),
  addedAt: z.string(),
})

const change = z.object({
  verb: z.enum(['create', 'add', 'replace', 'reorder', 'hide', 'remove', 'delete']),
  itemId: z.string(),
  photo,
})

/** What the process is told: which changes, of which items, with which files, and before which call of each to die. */
const order = z.object({
  changes: z.array(change),
  dieAt: z.number(),
  origin: z.object({
    url: z.string(),
    bucket: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
})

export type Change = z.infer<typeof change>
export type Order = z.infer<typeof order>

/** A store whose n-th call, and every one after it, is never made and never answered. */
function mortal(store: ObjectStore, dieAt: number) {
  let calls = 0
  const reached = createDeferred<'dying'>()
  const live = async () => {
    calls += 1
    if (calls < dieAt) return
    reached.resolve('dying')
    await createDeferred<never>().promise
  }
  const living: ObjectStore = {
    head: async (...call) => (await live(), store.head(...call)),
    get: async (...call) => (await live(), store.get(...call)),
    put: async (...call) => (await live(), store.put(...call)),
    delete: async (...call) => (await live(), store.delete(...call)),
    async *list(...call) {
      await live()
      yield* store.list(...call)
    },
  }
  return { store: living, reached: reached.promise }
}

const VERBS: Record<Change['verb'], (albums: Albums, change: Change) => Promise<unknown>> = {
  create: async (albums, { itemId, photo }) => albums.add(itemId, photo, { ...by, ifAbsent: SHOP }),
  add: async (albums, { itemId, photo }) => albums.add(itemId, photo, { ...by, at: 0 }),
  replace: async (albums, { itemId, photo }) => albums.replace(itemId, photo, by),
  reorder: async (albums, { itemId }) => albums.reorder(itemId, ['b', 'a'], by),
  hide: async (albums, { itemId }) => albums.setAccess(itemId, 'private', by),
  remove: async (albums, { itemId }) => albums.remove(itemId, 'a', by),
  delete: async (albums, { itemId }) => albums.removeAll(itemId, { ...by, andAlbum: true }),
}

/** Makes one change after the other, each as far as its n-th call; then the process is killed with all of them. */
async function run({ changes, dieAt, origin }: Order): Promise<void> {
  const bucket = openOrigin(origin)
  let dying = false
  for (const change of changes) {
    const { store, reached } = mortal(bucket, dieAt)
    const { albums, unfinished } = openLibrary(store)
    const end = await Promise.race([VERBS[change.verb](albums, change), reached])
    if (end === 'dying') dying = true
    else if (unfinished.length > 0) throw new Error(`${change.verb} was not finished`)
  }
  if (dying) process.kill(process.pid, 'SIGKILL')
  bucket.close()
}

await run(order.parse(JSON.parse(process.argv[2] ?? '')))
