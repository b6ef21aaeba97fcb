import { describe, expect, test } from 'vitest'
import { isInvalidationItem } from '../support/edge/invalidation.ts'
import { ASHBURN, createStage, FRANKFURT, says } from './twin.ts'

const PATHS = ['/img/items/4/1.webp', '/img/items/42/1.webp', '/img/items/42/2.webp', '/img/a?w=1'] as const

/** Which of the paths are gone after an invalidation; each carries the tags `t<its place>` and `all`. */
async function goneAfter(items: readonly string[]): Promise<string[]> {
  const stage = createStage({ behavior: { keyQueries: 'all' } })
  stage.origin = ({ target }) =>
    says({
      'cache-control': 'max-age=60',
      'x-amz-meta-cache-tag': `t${PATHS.findIndex((path) => path === target)}, All`,
    })
  for (const path of PATHS) await stage.get(path)
  stage.edge.invalidate(items)
  const left = new Set(stage.edge.held().map(({ path }) => path))
  return PATHS.filter((path) => !left.has(path))
}

describe('§1.9 what an invalidation reaches', () => {
  test.each([
    [['/img/items/42/1.webp'], [PATHS[1]]],
    [['/IMG/items/42/1.webp'], []],
    [['/img/items/42/*'], [PATHS[1], PATHS[2]]],
    [['/img/items/4*'], [PATHS[0], PATHS[1], PATHS[2]]],
    [['/img/items/*/1.webp'], []],
    [['/img/a'], []],
    [['/img/a?w=1'], [PATHS[3]]],
    [['/img/a*'], [PATHS[3]]],
    [['#t1'], [PATHS[1]]],
    [
      ['#T1', '/img/a?w=1'],
      [PATHS[1], PATHS[3]],
    ],
    [['#all'], [...PATHS]],
    [['#t'], []],
    [['/*'], [...PATHS]],
  ])('%j: %j', async (items, gone) => {
    expect(await goneAfter(items)).toEqual(gone)
  })

  test('all headers of a path, all locations, and the shield', async () => {
    const stage = createStage({ shield: true, behavior: { keyHeaders: ['x-img-accept'] } })
    stage.origin = () => says({ 'cache-control': 'max-age=60' })
    for (const location of [FRANKFURT, ASHBURN])
      for (const accept of ['avif', 'webp']) await stage.get('/a', { 'x-img-accept': accept }, location)
    expect(stage.edge.held()).toHaveLength(6)
    stage.edge.invalidate(['/a'])
    expect(stage.edge.held()).toEqual([])
  })

  test('not what is being fetched at the time', async () => {
    const stage = createStage()
    let letGo = () => {}
    const gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
    stage.origin = async () => {
      await gate
      return says({ 'cache-control': 'max-age=60' }, { body: 'old' })
    }
    const view = stage.get('/a')
    stage.edge.invalidate(['/a'])
    letGo()
    await view
    expect((await stage.get('/a')).body.toString()).toBe('old')
    stage.edge.invalidate(['/a'])
    expect(stage.edge.held()).toEqual([])
  })
})

describe('§1.9 tags', () => {
  /** Whether an answer with this header goes when a tag is invalidated. */
  async function isReached(header: string, tag: string): Promise<boolean> {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': 'max-age=60', 'x-amz-meta-cache-tag': header })
    await stage.get('/a')
    stage.edge.invalidate([tag])
    return stage.edge.held().length === 0
  }

  const many = (count: number) => Array.from({ length: count }, (_, index) => `t${index + 1}`).join(',')

  test.each([
    ['fifty count', many(50), '#t50', true],
    ['and no more', many(51), '#t51', false],
    ['256 characters', 'a'.repeat(256), `#${'a'.repeat(256)}`, true],
    ['one that is longer is dropped', `${'a'.repeat(257)},b`, '#b', true],
    ['one that is not ASCII is dropped', 'ü,b', '#b', true],
    ['in any case', 'Item:AB', '#item:ab', true],
  ])('%s', async (_, header, tag, reached) => {
    expect(await isReached(header, tag)).toBe(reached)
  })

  test('none are read where the distribution names no header', async () => {
    const stage = createStage({ tagHeader: 'x-other' })
    stage.origin = () => says({ 'cache-control': 'max-age=60', 'x-amz-meta-cache-tag': 'a' })
    await stage.get('/a')
    stage.edge.invalidate(['#a'])
    expect(stage.edge.held()).toHaveLength(1)
  })
})

describe('§1.9 what the API takes', () => {
  test.each([
    ['/a', true],
    ['/*', true],
    [`/${'a'.repeat(3999)}`, true],
    [`/${'a'.repeat(4000)}`, false],
    ['a', false],
    ['', false],
    ['/~a', false],
    ['/a b', false],
    ['/ü', false],
    ['#item:42', true],
    ['/#item:42', true],
    ['#', false],
    ['#a,b', false],
    [`#${'a'.repeat(256)}`, true],
    [`#${'a'.repeat(257)}`, false],
  ])('%s: %s', (item, isTaken) => {
    expect(isInvalidationItem(item)).toBe(isTaken)
  })

  test('the edge refuses the rest, and says what', () => {
    expect(() => createStage().edge.invalidate(['/a', 'b', '/~c'])).toThrow('Cannot be invalidated: b /~c')
  })
})
