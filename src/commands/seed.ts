import { readdir, readFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { type Config, ConfigError } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { createPool } from '../composition/pool.ts'
import { createItem, type NewPhoto } from '../media/new-item.ts'
import { idPattern } from '../urls/ids.ts'
import type { Renderer } from '../render/renderer.ts'
import { useBucket, withBucket } from './bucket.ts'
import { seedSamples } from '../running/seed-samples.ts'

const EXTENSIONS = ['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff', '.svg']
/** Named when they are left out, with what to do: people have them and would miss them. */
const REFUSED_EXTENSIONS = ['.heic', '.heif', '.jxl', '.bmp']

/** Puts the sample pictures, or the photos of a directory, into the bucket, and prints where to see them. */
export async function seed(config: Config, directory?: string): Promise<void> {
  const settled = withBucket(config)
  await useBucket(settled, async (store) => {
    if (directory === undefined) return seedSamples(store, settled, say)
    const items = await itemsOf(directory)
    if (items.length === 0) {
      throw new ConfigError(`seed: there is no photo in ${directory}; accepted are ${EXTENSIONS.join(' ')}`)
    }
    const pool = createPool(settled)
    try {
      for (const { itemId, files } of items) {
        const photos = await readPhotos(pool, files)
        if (photos.length === 0) continue
        const outcome = await createItem(store, { itemId, owner: 'seed', photos })
        const where = `http://127.0.0.1:${settled.PORT}/img/items/${encodeURIComponent(itemId)}/800.webp`
        say(
          outcome === 'created'
            ? `${itemId}: ${photos.length} photos, ${where}`
            : `${itemId}: exists already, left as it is`,
        )
      }
    } finally {
      await pool.close()
    }
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

interface Item {
  readonly itemId: string
  readonly files: readonly string[]
}

/** Each folder is an item with its photos in the order of their names; each photo beside them is an item of its own. */
async function itemsOf(directory: string): Promise<readonly Item[]> {
  const items: Item[] = []
  const newId = (name: string) => unusedId(toId(name), items)
  for (const entry of await list(directory)) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      const inside = (await list(path)).filter((file) => file.isFile() && isPhoto(file.name))
      if (inside.length > 0)
        items.push({ itemId: newId(entry.name), files: inside.map((file) => join(path, file.name)) })
    } else if (entry.isFile() && isPhoto(entry.name)) {
      items.push({ itemId: newId(basename(entry.name, extname(entry.name))), files: [path] })
    }
  }
  return items
}

async function list(directory: string) {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (cause) {
    throw new ConfigError(`seed: ${directory} cannot be read; give a directory with photos`, { cause })
  }
}

function isPhoto(name: string): boolean {
  return [...EXTENSIONS, ...REFUSED_EXTENSIONS].includes(extname(name).toLowerCase())
}

/** A file's name as an id: what an id may not have becomes a hyphen. */
function toId(name: string): string {
  const id = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+|-+$/g, '')
    .slice(0, 128)
  return idPattern.test(id) ? id : 'photo'
}

/** Names that come to the same id, such as `cat.jpg` and `cat.png`, are counted: `cat`, `cat-2`. */
function unusedId(id: string, items: readonly Item[]): string {
  const isUsed = (candidate: string) => items.some(({ itemId }) => itemId === candidate)
  let candidate = id
  for (let count = 2; isUsed(candidate); count += 1) candidate = `${id.slice(0, 120)}-${count}`
  return candidate
}

async function readPhotos(renderer: Renderer, files: readonly string[]) {
  const photos: NewPhoto[] = []
  for (const file of files) {
    const bytes = await readFile(file)
    try {
      const looks = await renderer.describe(bytes)
      photos.push({ photoId: `p${photos.length + 1}`, bytes, facts: looks.facts, looks })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      say(`${file}: left out. ${error.message}`)
    }
  }
  return photos
}
