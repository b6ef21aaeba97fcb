import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { by, SHOP } from '../library/library.ts'
import { ASHBURN, FRANKFURT } from '../support/edge-stage.ts'
import type { EdgeAnswer } from '../support/edge/edge.ts'
import { numberIn } from '../support/interleavings/pictures.ts'
import { JOURNAL_MS, INTERVAL_MS, REPEAT_AFTER_MS, REQUEST_MS } from '../support/interleavings/replica.ts'
import { createWorld, HOLDS, isHold, type World } from '../support/interleavings/world.ts'

const RUNS = Number(process.env['INTERLEAVINGS'] ?? 20)
const SEED = Number(process.env['INTERLEAVINGS_SEED'] ?? Date.now() % 2 ** 31)

const LOCATIONS = [FRANKFURT, ASHBURN] as const
const WIDTHS = [16]
const MAX_PHOTOS = 3

/** A change is made in its request, and then handed over. */
const HAND_OVER_MS = REQUEST_MS
/** From when it is handed over to one replica until another that sends knows of it. */
const LOOK_MS = Math.max(INTERVAL_MS, JOURNAL_MS)
/** After the death of a sender: the look of another, its wait for the lease with the pauses in it, and one look more. */
const TAKE_OVER_MS = INTERVAL_MS + 66_000 + INTERVAL_MS
/** A refused call is repeated after a second, two, four …. */
const REFUSALS_MS = 2 * (1_000 + 2_000 + 4_000)
const BOUND_MS = HAND_OVER_MS + LOOK_MS + REPEAT_AFTER_MS

