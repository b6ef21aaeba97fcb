import { albumKey, albumRecord } from '../../../src/media/records.ts'
import type { ObjectStore } from '../../../src/storage/object-store.ts'

/** What may be seen of an item: the picture of each photo, in their order; nothing of one that is hidden or gone. */
type State = readonly { readonly photoId: string; readonly picture: number }[]

/** What people see, and what they should: told by the record alone, at the moment at which it is written. */
export function createTruth(store: ObjectStore) {
  const pictures = new Map<string, number>()
  let itemId = ''
  let states: { readonly atMs: number; readonly state: State }[] = []

  const note = (state: State) => void states.push({ atMs: Date.now(), state })

  function read(body: Uint8Array): State {
    const { photos, access } = albumRecord.parse(JSON.parse(Buffer.from(body).toString()))
    if (access !== 'public') return []
    return photos.map(({ photoId, key }) => ({ photoId, picture: pictures.get(key) ?? Number.NaN }))
  }

  const watched: ObjectStore = {
    ...store,
    async put(key, bytes, options) {
      const put = await store.put(key, bytes, options)
      if (key === albumKey(itemId) && put.outcome === 'stored') note(read(bytes))
      return put
    },
    async delete(keys, options) {
      await store.delete(keys, options)
      if (keys.includes(albumKey(itemId))) note([])
    },
  }

  /** The picture that a path shows; `undefined`: none. */
  function pictureAt(path: string, state: State): number | undefined {
    const [, photoId, version] = /\/photos\/([^/]+)(?:\/(@[^/]+))?\//.exec(path) ?? []
    const photo = photoId === undefined ? state[0] : state.find((one) => one.photoId === photoId)
    if (version === undefined) return photo?.picture
    return photo?.picture === versions.get(path) ? photo?.picture : undefined
  }

  const versions = new Map<string, number>()
  const etags = new Map<string, number>()

  return {
    store: watched,
    /** Forgets what was, and watches this item. */
    watch(id: string) {
      itemId = id
      pictures.clear()
      versions.clear()
      etags.clear()
      states = [{ atMs: Date.now(), state: [] }]
    },
    /** The picture in a file. */
    know: (key: string, picture: number) => void pictures.set(key, picture),
    /** What an answer shows: by its ETag, and at its versioned path where it names one. */
    learn(picture: number, etag: string, path: string | undefined) {
      etags.set(etag, picture)
      if (path !== undefined) versions.set(path, picture)
    },
    pictureOf: (etag = '') => etags.get(etag),
    versions: () => [...versions.keys()],
    /** A moment, to tell later what was right since. */
    moment: () => states.length - 1,
    now: (path: string) => pictureAt(path, states.at(-1)?.state ?? []),
    /**
     * Since when it has been wrong to show this picture at this path, in milliseconds; `undefined` where it was right
     * at some time since `moment`.
     */
    wrongSinceMs(path: string, picture: number, moment: number): number | undefined {
      const isRight = ({ state }: { state: State }) => pictureAt(path, state) === picture
      if (states.slice(moment).some(isRight)) return undefined
      const last = states.findLastIndex(isRight)
      return states[last + 1]?.atMs ?? Number.NaN
    },
  }
}
