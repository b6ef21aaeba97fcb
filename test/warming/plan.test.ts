import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { createProgress } from '../../src/warming/progress.ts'
import type { WarmReport } from '../../src/warming/warm.ts'
import { openWarmState, OtherPlanError } from '../../src/warming/warm-state.ts'
import { createWarmPlan, type WarmPlanOptions } from '../../src/warming/warm-tasks.ts'
import { putItem, putProfile, setAccess } from '../support/library.ts'

const planOf = (options: Partial<WarmPlanOptions> = {}) =>
  createWarmPlan({
    presets: parsePresets('card=400'),
    sizes: undefined,
    formats: ['webp'],
    usualSizes: { items: ['thumbnail', 'card'], profiles: ['medium'] },
    ...options,
  })

describe('what is to be warmed', () => {
  it.each([
    ['items/42', 'items/42', ['/img/items/42/thumbnail.webp', '/img/items/42/card.webp']],
    ['/img/items/42/', 'items/42', ['/img/items/42/thumbnail.webp', '/img/items/42/card.webp']],
    ['profiles/ana', 'profiles/ana', ['/img/profiles/ana/medium.webp']],
    [
      'photos/a%20b.jpg',
      'photos/a b.jpg',
      ['/img/photos/a%20b.jpg/thumbnail.webp', '/img/photos/a%20b.jpg/card.webp'],
    ],
    ['/img/items/42/800x600@2x.avif', '/img/items/42/800x600@2x.avif', ['/img/items/42/800x600@2x.avif']],
    [
      '/img/items/42/@A7wTvEoQz-QeMLL/800.webp',
      '/img/items/42/@A7wTvEoQz-QeMLL/800.webp',
      ['/img/items/42/@A7wTvEoQz-QeMLL/800.webp'],
    ],
    [
      '/img/photos/cat.jpg',
      'photos/cat.jpg',
      ['/img/photos/cat.jpg/thumbnail.webp', '/img/photos/cat.jpg/card.webp'],
    ],
  ])('a line %s', (line, name, targets) => {
    expect(planOf().ofLine(line)).toEqual({ name, targets })
  })

  it('is every size in every format that is named', () => {
    const plan = planOf({ sizes: ['card', '0800', 'x600'], formats: ['avif', 'JPEG'] })
    expect(plan.ofLine('profiles/ana').targets).toEqual(
      ['card.avif', 'card.jpg', '800.avif', '800.jpg', 'x600.avif', 'x600.jpg'].map(
        (name) => `/img/profiles/ana/${name}`,
      ),
    )
  })

  it.each([
    [() => planOf({ sizes: ['huge'] }), /size/],
    [() => planOf({ formats: ['bmp'] }), /format/],
    [() => planOf().ofLine('items//42'), /segment 2/],
    [() => planOf().ofLine('../etc'), /segment 1/],
  ])('is refused where it makes no sense: %s', (work, message) => {
    expect(work).toThrow(message)
  })

  it('is, of the library, what everybody may see: covers, photos, profiles', async () => {
    const store = createMemoryObjectStore()
    await putItem(store, '7', ['#ff0000', '#00ff00'])
    await putItem(store, '8', ['#0000ff'])
    await setAccess(store, '8', 'private')
    await putProfile(store, 'ana', '#ffff00')
    const tasks = []
    for await (const task of planOf().ofLibrary(store)) tasks.push(task)
    expect(tasks.map(({ name }) => name)).toEqual([
      'items/7',
      'items/7/photos/p1',
      'items/7/photos/p2',
      'profiles/ana',
    ])
    expect(tasks.at(-1)?.targets).toEqual(['/img/profiles/ana/medium.webp'])
  })
})

describe('what a warming has done', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'halftone-warm-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it('is remembered by the next, but for a line that was cut short', async () => {
    const file = join(directory, 'state')
    const first = openWarmState(file, { sizes: ['800'] })
    for (const name of ['items/1', 'items/ä b']) first.done(name)
    await appendFile(file, 'items/3')
    const next = openWarmState(file, { sizes: ['800'] })
    expect(['items/1', 'items/ä b', 'items/3', 'items/'].map((name) => next.isDone(name))).toEqual([
      true,
      true,
      false,
      false,
    ])
    next.done('items/4')
    expect((await readFile(file, 'utf8')).split('\n').slice(1)).toEqual([
      'items/1',
      'items/ä b',
      'items/4',
      '',
    ])
    await next.finish()
    expect(existsSync(file)).toBe(false)
  })

  it('counts for the same plan alone', async () => {
    const file = join(directory, 'other')
    openWarmState(file, ['https://cdn.example', ['800']])
    expect(() => openWarmState(file, ['https://cdn.example', ['400']])).toThrow(OtherPlanError)
    await writeFile(file, 'no newline')
    expect(() => openWarmState(file, [])).toThrow(OtherPlanError)
    expect(await readFile(file, 'utf8')).toBe('no newline')
  })
})

describe('progress', () => {
  const reportOf = (warm: number, failed = 0): WarmReport => ({
    by: { edge: 0, memory: 1, bucket: 2, render: 3, collapsed: 0, unknown: 0 },
    warm,
    bytes: 0,
    absent: 0,
    failed,
    waits: failed,
  })

  it('is a bar on a terminal, not more often than it can be seen', () => {
    let text = ''
    let time = 0
    const screen = { isTTY: true, columns: 120, write: (more: string) => (text += more) }
    const progress = createProgress(screen, 40, () => time)
    progress.show(reportOf(10))
    progress.show(reportOf(11))
    expect(text).toContain('25 % 10/40: 3 were there, 3 rendered')
    expect(text).not.toContain('11/40')
    time = 1000
    progress.show(reportOf(19, 1))
    expect(text).toContain(
      `\r\u001b[2K${'█'.repeat(15)}${'░'.repeat(15)} 50 % 20/40: 3 were there, 3 rendered, 1 failed`,
    )
    progress.end()
    expect(text.endsWith('\r\u001b[2K')).toBe(true)
  })

  it('is a line for a thousand pictures elsewhere', () => {
    let text = ''
    const progress = createProgress({ write: (more: string) => (text += more) }, undefined)
    for (const done of [999, 1000, 1001, 2000]) progress.show(reportOf(done))
    progress.end()
    expect(text).toBe('1000 pictures: 3 were there, 3 rendered\n2000 pictures: 3 were there, 3 rendered\n')
  })
})
