import { readMark } from './mark.ts'
import type { Run } from './run.ts'
import { pause } from './run.ts'
import type { Sellers } from './sellers.ts'
import { BOUND_MS } from './stage.ts'
import type { StockItem } from './stock.ts'
import type { Target } from './truth.ts'
import type { Viewers } from './viewers.ts'
import { growthOf, type Vitals } from './vitals.ts'

/** So long everything has to come to rest: a sender that was killed has a successor by then. */
const REST_MS = 180_000
/** Variants in the bucket that are looked at, at most. */
const VARIANTS = 2_000
/** Sockets and files that a process may hold beside those with which it began. */
const DESCRIPTORS = 24
const IDLE_MS = 30_000

/** Waits until no change is under way, all is known, and the bound of the last change is over. */
export async function comeToRest({ tally, unheard }: Run, sellers: Sellers): Promise<void> {
  const untilMs = performance.now() + REST_MS
  while (performance.now() < untilMs) {
    await sellers.lookIntoUnsure()
    const nowMs = performance.now()
    // Whether the edge is told of changes is seen when there is one.
    if (unheard.touch(nowMs, nowMs)) await sellers.changeSomething()
    const isOver = unheard.quietMs(sellers.lastChangeMs(), performance.now()) > BOUND_MS
    if (isOver && !sellers.isBusy() && !sellers.isUnsure()) return
    await pause(200)
  }
  tally.find('it does not come to rest', { isBusy: sellers.isBusy(), isUnsure: sellers.isUnsure() })
}

/** Whether every acknowledged upload is there, by both gateways, and nothing that nobody acknowledged. */
export async function checkRecords({ stock, tally }: Run, { api }: Sellers): Promise<void> {
  for (const item of stock.items) {
    const { itemId, truth } = item
    const read = await api.item(itemId)
    const { photos } = truth.state
    if (read.kind !== 'done') {
      if (photos.length > 0) tally.find('an item is lost', { itemId, read })
      continue
    }
    const expected = photos.map(({ photoId }) => photoId)
    const found = read.value.photos.map(({ photoId }) => photoId)
    if (expected.join() !== found.join())
      tally.find('an album is not as it was left', { itemId, expected, found })
    for (const { photoId, slot, version } of photos) {
      const file = await api.original(itemId, photoId)
      const mark = file.kind === 'done' ? stock.markOf(file.value) : undefined
      tally.count('checked: uploads')
      if (mark?.slot !== slot || mark.version !== version)
        tally.find('an acknowledged upload is lost', {
          itemId,
          photoId,
          expected: { slot, version },
          mark,
          file,
        })
    }
  }
  for (const { itemId } of stock.gone.filter(({ unsureSinceMs }) => unsureSinceMs === undefined)) {
    const read = await api.item(itemId)
    tally.count('checked: deleted items')
    if (read.kind !== 'refused' || read.status !== 404)
      tally.find('a deleted item is there', { itemId, read })
  }
}

/** Looks at everything once more, at both locations and both gateways. */
export async function checkSeen({ stock, stage, tally }: Run, viewers: Viewers): Promise<void> {
  const places = [
    ...stage.journey.urls.map((url) => ({ url, name: 'edge' as const })),
    ...stage.journey.replicas.map(({ url }) => ({ url, name: 'gateway' as const })),
  ]
  for (const item of [...stock.items, ...stock.gone]) {
    for (const { target, path } of pathsOf(item)) {
      const look = {
        item,
        target,
        path,
        headers: {},
        types: ['image/webp', 'image/jpeg', 'image/png', 'image/avif'],
      }
      await Promise.all(
        places.map(async (place) => {
          tally.count('checked: views')
          await viewers.view(look, () => place)
        }),
      )
    }
  }
}

function pathsOf({ itemId, truth, versioned }: StockItem): { target: Target; path: string }[] {
  return [
    { target: { kind: 'cover' }, path: `/img/items/${itemId}/320.webp` },
    ...truth.state.photos.map(({ photoId }) => ({
      target: { kind: 'photo' as const, photoId },
      path: `/img/items/${itemId}/photos/${photoId}/320.webp`,
    })),
    ...versioned
      .slice(-3)
      .map(({ path, ...shown }) => ({ target: { kind: 'versioned' as const, ...shown }, path })),
  ]
}

/** Whether every variant in the bucket shows its own item, and all of one version the same. */
export async function checkStored({ stage, tally }: Run): Promise<void> {
  const shown = new Map<string, string>()
  let count = 0
  for await (const { key } of stage.bucket.list('img/items/')) {
    if ((count += 1) > VARIANTS) break
    const [, number, version] = /^img\/items\/soak-(\d+)\/photos\/[^/]+\/(@[^/]+)\//.exec(key) ?? []
    const read = await stage.bucket.get(key)
    // Removed since it was listed.
    if (read.outcome !== 'found') continue
    tally.count('checked: stored variants')
    const mark = await readMark(read.object.body).catch(() => undefined)
    if (mark === undefined || `${mark.item}` !== number)
      tally.find('a wrong picture is stored', { key, mark })
    else if (version !== undefined) {
      const name = JSON.stringify(mark)
      const before = shown.get(`${number}${version}`) ?? name
      shown.set(`${number}${version}`, before)
      if (before !== name) tally.find('one version is stored as two pictures', { key, before, name })
    }
  }
}

/** What every process holds before there is any traffic. */
export function baselineOf({ stage }: Run): Vitals[] {
  return stage.journey.replicas.flatMap((replica) => stage.look(replica) ?? [])
}

/** Whether gateways, workers, sockets and files are as many as before, and memory has come to a plateau. */
export async function checkLeaks({ stage, tally }: Run, baseline: readonly Vitals[]): Promise<void> {
  const mostAllowed = Math.max(...baseline.map(({ descriptors }) => descriptors)) + DESCRIPTORS
  const workers = Math.max(...baseline.map((one) => one.workers))
  const isIdle = (vitals: Vitals | undefined) =>
    vitals !== undefined && vitals.descriptors <= mostAllowed && vitals.workers <= workers
  for (const replica of stage.journey.replicas) {
    const untilMs = performance.now() + IDLE_MS
    let vitals = stage.look(replica)
    while (!isIdle(vitals) && performance.now() < untilMs) {
      await pause(200)
      vitals = stage.look(replica)
    }
    if (!isIdle(vitals)) tally.find('a gateway holds on to what it opened', { vitals, mostAllowed, workers })
  }
  for (const { name, samples } of stage.patients) {
    const growth = growthOf(samples)
    if (growth?.isLeak) tally.find('memory grows', { name, ...growth })
  }
  const leftOver = await stage.leftOver()
  if (leftOver.length > 0) tally.find('temporary files are left', { leftOver })
  const uploads = await stage.journey.keysUnder('temp/uploads/')
  // What never reached its completion waits for the bucket's lifecycle.
  const mayStay = tally.of('uploads that did not reach the bucket') + tally.of('changes: unknown')
  if (uploads.length > mayStay) tally.find('uploads are left', { uploads, mayStay })
}
