import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type AdoptChoices, adopt } from '../../src/commands/adopt.ts'
import { stats } from '../../src/commands/stats.ts'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import { environmentOf, openOrigin, runProgram, serve } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

// Commands fork the compiled worker; the sources have none beside them.
vi.mock('../../src/composition/pool.ts', async (original) => {
  const pool = await original<typeof import('../../src/composition/pool.ts')>()
  const workerFile = fileURLToPath(new URL('../../dist/src/pixels/worker.js', import.meta.url))
  return { ...pool, createPool: (config: Config) => pool.createPool(config, { workerFile }) }
})

let origin: RunningOrigin
let config: Config
let directory: string
let printed: string

beforeAll(async () => {
  origin = await startOrigin()
  config = parseConfig({ ...environmentOf(origin), HALFTONE_WORKERS: '1' })
  directory = await mkdtemp(join(tmpdir(), 'halftone-library-'))
  const bucket = openOrigin(origin)
  const put = async (key: string, bytes: Uint8Array) => bucket.put(key, bytes, { contentType: 'image/jpeg' })
  for (const [path, colour] of [
    ['items/42/photos/front', '#ff0000'],
    ['items/42/photos/back', '#0000ff'],
    ['items/43/photos/1', '#00ff00'],
    ['profiles/u7/photo/1', '#ffff00'],
  ] as const) {
    await put(`${path}/original.jpg`, await plainJpeg(colour, 900, 600))
    for (const name of ['large', 'medium', 'thumbnail']) {
      await put(`${path}/${name}.jpg`, await plainJpeg('#808080', 90, 60))
    }
  }
  await put('items/44/photos/1/original.jpg', Buffer.from('no picture'))
})

afterAll(async () => {
  await origin.stop()
  await rm(directory, { recursive: true })
})

beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, text)
  return path
}

describe('adopt', () => {
  test('says what is wrong with what it is given, and has not begun', async () => {
    const order = await file('wrong.csv', 'item,photo\n42,front\n42,front\n?,x\n')
    const wrong: readonly [choices: AdoptChoices, fault: RegExp][] = [
      [{}, /name the owner of the items with --owner/],
      [{ owner: '' }, /--owner is empty/],
      [{ order: join(directory, 'nowhere.csv') }, /nowhere\.csv cannot be read/],
      [{ order: await file('wrong.json', '{}') }, /wrong\.json: the whole: /],
      [
        { order },
        /wrong\.csv: line 3: photo front of item 42 is named before\n.*: line 4: "\?" is no item id/,
      ],
    ]
    for (const [choices, fault] of wrong) {
      const failure: unknown = await adopt(config, { ...choices, write: true }).catch(
        (error: unknown) => error,
      )
      expect(failure).toBeInstanceOf(ConfigError)
      expect(failure).toHaveProperty('message', expect.stringMatching(fault))
    }
    expect(printed).toBe('')
  })

  test('writes nothing at first, then all that is a picture, then nothing again', async () => {
    const order = await file('order.csv', 'item,photo,owner\n42,front,u7\n42,back,u7\n99,x,u7\n')
    const choices = { owner: 'shop', order }
    await openOrigin(origin).put('items/\u009b31m/photos/1/original.jpg', Buffer.from('x'), {
      contentType: 'image/jpeg',
    })
    expect(await adopt(config, choices)).toBe(false)
    // What steers a terminal is not printed.
    expect(printed).toContain('items/\ufffd31m: refused: "\ufffd31m" is no id')
    expect(printed).toContain('items/44: refused: photo 1: The source is no picture')
    expect(printed).toMatch(/^adopted +3 {2}items and profiles with 4 photos, if --write were given$/m)
    expect(printed).toMatch(/^refused +2 /m)
    expect(printed).toMatch(/^missing +1 {2}items that the order names without a photo: 99$/m)
    expect(printed).toContain('dry run')
    const bucket = openOrigin(origin)
    expect(await bucket.head(albumKey('42'))).toBeUndefined()

    printed = ''
    expect(await adopt(config, { ...choices, write: true })).toBe(false)
    expect(printed).toMatch(/^adopted +3 {2}items and profiles with 4 photos$/m)
    expect(printed).toContain('3 records were written.')

    printed = ''
    await bucket.delete(['items/44/photos/1/original.jpg', 'items/\u009b31m/photos/1/original.jpg'])
    expect(await adopt(config, { ...choices, write: true })).toBe(true)
    expect(printed).toMatch(/^adopted +0 /m)
    expect(printed).toMatch(/^skipped +3 {2}have a record already$/m)
    expect(printed).not.toMatch(/^refused/m)
    const album = await bucket.get(albumKey('42'))
    const record = albumRecord.parse(album.outcome === 'found' && JSON.parse(album.object.body.toString()))
    expect(record).toMatchObject({
      owner: 'u7',
      photos: [{ photoId: 'front', width: 900 }, { photoId: 'back' }],
    })
  })

  test('writes nothing into a bucket whose conditional writes do not hold', async () => {
    // A bucket that is not there honours nothing.
    const broken = parseConfig({ ...environmentOf(origin), HALFTONE_BUCKET: 'not-there' })
    await expect(adopt(broken, { owner: 'shop', write: true })).rejects.toThrow(
      /does not honour conditional writes .*see doctor/,
    )
  })

  test('takes its choices from the command line', async () => {
    const bucket = openOrigin(origin)
    for (const [photoId, bytes] of [
      ['1', await plainJpeg('#ffffff', 90, 60)],
      ['2', Buffer.from('no picture')],
    ] as const) {
      await bucket.put(`items/46/photos/${photoId}/original.jpg`, bytes, { contentType: 'image/jpeg' })
    }
    const order = await file('owners.json', '[{"item":"46","owner":"u9"}]')
    const environment = { ...environmentOf(origin), HALFTONE_WORKERS: '1' }
    const refused = runProgram(['adopt', '--order', order], environment)
    expect(await refused.ended).toBe(1)
    const run = runProgram(
      ['adopt', '--owner', 'shop', '--order', order, '--leave-out', '--write'],
      environment,
    )
    expect(await run.ended).toBe(0)
    expect(run.output.join('\n')).toMatch(/^left out +1 /m)
    const album = await bucket.get(albumKey('46'))
    expect(album.outcome === 'found' && JSON.parse(album.object.body.toString())).toMatchObject({
      owner: 'u9',
      photos: [{ photoId: '1' }],
    })
    await bucket.delete([1, 2].map((id) => `items/46/photos/${id}/original.jpg`).concat(albumKey('46')))
  })

  test('makes a library that the gateway serves', async () => {
    const gateway = await serve({ ...environmentOf(origin), HALFTONE_WORKERS: '1' })
    try {
      for (const [path, [red = 0, green = 0, blue = 0]] of [
        ['items/42', [254, 0, 0]],
        ['items/42/photos/back', [0, 0, 254]],
        ['profiles/u7', [255, 255, 0]],
      ] as const) {
        const answer = await fetch(`${gateway.url}/img/${path}/320.png`)
        expect(answer.status).toBe(200)
        const colour = await middleColour(new Uint8Array(await answer.arrayBuffer()))
        const distance = [red, green, blue].map((value, channel) => Math.abs(value - (colour[channel] ?? 0)))
        expect(Math.max(...distance)).toBeLessThan(8)
      }
    } finally {
      gateway.kill('SIGTERM')
      await gateway.ended
    }
  })
})

