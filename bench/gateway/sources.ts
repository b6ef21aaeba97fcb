import sharp from 'sharp'
import { eachOf } from '../each-of.ts'
import type { Stage } from '../stage.ts'

/** A PNG of 3000×2000 would have 14 MB, and the bucket would be measured. */
const SOURCES = {
  jpg: { contentType: 'image/jpeg', width: 3000 },
  png: { contentType: 'image/png', width: 1200 },
  webp: { contentType: 'image/webp', width: 3000 },
  avif: { contentType: 'image/avif', width: 3000 },
} as const

export type SourceFormat = keyof typeof SOURCES

/** JPEGs as sources of a format: PNGs are 1200 wide, all others as large as they were. */
export async function sourcesAs(from: SourceFormat, photos: readonly Buffer[]): Promise<Buffer[]> {
  if (from === 'jpg') return [...photos]
  const { width } = SOURCES[from]
  return Promise.all(
    // Effort decides about the time that writing takes here, and hardly about that of reading.
    photos.map((photo) => sharp(photo).resize({ width }).toFormat(from, { effort: 1 }).toBuffer()),
  )
}

export interface SourcesWanted {
  readonly from: SourceFormat
  readonly pictures: readonly Buffer[]
  readonly count: number
}

/** The keys of so many sources, stored if an earlier turn or scenario has not done so. */
export async function provideSources({ store }: Stage, wanted: SourcesWanted): Promise<string[]> {
  const { from, pictures, count } = wanted
  const { contentType } = SOURCES[from]
  const prefix = `photos/cold-${from}/`
  const all = Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${index}.${from}`,
    picture: pictures[index % pictures.length] ?? Buffer.alloc(0),
  }))
  const stored = new Set<string>()
  for await (const { key } of store.list(prefix)) stored.add(key)
  const missing = all.filter(({ key }) => !stored.has(key))
  await eachOf(missing, async ({ key, picture }) => store.put(key, picture, { contentType }))
  return all.map(({ key }) => key)
}
