import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { by } from '../library/library.ts'
import {
  ASHBURN,
  type Colour,
  colourOf,
  createEdgeStage,
  type EdgeStage,
  FRANKFURT,
  pictureOf,
} from '../support/edge-stage.ts'
import type { EdgeAnswer } from '../support/edge/edge.ts'
import { RULE_SETS } from '../support/edge/rules.ts'

const ITEM = 'seen'
const SEEN: Readonly<Record<string, string>> = {
  photo: `/img/items/${ITEM}/photos/a/320.webp`,
  second: `/img/items/${ITEM}/photos/b/320.webp`,
  'another size': `/img/items/${ITEM}/photos/a/480.webp`,
  cover: `/img/items/${ITEM}/320.webp`,
  'a size between': `/img/items/${ITEM}/photos/a/321.webp`,
  file: '/img/photos/x.jpg/320.webp',
}

/** The same, seen by somebody near another edge location. */
const FROM_AFAR = ' from afar'

/** What happens between two looks. */
const ACTS: Readonly<Record<string, (stage: EdgeStage) => Promise<unknown>>> = {
  'a is replaced': async (stage) =>
    stage.library.albums.replace(ITEM, await stage.putFile(ITEM, 'a', 'blue'), by),
  'b is first': async ({ library }) => library.albums.reorder(ITEM, ['b', 'a'], by),
  'a is deleted': async ({ library }) => library.albums.remove(ITEM, 'a', by),
  'b is deleted': async ({ library }) => library.albums.remove(ITEM, 'b', by),
  'all is deleted': async ({ library }) => library.albums.removeAll(ITEM, { ...by, andAlbum: true }),
  'all is hidden': async ({ library }) => library.albums.setAccess(ITEM, 'private', by),
  'all is shown': async ({ library }) => library.albums.setAccess(ITEM, 'public', by),
  'the bucket goes': async ({ gates }) => gates.setAway(true),
  'the bucket comes': async ({ gates }) => gates.setAway(false),
  'the file is overwritten, and nobody told': async (stage) => putPlain(stage, 'blue'),
  'b is added': async (stage) => stage.library.albums.add(ITEM, await stage.putFile(ITEM, 'b', 'green'), by),
  'the file is gone, and nobody told': async ({ gates }) => gates.store.delete(['photos/x.jpg']),
  'the gateway starts anew': async ({ gateway }) => {
    gateway.sources.forgetAll()
    gateway.variants.forgetAll()
  },
  'the edge forgets': async ({ edge }) => edge().invalidate(['/*']),
  'the second purge': async ({ purgeAgain }) => purgeAgain(),
}

/** At so many seconds: a look, and what is seen there, or an act. `Hit` and the like hold for the rules as believed. */
type Step = readonly [seconds: number, what: string, sees?: string]

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Timeline {
  readonly colours: readonly ('red' | 'green' | 'broken')[]
  readonly steps: readonly Step[]
}

