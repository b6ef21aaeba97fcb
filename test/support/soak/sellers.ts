import { eachOf } from '../../../bench/each-of.ts'
import { createSellerApi, type Outcome } from './api.ts'
import { oneOf, type Run } from './run.ts'
import type { StockItem } from './stock.ts'
import { ABSENT, type Change, type ItemState, type PhotoState, UNKNOWN_ID } from './truth.ts'

/** The most photos that an item has here; the slots of its life have to fit into a mark. */
const PHOTOS = 4
const SLOTS = 63
/** After this nothing is under way any more of a request that nobody answered. */
const SETTLED_MS = 12_000

/** What sellers do, each as often as it stands here. */
const VERBS = [
  ...Array<'replace by ticket'>(7).fill('replace by ticket'),
  ...Array<'replace by form'>(5).fill('replace by form'),
  'add by ticket',
  'add by form',
  'add by ticket',
  'order',
  'order',
  'remove',
  'hide or show',
  'hide or show',
  'delete',
] as const
type Verb = (typeof VERBS)[number]

/** People who sell: they upload, replace, reorder, hide and delete, one change of an item at a time. */
export function createSellers(run: Run) {
  const { stock, tally, random, unwell } = run
  const api = createSellerApi(run)
  const busy = new Set<StockItem>()
  let lastChangeMs = -Infinity

  /** Makes a change known to whoever judges what is seen, from before it is asked for until it is told. */
  async function change<T>(
    { item, verb }: { item: StockItem; verb: string },
    next: ItemState,
    work: () => Promise<Outcome<T>>,
    settled: (value: T) => ItemState = () => next,
  ): Promise<boolean> {
    const fromMs = performance.now()
    const begun: Change = item.truth.begin(next, fromMs)
    const outcome = await work()
    const toMs = performance.now()
    tally.time(`change: ${verb}`, toMs - fromMs)
    tally.count(`changes: ${outcome.kind}`)
    if (outcome.kind === 'done') begun.confirm(toMs, settled(outcome.value))
    else if (outcome.kind === 'refused') begun.withdraw()
    else item.unsureSinceMs = toMs
    if (outcome.kind !== 'done' && !unwell.touch(fromMs, toMs)) {
      tally.count('failures')
      tally.find('a change failed', { verb, itemId: item.itemId, ...outcome, tookMs: toMs - fromMs })
    }
    // What is refused for what it asks for is no trouble's fault.
    if (outcome.kind === 'refused' && outcome.status >= 400)
      tally.find('a change was refused', { verb, itemId: item.itemId, ...outcome })
    return outcome.kind === 'done'
  }

  async function upload(item: StockItem, how: 'ticket' | 'form', replaced?: PhotoState): Promise<boolean> {
    const { photos } = item.truth.state
    if (replaced === undefined) item.slots += 1
    const slot = replaced?.slot ?? item.slots
    const { mark, file } = await stock.newFile(item, slot)
    const withPhoto = (photoId: string): ItemState => {
      const photo = { photoId, slot, version: mark.version }
      const isShown = photos.length === 0 || item.truth.state.isShown
      if (replaced === undefined) return { isShown, photos: [...photos, photo] }
      return { isShown, photos: photos.map((one) => (one.photoId === photoId ? photo : one)) }
    }
    const wish = { itemId: item.itemId, ...(replaced && { photoId: replaced.photoId }) }
    const verb = `${replaced ? 'replace' : 'add'} by ${how}`
    return change(
      { item, verb },
      withPhoto(replaced?.photoId ?? UNKNOWN_ID),
      async () => (how === 'ticket' ? api.uploadByTicket(wish, file) : api.uploadByForm(wish, file)),
      withPhoto,
    )
  }

  async function act(item: StockItem, verb: Verb): Promise<void> {
    const { state } = item.truth
    const { photos, isShown } = state
    const { itemId } = item
    const mayGrow = photos.length < PHOTOS && item.slots < SLOTS
    const how = verb.endsWith('form') ? 'form' : 'ticket'
    if (photos.length === 0 || (verb.startsWith('add') && mayGrow)) return void (await upload(item, how))
    const photo = oneOf(random, photos)
    const others = photos.filter((one) => one !== photo)
    if (verb === 'hide or show') {
      const access = isShown ? 'private' : 'public'
      await change({ item, verb }, { photos, isShown: !isShown }, async () => api.setAccess(itemId, access))
    } else if (verb === 'order' && others.length > 0) {
      const next = { isShown, photos: [photo, ...others] }
      const photoIds = next.photos.map(({ photoId }) => photoId)
      await change({ item, verb }, next, async () => api.order(itemId, photoIds))
    } else if (verb === 'remove' && others.length > 0) {
      const path = `/items/${itemId}/photos/${photo.photoId}`
      await change({ item, verb }, { isShown, photos: others }, async () => api.remove(path))
    } else if (verb === 'delete') {
      const isGone = await change({ item, verb }, ABSENT, async () => api.remove(`/items/${itemId}`))
      if (isGone) stock.replace(item)
    } else await upload(item, how, photo)
  }

  /** Finds out what has become of an item, and makes every cache forget what may have been before. */
  async function lookInto(item: StockItem): Promise<boolean> {
    const { itemId } = item
    const read = await api.item(itemId)
    if (read.kind === 'unknown') return false
    if (read.kind === 'refused') {
      // It was to be deleted, and is; or it never came to be. What is kept of it the sweep removes.
      item.truth.begin(ABSENT, performance.now())
      stock.replace(item)
      return true
    }
    const isHidden = await change({ item, verb: 'look into' }, ABSENT, async () =>
      api.setAccess(itemId, 'private'),
    )
    if (!isHidden) return false
    const photos: PhotoState[] = []
    for (const { photoId } of read.value.photos) {
      const file = await api.original(itemId, photoId)
      if (file.kind !== 'done') return false
      const mark = stock.markOf(file.value)
      if (mark === undefined || mark.item !== item.truth.item) {
        tally.find('a file that nobody sent', { itemId, photoId, mark, bytes: file.value.length })
        return false
      }
      photos.push({ photoId, slot: mark.slot, version: mark.version })
    }
    return change({ item, verb: 'look into' }, { isShown: true, photos }, async () =>
      api.setAccess(itemId, 'public'),
    )
  }

  /** One thing at a time with an item. */
  async function alone(item: StockItem, work: () => Promise<void>): Promise<void> {
    item.isBusy = true
    busy.add(item)
    try {
      await work()
    } finally {
      item.isBusy = false
      busy.delete(item)
      lastChangeMs = performance.now()
    }
  }

  /** Looks into the items of which something is not known, those alone that have come to rest. */
  async function lookIntoUnsure(restMs: number): Promise<void> {
    const now = performance.now()
    const ready = stock.items.filter(
      ({ isBusy, unsureSinceMs }) => !isBusy && unsureSinceMs !== undefined && now - unsureSinceMs >= restMs,
    )
    for (const item of ready) {
      await alone(item, async () => {
        if (!(await lookInto(item))) return void (item.unsureSinceMs = performance.now())
        tally.count('items looked into')
        item.unsureSinceMs = undefined
      })
    }
  }

  return {
    api,
    /** Gives every item its first photos. */
    async fill(): Promise<void> {
      await eachOf(stock.items, async (item) => {
        await alone(item, async () => void (await upload(item, 'form')))
        if (random() < 0.6) await alone(item, async () => void (await upload(item, 'ticket')))
      })
    },
    /** One change of an item that nobody else changes. */
    async changeSomething(): Promise<void> {
      const item = stock.pickFree()
      if (item === undefined) return tally.count('changes: nothing free')
      await alone(item, async () => act(item, oneOf(random, VERBS)))
    },
    lookIntoUnsure: async () => lookIntoUnsure(SETTLED_MS),
    /** When the last change has ended. */
    lastChangeMs: () => lastChangeMs,
    isBusy: () => busy.size > 0,
    isUnsure: () => stock.items.some(({ unsureSinceMs }) => unsureSinceMs !== undefined),
  }
}

export type Sellers = ReturnType<typeof createSellers>
