import sharp from 'sharp'
import type { Contest } from '../contest.ts'
import { sideBySide } from '../contest.ts'
import { phonePhoto } from '../pictures.ts'
import type { Stage } from '../stage.ts'
import { oneByOne, takeTurn } from '../turn.ts'
import { openSite } from './site.ts'

const WIDTHS = [300, 800, 1200]

/** Three variants of a photo of 12 megapixels, asked for at once and stored nowhere, beside a GET of the same three by the SDK. */
export async function openThreeVariants(stage: Stage): Promise<Contest> {
  const site = await openSite(stage, { HALFTONE_SOURCES: 'photos/', HALFTONE_SIZES: 'any' })
  const photo = await phonePhoto(1)
  let round = 0
  const fetchThree = async (paths: readonly string[]): Promise<boolean> => {
    const answers = await Promise.all(paths.map(async (path) => fetch(`${site.url}/${path}`)))
    const bodies = await Promise.all(answers.map(async (answer) => answer.arrayBuffer()))
    return answers.every(({ ok }) => ok) && bodies.every(({ byteLength }) => byteLength > 0)
  }
  const stored: string[] = []
  for (const width of WIDTHS) stored.push(await storeVariant(stage, photo, width))
  return {
    ...sideBySide(
      (seconds) =>
        takeTurn(oneByOne(seconds), async () => {
          round += 1
          const key = `photos/three/${round}.jpg`
          await stage.store.put(key, photo, { contentType: 'image/jpeg' })
          return fetchThree(WIDTHS.map((width) => `img/${key}/${width}.webp`))
        }),
      (seconds) =>
        takeTurn(oneByOne(seconds), async () => {
          const read = await Promise.all(stored.map(async (key) => site.bucket.get(key)))
          return read.every(({ outcome }) => outcome === 'found')
        }),
    ),
    rssMb: async () => (await site.gateway.metrics()).rssMb,
    close: () => site.close(),
  }
}

/** Bytes as many as the variant has, which is all that counts on a line. */
async function storeVariant(stage: Stage, photo: Buffer, width: number): Promise<string> {
  const key = `photos/three/stored-${width}.webp`
  const variant = await sharp(photo).resize(width).webp({ quality: 80, effort: 2 }).toBuffer()
  await stage.store.put(key, variant, { contentType: 'image/webp' })
  return key
}
