import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { createPool } from '../composition/pool.ts'
import { createItem, createProfile, type NewPhoto } from '../media/new-item.ts'
import { albumKey, profileKey } from '../media/records.ts'
import { SAMPLE_ITEMS, SAMPLE_PROFILES } from '../media/samples.ts'
import { cpuCount } from '../machine/cpu-quota.ts'
import { paintSamples } from '../render/sample-studio.ts'
import type { Renderer } from '../render/renderer.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** The compiled program that paints, beside `src` in the build. */
const PAINTER_FILE = fileURLToPath(new URL('../../samples/painter.js', import.meta.url))

/** An item or a profile that is stored as soon as its last photo is painted. */
interface Wanted {
  readonly scenes: readonly string[]
  readonly store: (photos: readonly NewPhoto[]) => Promise<unknown>
}

/** Puts the sample items and profiles into a bucket that does not have them yet; what is there is left as it is. */
export async function seedSamples(
  store: ObjectStore,
  config: Config,
  say: (line: string) => void,
  painterFile: string = PAINTER_FILE,
): Promise<void> {
  const wanted = await missing(store)
  if (wanted.length === 0) return
  const scenes = wanted.flatMap((one) => one.scenes)
  say(`Painting ${scenes.length} sample pictures, once …`)
  const pool = createPool(config)
  try {
    await paintAndStore(wanted, { painterFile, painters: cpuCount(), environment: config.environment }, pool)
  } finally {
    await pool.close()
  }
}

async function missing(store: ObjectStore): Promise<readonly Wanted[]> {
  const wanted: Wanted[] = []
  for (const { itemId, scenes } of SAMPLE_ITEMS) {
    if ((await store.head(albumKey(itemId))) !== undefined) continue
    wanted.push({ scenes, store: (photos) => createItem(store, { itemId, owner: 'samples', photos }) })
  }
  for (const { userId, scene } of SAMPLE_PROFILES) {
    if ((await store.head(profileKey(userId))) !== undefined) continue
    wanted.push({
      scenes: [scene],
      store: async ([photo]) => photo && createProfile(store, { userId, photo }),
    })
  }
  return wanted
}

async function paintAndStore(
  wanted: readonly Wanted[],
  studio: Parameters<typeof paintSamples>[1],
  renderer: Renderer,
): Promise<void> {
  const painted = new Map<string, Uint8Array>()
  await paintSamples(
    wanted.flatMap(({ scenes }) => scenes),
    studio,
    async (name, bytes) => {
      painted.set(name, bytes)
      const owner = wanted.find(({ scenes }) => scenes.includes(name))
      if (owner === undefined || !owner.scenes.every((scene) => painted.has(scene))) return
      await owner.store(await photosOf(owner.scenes, painted, renderer))
      for (const scene of owner.scenes) painted.delete(scene)
    },
  )
}

async function photosOf(
  scenes: readonly string[],
  painted: ReadonlyMap<string, Uint8Array>,
  renderer: Renderer,
): Promise<NewPhoto[]> {
  const photos: NewPhoto[] = []
  for (const scene of scenes) {
    const bytes = painted.get(scene) ?? new Uint8Array()
    const looks = await renderer.describe(bytes)
    photos.push({ photoId: `p${photos.length + 1}`, bytes, facts: looks.facts, looks })
  }
  return photos
}