const amount = z.object({ objects: z.number(), bytes: z.number() })

describe('stats', () => {
  test('tells people what is there and what it may cost', async () => {
    await openOrigin(origin).put('items/45/photos/1/original.jpg', Buffer.from('x'), {
      contentType: 'image/jpeg',
    })
    await stats(config, {})
    expect(printed).toMatch(/^item photos +4 +[\d.]+ KiB$/m)
    expect(printed).toMatch(/^sizes beside originals +12 /m)
    expect(printed).toMatch(/^3 items, 1 of them without an album \(adopt\), 4 photos; 1 profiles$/m)
    expect(printed).toMatch(/^largest items +objects +size +photos\n42 +9 .* 2\n43 /m)
    expect(printed).toMatch(/^Estimate, not a bill: 0\.00 USD a month .*S3 Standard, us-east-1, list price/m)
  })

  test('tells scripts the same, by a price table of their own', async () => {
    const prices = await file(
      'prices.json',
      '{"name":"ours","currency":"EUR","storage":[{"perGbMonth":1073741824}],"putsPerThousand":1,"putsPerMonth":500}',
    )
    const run = runProgram(['stats', '--json', '--prices', prices], environmentOf(origin))
    expect(await run.ended).toBe(0)
    const found = z
      .object({
        objects: z.number(),
        bytes: z.number(),
        kinds: z.record(z.string(), amount),
        monthlyEstimate: z.object({ storage: z.number(), requests: z.number(), prices: z.looseObject({}) }),
      })
      .parse(JSON.parse(run.output.join('\n')))
    const objects = []
    for await (const object of openOrigin(origin).list('')) objects.push(object)
    expect(found.objects).toBe(objects.length)
    expect(found.bytes).toBe(objects.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(found.kinds['profilePhotos']?.objects).toBe(1)
    // A currency unit a byte.
    expect(found.monthlyEstimate).toMatchObject({
      storage: found.bytes,
      requests: 0.5,
      prices: { name: 'ours' },
    })
  })

  test.each([
    ['{', 'cannot be read as JSON'],
    ['{"name":"ours","currency":"EUR","storage":[]}', 'is no price table'],
  ])('refuses the prices %s', async (text, fault) => {
    const prices = await file('wrong.json', text)
    await expect(stats(config, { prices })).rejects.toThrow(fault)
  })
})