const TIMELINES: Readonly<Record<string, Timeline>> = {
  'first view, repeat view': {
    colours: ['red'],
    steps: [
      [0, 'photo', '200 red Miss'],
      [1, 'photo', '200 red Hit'],
      [1 * MINUTE, 'photo', '200 red Hit'],
      [5 * MINUTE, 'photo', '200 red Hit'],
      [30 * DAY - 1, 'photo', '200 red Hit'],
      // Handed out once more while it is asked for again.
      [30 * DAY + 1, 'photo', '200 red Hit'],
      [30 * DAY + 2 * MINUTE, 'photo', '200 red RefreshHit'],
      [61 * DAY, 'photo', '200 red RefreshHit'],
    ],
  },
  replaced: {
    colours: ['red', 'green'],
    steps: [
      [0, 'photo', '200 red Miss'],
      [0, 'cover', '200 red Miss'],
      [0, 'second', '200 green Miss'],
      [1 * MINUTE, 'a is replaced'],
      [1 * MINUTE, 'photo', '200 blue Miss'],
      [1 * MINUTE, 'cover', '200 blue Miss'],
      [1 * MINUTE, 'second', '200 green Hit'],
      [2 * MINUTE, 'the second purge'],
      [2 * MINUTE, 'photo', '200 blue Miss'],
      [30 * DAY, 'photo', '200 blue Hit'],
    ],
  },
  reordered: {
    colours: ['red', 'green'],
    steps: [
      [0, 'cover', '200 red Miss'],
      [1 * MINUTE, 'b is first'],
      [1 * MINUTE, 'cover', '200 green Miss'],
      [1 * MINUTE, 'photo', '200 red Miss'],
      [1 * MINUTE, 'second', '200 green Miss'],
      [1 * HOUR, 'cover', '200 green Hit'],
    ],
  },
  deleted: {
    colours: ['red', 'green'],
    steps: [
      [0, 'photo', '200 red Miss'],
      [0, 'cover', '200 red Miss'],
      [1 * MINUTE, 'a is deleted'],
      [1 * MINUTE, 'photo', '404 Error'],
      [1 * MINUTE, 'cover', '200 green Miss'],
      [1 * MINUTE + 11, 'photo', '404 Error'],
      [2 * MINUTE, 'all is deleted'],
      [2 * MINUTE, 'cover', '404 Error'],
      [2 * MINUTE, 'second', '404 Error'],
      [60 * DAY, 'photo', '404 Error'],
    ],
  },
  'hidden, and shown again': {
    colours: ['red'],
    steps: [
      [0, 'photo', '200 red Miss'],
      [0, 'cover', '200 red Miss'],
      [1 * MINUTE, 'all is hidden'],
      [1 * MINUTE, 'photo', '404 Error'],
      [1 * MINUTE, 'cover', '404 Error'],
      [2 * MINUTE, 'photo', '404 Error'],
      [2 * MINUTE, 'the bucket goes'],
      [2 * MINUTE + 11, 'photo', '502 Error'],
      [3 * MINUTE, 'the bucket comes'],
      [3 * MINUTE + 11, 'photo', '404 Error'],
      [4 * MINUTE, 'all is shown'],
      [4 * MINUTE + 10, 'photo', '200 red Miss'],
    ],
  },
  'an upload after a 404': {
    colours: ['red'],
    steps: [
      [0, 'second', '404 Error'],
      [0, 'second from afar', '404 Error'],
      [1, 'b is added'],
      [1, 'second', '200 green Miss'],
      [1, 'second from afar', '200 green Miss'],
    ],
  },
  'a file after a 404, and nobody told': {
    colours: [],
    steps: [
      [0, 'the file is gone, and nobody told'],
      [1 * MINUTE, 'file', '404 Error'],
      [1 * MINUTE, 'the file is overwritten, and nobody told'],
      [1 * MINUTE + 4, 'file', '404 Error'],
      [1 * MINUTE + 4, 'file from afar', '404 Error'],
      [1 * MINUTE + 10, 'file', '200 blue Miss'],
      [1 * MINUTE + 10, 'file from afar', '200 blue Miss'],
    ],
  },
  'an error: the bucket is away': {
    colours: ['red'],
    steps: [
      [0, 'photo', '200 red Miss'],
      [1 * MINUTE, 'the bucket goes'],
      [1 * MINUTE, 'the gateway starts anew'],
      // What the edge has is not asked for.
      [2 * MINUTE, 'photo', '200 red Hit'],
      [2 * MINUTE, 'another size', '502 Error'],
      [3 * MINUTE, 'another size', '502 Error'],
      [3 * MINUTE, 'another size from afar', '502 Error'],
      [3 * MINUTE, 'the bucket comes'],
      [3 * MINUTE + 10, 'another size', '200 red Miss'],
      [3 * MINUTE + 10, 'another size from afar', '200 red Miss'],
    ],
  },
  'a verdict': {
    colours: ['broken', 'green'],
    steps: [
      [0, 'photo', '415 Error'],
      [0, 'cover', '415 Error'],
      [30, 'a is replaced'],
      [30, 'photo', '200 blue Miss'],
      [30, 'cover', '200 blue Miss'],
    ],
  },
  'degraded: an old look-up stands in': {
    colours: [],
    steps: [
      [0, 'file', '200 red Miss'],
      [1 * MINUTE, 'the edge forgets'],
      [1 * MINUTE, 'the bucket goes'],
      [1 * MINUTE, 'file', '200 red Miss'],
      [1 * MINUTE, 'the bucket comes'],
      [1 * MINUTE, 'the file is overwritten, and nobody told'],
      [1 * MINUTE + 4, 'file', '200 red Hit'],
      [1 * MINUTE + 4, 'file from afar', '200 red Miss'],
      [1 * MINUTE + 10, 'file', '200 blue Miss'],
      [1 * MINUTE + 10, 'file from afar', '200 blue Miss'],
    ],
  },
  'degraded, and then an error': {
    colours: [],
    steps: [
      [0, 'file', '200 red Miss'],
      [1 * MINUTE, 'the edge forgets'],
      [1 * MINUTE, 'the bucket goes'],
      [1 * MINUTE, 'file', '200 red Miss'],
      [1 * MINUTE + 1, 'the gateway starts anew'],
      [1 * MINUTE + 10, 'file', '502 Error'],
      [2 * MINUTE, 'the bucket comes'],
      [2 * MINUTE + 10, 'file', '200 red Miss'],
    ],
  },
  'a redirect to the size that is allowed': {
    colours: ['red'],
    steps: [
      [0, 'a size between', '308 Miss'],
      [1 * HOUR, 'a size between', '308 Hit'],
      [1 * DAY + 1, 'a size between', '308 Miss'],
    ],
  },
}

