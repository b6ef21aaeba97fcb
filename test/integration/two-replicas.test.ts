import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTransport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import { listen } from '../../src/http/server.ts'
import { ACCESS, albumKey } from '../../src/media/records.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { parseVariantKey } from '../../src/urls/variant-key.ts'
import { sourcePartOf, sourceVersion } from '../../src/urls/version.ts'
import { TOKEN_SECRET, tokenOf } from '../support/api.ts'
import { createTestGateway } from '../support/gateway.ts'
import { createClient, photoOf, pictureForm, sweepAll } from '../support/journey.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { countsOf, keysUnder, readAlbum } from '../sweep/sweeping.ts'

const CHANGES = 50
const RUNS = 2
const SEEDS = 4

const ENVIRONMENT = {
  HALFTONE_JWT_SECRETS: TOKEN_SECRET,
  HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
  HALFTONE_JOURNAL_INTERVAL_MS: '100',
  // So long that nobody sees a change because time has passed.
  HALFTONE_LOOKUP_TTL_MS: '60000',
  HALFTONE_ITEM_PHOTOS_MAX: '100',
  HALFTONE_LIMIT_TICKETS: '0',
  HALFTONE_LIMIT_COMPLETES: '0',
  HALFTONE_LIMIT_PRIVATE_RENDERS: '0',
}

let origin: RunningOrigin
let ana: string

beforeAll(async () => {
  origin = await startOrigin()
  ana = await tokenOf('ana')
})
afterAll(() => origin.stop())

/** A whole gateway that listens, with connections of its own to the origin. */
async function openReplica() {
  const store = openOrigin(origin)
  const complaints: unknown[] = []
  const log = createLog('error', { write: (line) => void complaints.push(JSON.parse(line)) })
  const transport = createTransport(parseConfig(ENVIRONMENT), log, store)
  const gateway = await createTestGateway({ store, transport, log, environment: ENVIRONMENT })
  await gateway.journal.start()
  const server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
  return {
    ...createClient(server.url),
    store,
    /** What an operator would have to look at. */
    complaints,
    /** What is being written is written, and what others have changed is known. */
    async settle() {
      await gateway.writeBack.drain()
      await gateway.journal.read()
    },
    async close() {
      await server.close(5_000)
      await gateway.close()
      store.close()
    },
  }
}

type Replica = Awaited<ReturnType<typeof openReplica>>