const choice = fc.nat(1000)
const replica = fc.nat(1)
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ verb: fc.constant('view' as const), replica, choice }) },
  {
    weight: 5,
    arbitrary: fc.record({
      verb: fc.constantFrom(
        'replace' as const,
        'reorder' as const,
        'access' as const,
        'remove' as const,
        'add' as const,
      ),
      replica,
      choice,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constant('hold' as const),
      replica,
      what: fc.constantFrom(...Object.keys(HOLDS).filter(isHold), 'an answer' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('release' as const), choice }) },
  {
    weight: 5,
    arbitrary: fc.record({
      verb: fc.constant('pass' as const),
      ms: fc.constantFrom(200, 1000, 2000, 3000, 4900, 8000, 20_000, 55_000, 90_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('deafen' as const), replica, ms: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('kill' as const), replica, calls: fc.nat(12) }) },
  {
    weight: 1,
    arbitrary: fc.record({ verb: fc.constant('refuse' as const), calls: fc.integer({ min: 1, max: 2 }) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const REFUSALS = new Set(['not_found', 'conflict', 'limit_reached', 'already_exists'])

let world: World
const tally = { views: 0, pictures: 0, old: 0, changes: 0, oldestMs: 0 }
let items = 0

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

/** One run: an item, the people who change it and those who look at it. */
function createRun(itemId: string) {
  const { truth, replicas } = world
  const faults: string[] = []
  let pictures = 0
  let boundMs = BOUND_MS
  let names = 0

  const replicaOf = (index: number) => replicas[index === 0 ? 0 : 1]

  function paths(): string[] {
    const photos = Array.from({ length: MAX_PHOTOS }, (_, index) => `/photos/p${index}`)
    const all = ['', ...photos].flatMap((photo) =>
      WIDTHS.map((width) => `/img/items/${itemId}${photo}/${width}.webp`),
    )
    return [...all, ...truth.versions()]
  }

  /** Whether it is old, and how it may be. */
  async function judge(path: string, answer: EdgeAnswer, from: { moment: number; isQuiet: boolean }) {
    tally.views += 1
    const { status, body, headers } = answer
    if (status !== 200) return
    tally.pictures += 1
    const picture = await numberIn(body)
    const canonical = headers['content-location']
    truth.learn(picture, headers['etag'] ?? '', canonical)
    if (canonical === undefined && !truth.versions().includes(path))
      faults.push(`${path}: no Content-Location`)
    const sinceMs = truth.wrongSinceMs(path, picture, from.moment)
    if (sinceMs === undefined) return
    tally.old += 1
    const ageMs = Date.now() - sinceMs
    tally.oldestMs = Math.max(tally.oldestMs, ageMs)
    if (from.isQuiet)
      faults.push(`${path}: ${picture} is old for ${ageMs} ms, and the edge was told of it twice`)
    if (!(ageMs <= boundMs)) faults.push(`${path}: ${picture} is old for ${ageMs} ms`)
  }

  async function view(path: string, location: string, index: number): Promise<void> {
    const from = { moment: truth.moment(), isQuiet: await world.isQuiet() }
    await judge(path, await world.view(location, path, replicaOf(index)), from)
  }

  async function change(verb: Step['verb'], index: number, choice: number): Promise<unknown> {
    const { albums } = replicaOf(index)
    const photos = (await albums.find(itemId))?.photos ?? []
    const photo = photos[choice % Math.max(1, photos.length)]
    const photoId = photo?.photoId ?? 'p0'
    switch (verb) {
      case 'add': {
        const free = `p${(names += 1) % MAX_PHOTOS}`
        const file = await world.putFile(itemId, free, (pictures += 1))
        return albums.add(itemId, file, { ...by, at: choice % 3, ifAbsent: SHOP })
      }
      case 'replace':
        return albums.replace(itemId, await world.putFile(itemId, photoId, (pictures += 1)), by)
      case 'reorder':
        return albums.reorder(itemId, photos.map((one) => one.photoId).toReversed(), by)
      case 'access':
        return albums.setAccess(itemId, choice % 3 === 0 ? 'private' : 'public', by)
      default:
        if (choice % 4 === 0) return albums.removeAll(itemId, { ...by, andAlbum: true })
        return albums.remove(itemId, photoId, by)
    }
  }

  async function tryChange(verb: Step['verb'], index: number, choice: number): Promise<void> {
    tally.changes += 1
    try {
      await change(verb, index, choice)
    } catch (error) {
      if (!(error instanceof GatewayError && REFUSALS.has(error.code))) throw error
    }
  }

  async function take(step: Step): Promise<void> {
    switch (step.verb) {
      case 'view': {
        const all = paths()
        const path = all[step.choice % all.length] ?? ''
        const begun = view(path, LOCATIONS[step.choice % 2] ?? FRANKFURT, step.replica)
        world.watch(begun)
        return world.calm()
      }
      case 'hold':
        return step.what === 'an answer'
          ? world.holdTransit()
          : world.hold(replicaOf(step.replica), step.what)
      case 'release':
        world.release(step.choice)
        return world.calm()
      case 'pass':
        return world.pass(step.ms)
      case 'deafen':
        return world.deafen(replicaOf(step.replica), step.ms)
      case 'kill':
        boundMs += TAKE_OVER_MS
        replicaOf(step.replica).killSender(step.calls)
        return undefined
      case 'refuse':
        boundMs += REFUSALS_MS
        return world.refuse(step.calls)
      default: {
        const changing = tryChange(step.verb, step.replica, step.choice)
        const replica = replicaOf(step.replica)
        world.own(changing, Date.now() + REQUEST_MS, world.letPass(replica))
        world.watch(changing)
        return world.calm()
      }
    }
  }

  /** Nothing private, and once the edge has been told everything nothing old. */
  async function look(): Promise<void> {
    const isQuiet = await world.isQuiet()
    for (const { layer, path, status, headers, state } of world.edge().held()) {
      if (status >= 400 || state === 'not reusable') continue
      if (/private|no-store/.test(headers['cache-control'] ?? ''))
        faults.push(`${layer} holds what is private: ${path}`)
      const picture = truth.pictureOf(headers['etag'])
      const isOld = status === 200 && picture !== undefined && picture !== truth.now(path)
      if (isOld && isQuiet) faults.push(`${layer} holds ${path}: ${picture}, for good`)
    }
  }

  return {
    faults,
    async start() {
      for (let index = 0; index < MAX_PHOTOS - 1; index += 1) await tryChange('add', index % 2, 2)
      await world.pass(JOURNAL_MS)
    },
    async act(step: Step): Promise<void> {
      await take(step)
      await look()
    },
    /** All is told, and everybody sees what is right. */
    async end(): Promise<void> {
      await world.land()
      const untilMs = Date.now() + boundMs
      while (!(await world.isQuiet()) && Date.now() < untilMs) await world.pass(10_000)
      if (!(await world.isQuiet())) faults.push(`There is something left to be told: ${await world.unrest()}`)
      await look()
      // Errors live that long.
      await world.pass(10_001)
      for (const [index, path] of paths().entries()) {
        const right = truth.now(path)
        for (const location of LOCATIONS) {
          const answer = await world.view(location, path, replicaOf(index % 2))
          const seen = answer.status === 200 ? await numberIn(answer.body) : undefined
          const said = `${answer.status} ${answer.headers['location'] ?? ''} ${answer.headers['x-cache']}`
          if (seen !== right)
            faults.push(`${path} at ${location} at the end: ${seen} (${said}), not ${right}`)
        }
      }
    },
  }
}

describe('requirements: Flows – no viewer of the edge gets an old picture', () => {
  test('that was long on its way: it is there again, until the second purge', async () => {
    const itemId = 'slow'
    await world.open(itemId, { by: 'tags' })
    const run = createRun(itemId)
    const [one, other] = world.replicas
    const look = async () => numberIn((await world.view(FRANKFURT, `/img/items/${itemId}/16.webp`, one)).body)
    await run.start()
    const old = world.truth.now(`/img/items/${itemId}/16.webp`)
    world.holdTransit()
    const slow = look()
    await world.calm()
    const [cover] = (await other.albums.find(itemId))?.photos ?? []
    await other.albums.replace(itemId, await world.putFile(itemId, cover?.photoId ?? '', 7), by)
    await world.pass(REPEAT_AFTER_MS - HAND_OVER_MS - LOOK_MS)
    await world.land()
    expect(await slow).toBe(old)
    expect(await look()).toBe(old)
    while (!(await world.isQuiet())) await world.pass(1000)
    expect(await look()).toBe(7)
    await world.leave(itemId)
  })

  test(`${RUNS} interleavings of views and changes: not after the stated time, and never after the second purge`, async () => {
    const steps = fc.array(step, { minLength: 10, maxLength: 40, size: 'max' })
    const ways = fc.constantFrom('tags' as const, 'paths' as const)
    const property = fc.asyncProperty(steps, ways, async (steps, by) => {
      const itemId = `seen-${(items += 1)}`
      await world.open(itemId, { by })
      const run = createRun(itemId)
      try {
        await run.start()
        for (const step of steps) await run.act(step)
        await run.end()
        await world.watched()
        expect(run.faults).toEqual([])
        expect(world.replicas.flatMap(({ unfinished }) => unfinished)).toEqual([])
      } finally {
        await world.land()
        await world.leave(itemId)
      }
    })
    await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true })
    process.stdout.write(`interleavings: ${RUNS}, seed ${SEED}, ${JSON.stringify(tally)}\n`)
    expect(tally.pictures).toBeGreaterThan(RUNS)
  }, 7_200_000)
})