let stage: EdgeStage
beforeAll(async () => {
  stage = await createEdgeStage()
})
afterAll(() => stage.close())

/** A picture that no record names, as another program puts it. */
async function putPlain({ gates }: EdgeStage, colour: Colour): Promise<void> {
  await gates.store.put('photos/x.jpg', await pictureOf(colour), { contentType: 'image/jpeg' })
}

async function shown({ status, headers, body }: EdgeAnswer): Promise<string> {
  const result = (headers['x-cache'] ?? '').replace(' from cloudfront', '')
  return status === 200 ? `${status} ${await colourOf(body)} ${result}` : `${status} ${result}`
}

/** What some layer has, in whatever state, and none may have. */
function wrongful(): string[] {
  const isWrong = (control: string) => /private|no-store/.test(control)
  return stage
    .edge()
    .held()
    .filter(({ status, headers }) => status < 400 && isWrong(headers['cache-control'] ?? ''))
    .map(({ layer, path }) => `${layer} ${path}`)
}

describe.each(RULE_SETS)('requirements: CDN – the edge minute by minute, %s', (name, rules) => {
  test.each(Object.entries(TIMELINES))('%s', async (_, { colours, steps }) => {
    if (await stage.library.albums.find(ITEM))
      await stage.library.albums.removeAll(ITEM, { ...by, andAlbum: true })
    await stage.createItem(ITEM, ...colours)
    await putPlain(stage, 'red')
    stage.gateway.sources.forgetAll()
    stage.open(rules)
    const expected: string[] = []
    const seen: string[] = []
    const isBelieved = name === 'as believed'
    const said = (line: string) => (isBelieved ? line : line.replace(/ \w+$/, ''))
    for (const [seconds, what, sees] of steps) {
      await stage.passTo(seconds)
      const location = what.endsWith(FROM_AFAR) ? ASHBURN : FRANKFURT
      const target = SEEN[what.replace(FROM_AFAR, '')]
      if (target === undefined) await ACTS[what]?.(stage)
      else {
        seen.push(said(`${seconds} s: ${what}: ${await shown(await stage.view(target, { location }))}`))
        expected.push(said(`${seconds} s: ${what}: ${sees}`))
      }
      expect(wrongful(), `${seconds} s`).toEqual([])
    }
    expect(seen).toEqual(expected)
  })
})