const VERBS = [
  'upload',
  'send',
  'replace by ticket',
  'replace by form',
  'order',
  'cover',
  'remove',
  'access',
  'look',
  'look',
] as const
const step = fc.record({
  verb: fc.constantFrom(...VERBS),
  replica: fc.nat(1),
  /** Which photo, of those that are there when it is begun, and whatever else there is to choose. */
  choice: fc.nat(1000),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** So far apart that every encoder keeps them apart: `n` in base six is red, green and blue. */
const LEVEL = 51
const colourOf = (n: number) => [Math.floor(n / 36) % 6, Math.floor(n / 6) % 6, n % 6]
const colourIn = async (picture: Uint8Array) =>
  (await middleColour(picture)).map((part) => Math.round(part / LEVEL)).join(' ')

/** Some of the sizes that anybody may ask for. */
const WIDTHS = [16, 32, 48, 64]

interface Shown {
  readonly photoId: string
  readonly urls: { readonly thumbnail: string }
}

/** What people hear who were beaten to it. */
const REFUSALS = new Set([404, 409])

/** People who change and look at one item through two replicas, and what they were told. */
function createPeople(itemId: string, replicas: readonly Replica[]) {
  const added = new Set<string>()
  const removed = new Set<string>()
  /** The colours that were ever sent for a photo. */
  const sent = new Map<string, Set<string>>()
  /** The colours of files, by their digests. */
  const files = new Map<string, string>()
  const seen: { photoId: string; colour: string }[] = []
  const refused: number[] = []
  let pictures = 0
  let looks = 0

  async function newFile() {
    const colour = colourOf((pictures += 1))
    const file = await plainJpeg(`rgb(${colour.map((part) => part * LEVEL).join(' ')})`, 64, 48)
    files.set(digest(file), colour.join(' '))
    return { file, colour: colour.join(' ') }
  }

  const note = (photoId: string, colour: string) =>
    sent.set(photoId, (sent.get(photoId) ?? new Set()).add(colour))

  /** Whether it was done; somebody else may have been first, and nothing else may be wrong. */
  async function isDone(answer: Response): Promise<boolean> {
    if (answer.ok) return true
    if (!REFUSALS.has(answer.status)) throw new Error(`${answer.status} ${await answer.text()}`)
    refused.push(answer.status)
    return false
  }

  async function add(replica: Replica, { verb, choice }: Pick<Step, 'verb' | 'choice'>): Promise<void> {
    const { file, colour } = await newFile()
    const answer =
      verb === 'upload'
        ? await replica.upload(ana, { kind: 'item-photo', ownerId: itemId, at: choice % 5 }, file)
        : await replica.call(`POST /items/${itemId}/photos`, ana, { body: pictureForm(file) })
    const { photoId } = await photoOf(answer)
    note(photoId, colour)
    added.add(photoId)
  }

  async function replace(replica: Replica, verb: Step['verb'], photoId: string): Promise<void> {
    const { file, colour } = await newFile()
    note(photoId, colour)
    const answer =
      verb === 'replace by ticket'
        ? await replica.upload(ana, { kind: 'item-photo', ownerId: itemId, photoId }, file)
        : await replica.call(`PUT /items/${itemId}/photos/${photoId}`, ana, { body: pictureForm(file) })
    await isDone(answer)
  }

  /** A photo at both replicas, in some size, with the link of a page that may be old by now. */
  async function look({ photoId, urls }: Shown): Promise<void> {
    const url = urls.thumbnail.replace('thumbnail', `${WIDTHS[((looks += 1)) % WIDTHS.length]}`)
    await Promise.all(
      replicas.map(async (replica) => {
        const answer = await replica.look(url)
        const bytes = new Uint8Array(await answer.arrayBuffer())
        if (answer.status === 200) seen.push({ photoId, colour: await colourIn(bytes) })
        else if (answer.status !== 404) throw new Error(`${answer.status} ${Buffer.from(bytes).toString()}`)
      }),
    )
  }

  async function act({ verb, replica: index, choice }: Step): Promise<void> {
    const replica = replicas[index]
    if (replica === undefined) throw new Error('There is no such replica')
    if (verb === 'upload' || verb === 'send') return add(replica, { verb, choice })
    const { photos } = await replica.itemOf(ana, itemId)
    const photo = photos[choice % Math.max(1, photos.length)]
    if (photo === undefined) return undefined
    const change = async () => changeBy(replica, verb, { photo, photos, choice })
    if (verb === 'look') return look(photo)
    // While it changes, and when it has changed.
    await Promise.all([change(), look(photo)])
    return look(photo)
  }

  async function changeBy(
    replica: Replica,
    verb: Step['verb'],
    { photo: { photoId }, photos, choice }: { photo: Shown; photos: readonly Shown[]; choice: number },
  ): Promise<void> {
    const put = async (what: string, json: unknown) =>
      void (await isDone(await replica.call(`PUT /items/${itemId}${what}`, ana, { json })))
    switch (verb) {
      case 'order': {
        const photoIds = photos.map((photo) => photo.photoId)
        const first = photoIds.splice(choice % photoIds.length)
        return put('/order', { photoIds: [...first, ...photoIds] })
      }
      case 'cover':
        return put('/cover', { photoId })
      case 'access':
        return put('', { access: ACCESS[choice % ACCESS.length] })
      case 'remove':
        if (await isDone(await replica.call(`DELETE /items/${itemId}/photos/${photoId}`, ana)))
          removed.add(photoId)
        return undefined
      default:
        return replace(replica, verb, photoId)
    }
  }

  return { add, replace, act, added, removed, sent, files, seen, refused }
}

type People = ReturnType<typeof createPeople>

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Both replicas show the same item, each photo in the same bytes, and these of the file that the record names. */
async function expectAgreement(itemId: string, replicas: readonly Replica[], people: People): Promise<void> {
  for (const replica of replicas) await replica.settle()
  const store = openStoreOf(replicas)
  const album = await readAlbum(store, itemId)
  const [answer, other] = await Promise.all(replicas.map(async ({ itemOf }) => itemOf(ana, itemId)))
  expect(answer?.photos.map(({ photoId }) => photoId)).toEqual(album.photos.map(({ photoId }) => photoId))
  expect([other?.revision, other?.photos.length]).toEqual([album.revision, album.photos.length])
  for (const [index, { photoId, key }] of album.photos.entries()) {
    const file = await store.get(key)
    if (file.outcome !== 'found') throw new Error(`${key} is named, and not there`)
    const colour = people.files.get(digest(file.object.body))
    expect(people.sent.get(photoId)).toContain(colour)
    const url = answer?.photos[index]?.urls.thumbnail ?? ''
    for (const width of WIDTHS)
      expect(await sameAtAll(replicas, url.replace('thumbnail', `${width}`)), url).toBe(colour)
  }
}

/** What one replica has shown and another has replaced is shown as it is now. */
async function expectNews(itemId: string, replicas: readonly [Replica, Replica], people: People) {
  const [one, other] = replicas
  await people.add(one, { verb: 'upload', choice: 0 })
  const { photos } = await other.itemOf(ana, itemId)
  const [photo] = photos
  if (photo === undefined) throw new Error('There is no photo')
  const before = await sameAtAll(replicas, photo.urls.thumbnail)
  await people.replace(one, 'replace by form', photo.photoId)
  await other.settle()
  const after = await sameAtAll(replicas, photo.urls.thumbnail)
  expect(after).not.toBe(before)
  expect(people.sent.get(photo.photoId)).toContain(after)
}

/** The colour of a picture that is the same at all replicas. */
async function sameAtAll(replicas: readonly Replica[], url: string): Promise<string> {
  const looks = await Promise.all(replicas.map(async ({ look }) => look(url)))
  expect(
    looks.map(({ status }) => status),
    url,
  ).toEqual(replicas.map(() => 200))
  const pictures = await Promise.all(looks.map(async (look) => Buffer.from(await look.arrayBuffer())))
  expect(new Set(pictures.map(digest)).size, url).toBe(1)
  return colourIn(pictures[0] ?? Buffer.of())
}

function openStoreOf([replica]: readonly Replica[]) {
  if (replica === undefined) throw new Error('There is no replica')
  return replica.store
}

/** What lies in the bucket is what the record names: no file and no variant more, none less. */
async function expectTidyBucket(itemId: string): Promise<void> {
  const store = openOrigin(origin)
  try {
    const [report] = await sweepAll(store)
    expect(report).toMatchObject({ outcome: 'finished', faults: [] })
    // Nobody has died: nothing was left for the sweep but what it keeps for a while.
    expect(report && Object.keys(countsOf(report))).toEqual(['oldUploadStates'])
    const { photos, access } = await readAlbum(store, itemId)
    const named = [albumKey(itemId), ...photos.map(({ key }) => key)]
    expect(new Set(await keysUnder(store, `items/${itemId}/`))).toEqual(new Set(named))
    for (const { key, etag } of photos) expect((await store.head(key))?.etag).toBe(etag)
    const versions = new Map(
      photos.map(({ photoId, etag, key }) => [`items/${itemId}/photos/${photoId}`, sourceVersion(etag, key)]),
    )
    const [tree, other] = access === 'public' ? ['img', 'private'] : ['private', 'img']
    const variants = await keysUnder(store, `${tree}/items/${itemId}/`)
    expect(variants.length).toBeGreaterThanOrEqual(photos.length)
    for (const key of variants) {
      const address = parseVariantKey(key)
      expect(sourcePartOf(address?.version ?? ''), key).toBe(versions.get(address?.source ?? ''))
    }
    expect(await keysUnder(store, `${other}/items/${itemId}/`)).toEqual([])
    for (const prefix of ['temp/', 'system/purges/', 'system/uploads/', 'system/sweep/marks/'])
      expect(await keysUnder(store, prefix)).toEqual([])
  } finally {
    store.close()
  }
}

test('requirements: Storage – two replicas, 50 changes and looks at once: nothing lost, nothing twice, nothing left', async () => {
  const tally = { seen: 0, refused: 0 }
  let run = 0
  const steps = fc.array(step, { minLength: CHANGES, maxLength: CHANGES })
  const property = fc.asyncProperty(steps, async (steps) => {
    const itemId = `shared-${(run += 1)}`
    const replicas = await Promise.all([openReplica(), openReplica()])
    try {
      const people = createPeople(itemId, replicas)
      for (let index = 0; index < SEEDS; index += 1)
        await people.add(replicas[index % 2] ?? replicas[0], { verb: 'upload', choice: index })
      await Promise.all(steps.map(async (step) => people.act(step)))

      const { photos } = await readAlbum(replicas[0].store, itemId)
      const ids = photos.map(({ photoId }) => photoId)
      expect(new Set(ids).size).toBe(ids.length)
      expect(new Set(ids)).toEqual(new Set([...people.added].filter((id) => !people.removed.has(id))))
      for (const { photoId, colour } of people.seen) expect(people.sent.get(photoId)).toContain(colour)
      await expectAgreement(itemId, replicas, people)
      await expectNews(itemId, replicas, people)
      tally.seen += people.seen.length
      tally.refused += people.refused.length
    } finally {
      for (const replica of replicas) await replica.close()
    }
    expect(replicas.flatMap(({ complaints }) => complaints)).toEqual([])
    await expectTidyBucket(itemId)
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
  expect(tally.seen).toBeGreaterThan(CHANGES / 2)
  expect(tally.refused).toBeGreaterThan(0)
}, 240_000)
