import { eachOf } from '../each-of.ts'
import type { Stage } from '../stage.ts'

const SOURCE = 'photos/stored.jpg'

export interface StoredVariants {
  readonly count: number
  /** In pixels. */
  readonly width: number
}

/** Has one picture rendered and stores it again under many keys, each of which is a versioned path. */
export async function storeVariants(
  { store, photos }: Stage,
  url: string,
  { count, width }: StoredVariants,
): Promise<string[]> {
  await store.put(SOURCE, photos[0] ?? Buffer.alloc(0), { contentType: 'image/jpeg' })
  const rendered = await fetch(`${url}/img/${SOURCE}/${width}.webp`)
  const bytes = Buffer.from(await rendered.arrayBuffer())
  const facts = { contentType: 'image/webp', metadata: { 'source-modified': '1700000000' } }
  const keys = Array.from({ length: count }, (_, index) => {
    return `img/${SOURCE}/@some${String(index).padStart(11, '0')}/${width}.webp`
  })
  await eachOf(keys, async (key) => store.put(key, bytes, facts))
  return keys
}
