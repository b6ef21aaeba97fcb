import type { Contest } from '../contest.ts'
import { sideBySide } from '../contest.ts'
import { benchPhoto } from '../pictures.ts'
import type { Stage } from '../stage.ts'
import { oneByOne, takeTurn } from '../turn.ts'
import { openSite } from './site.ts'
import { addPhoto } from './upload.ts'

/** An original of 1 MB through the gateway's API, beside a GET of the same object by the SDK, over equal lines. */
export async function openDownload(stage: Stage): Promise<Contest> {
  const site = await openSite(stage)
  const bytes = await benchPhoto(1)
  const { ownerId, photo } = await addPhoto(site, Buffer.from(bytes))
  const url = `${site.url}/api/v1/items/${ownerId}/photos/${photo.photoId}/original`
  const key = await keyOf(stage, `items/${ownerId}/photos/`)
  return {
    ...sideBySide(
      (seconds) =>
        takeTurn(oneByOne(seconds), async () => {
          const answer = await fetch(url, { headers: { authorization: site.authorization } })
          return (await answer.arrayBuffer()).byteLength === bytes.length
        }),
      (seconds) =>
        takeTurn(oneByOne(seconds), async () => {
          const read = await site.bucket.get(key)
          return read.outcome === 'found' && read.object.bytes === bytes.length
        }),
    ),
    rssMb: async () => (await site.gateway.metrics()).rssMb,
    close: () => site.close(),
  }
}

async function keyOf({ store }: Stage, prefix: string): Promise<string> {
  for await (const { key } of store.list(prefix)) return key
  throw new Error(`There is nothing below ${prefix}`)
}
