import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest'
import { z } from 'zod'
import { doctor } from '../../src/commands/doctor.ts'
import { purge } from '../../src/commands/purge.ts'
import { setup } from '../../src/commands/setup.ts'
import { seed } from '../../src/commands/seed.ts'
import { sweep } from '../../src/commands/sweep.ts'
import { type Config, ConfigError, parseConfig } from '../../src/config.ts'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { plainJpeg, putItem } from '../support/library.ts'
import { environmentOf, openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

// Commands fork the compiled worker; the sources have none beside them.
vi.mock('../../src/composition/pool.ts', async (original) => {
  const pool = await original<typeof import('../../src/composition/pool.ts')>()
  const workerFile = fileURLToPath(new URL('../../dist/src/pixels/worker.js', import.meta.url))
  return { ...pool, createPool: (config: Config) => pool.createPool(config, { workerFile }) }
})

let origin: RunningOrigin
let config: Config
let printed: string
let directory: string

beforeAll(async () => {
  origin = await startOrigin()
  config = parseConfig({ ...environmentOf(origin), HALFTONE_WORKERS: '1' })
  directory = await mkdtemp(join(tmpdir(), 'halftone-photos-'))
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

describe('setup', () => {
  test('says what is missing, does it when told to, and has nothing to do afterwards', async () => {
    const choices = { origin: ['https://shop.example'], recoveryDays: 30 }
    await setup(config, choices)
    expect(printed).toMatch(/^todo CORS: uploads from https:\/\/shop\.example\n/m)
    expect(printed).toContain('3 to do: run it again with --write')
    await setup(config, { ...choices, write: true })
    expect(printed).toMatch(/^bucket .*: exists\n[^]*^set {2}CORS: [^]*^set {2}lifecycle: /m)
    printed = ''
    await setup(config, choices)
    expect(printed).toMatch(/^ok {3}CORS: [^]*^ok {3}lifecycle: /m)
    // The origin has no versions to keep, and says so only when it is asked to.
    expect(printed).toContain('1 to do')
  })

  test('prints a policy for IAM', async () => {
    await setup(config, { iam: true, recoveryDays: 30 })
    expect(JSON.parse(printed)).toMatchObject({ Version: '2012-10-17' })
    expect(printed).not.toContain('sqs:')
  })

  test('grants what is configured beside the bucket, too', async () => {
    const environment = {
      HALFTONE_BUCKET: 'pictures',
      HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'E1',
      HALFTONE_BUCKET_EVENTS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/events',
    }
    await setup(parseConfig(environment), { iam: true, recoveryDays: 30 })
    expect(printed).toContain('"arn:aws:cloudfront::*:distribution/E1"')
    expect(printed).toContain('"arn:aws:sqs:eu-west-1:123456789012:events"')
  })
})

describe('doctor', () => {
  test('finds all well on a store that is', async () => {
    expect(await doctor(config)).toBe(true)
    for (const finding of [
      'put',
      'get',
      'list',
      'delete',
      'creators racing',
      'clock',
      'render workers',
      'CPU quota',
    ]) {
      expect(printed).toMatch(new RegExp(`^ok {3}${finding}: `, 'm'))
    }
    expect(printed).toMatch(/reads .*jpeg.*webp/)
    expect(printed).toContain('all is well')
    expect(printed).not.toContain(origin.secretAccessKey)
  })

  test('says what is wrong and what to do, for a wrong secret and too many workers', async () => {
    const wrong = { AWS_SECRET_ACCESS_KEY: 'not the secret', HALFTONE_WORKERS: '200' }
    expect(await doctor(parseConfig({ ...environmentOf(origin), ...wrong }))).toBe(false)
    expect(printed).toMatch(/^FAIL .*SignatureDoesNotMatch/m)
    expect(printed).toMatch(/cure: Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/)
    expect(printed).toMatch(
      /^FAIL CPU quota: 200 render workers share \d+ CPUs\n {5}cure: Set HALFTONE_WORKERS/m,
    )
  })

  test('says that no font is there for the texts of overlays', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fonts-'))
    onTestFinished(async () => rm(dir, { recursive: true }))
    const none = join(dir, 'fonts.conf')
    await writeFile(
      none,
      '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>',
    )
    const texts = { HALFTONE_OVERLAYS: '{"sale": {"text": "Sale"}}', HALFTONE_WORKERS: '1' }
    expect(await doctor(parseConfig({ ...environmentOf(origin), ...texts }))).toBe(true)
    const fontless = { ...environmentOf(origin), ...texts, FONTCONFIG_FILE: none }
    expect(await doctor(parseConfig(fontless))).toBe(false)
    expect(printed).toMatch(
      /^FAIL render workers: The overlay sale cannot be drawn: There is no font .*\n {5}cure: Install a font/m,
    )
  })

  test('says why the edge is not purged', async () => {
    const edge = { HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'E1' }
    const behind = parseConfig({ ...environmentOf(origin), HALFTONE_WORKERS: '1', ...edge })
    expect(await doctor(behind)).toBe(true)
    expect(printed).toMatch(/^ok {3}purges of the edge: 0 wait, 0 are sent/m)
    const store = openOrigin(origin)
    const at = '2026-01-01T00:00:00.000Z'
    const refusal = { reason: 'denied', message: 'AccessDenied: no', at }
    const times = { oldestAt: at, committedAt: at }
    const batch = { id: 'b', items: ['#item:1'], purges: 1, phase: 'waiting', invalidations: [], asked: [] }
    const body = Buffer.from(JSON.stringify({ ...batch, ...times, refusal }))
    await store.put('system/purges/batches/b.json', body, { contentType: 'application/json' })
    expect(await doctor(behind)).toBe(false)
    await store.delete(['system/purges/batches/b.json'])
    store.close()
    expect(printed).toMatch(
      /^FAIL purges of the edge: 1 wait, .*AccessDenied: no\n {5}cure: Let the gateways' role/m,
    )
  })
})

describe('seed', () => {
  test('makes an item of each folder and of each photo beside them, and leaves out what is no picture', async () => {
    await mkdir(join(directory, 'My Bike'))
    await writeFile(join(directory, 'My Bike', 'b.jpg'), await plainJpeg('#00ff00'))
    await writeFile(join(directory, 'My Bike', 'a.jpg'), await plainJpeg('#ff0000', 900, 700))
    await writeFile(join(directory, 'cat.jpg'), await plainJpeg('#0000ff'))
    await writeFile(join(directory, 'cat.png'), await plainJpeg('#00ffff'))
    await writeFile(join(directory, 'broken.jpg'), 'no picture')
    await writeFile(join(directory, 'notes.txt'), 'no picture')
    await writeFile(join(directory, 'phone.HEIC'), '\0\0\0\x18ftypheic\0\0\0\0mif1heic')
    await writeFile(
      join(directory, 'logo.svg'),
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    )
    await seed(config, directory)
    expect(printed).toMatch(/My-Bike: 2 photos, http.*\/img\/items\/My-Bike\/800\.webp/)
    expect(printed).toMatch(/broken\.jpg: left out\. .*JPEG/)
    expect(printed).toMatch(/phone\.HEIC: left out\. .*Most Compatible/)
    expect(printed).toContain('logo: 1 photos')
    expect(printed).toMatch(/^cat: 1 photos.*\ncat-2: 1 photos/m)
    const album = await openOrigin(origin).get(albumKey('My-Bike'))
    const record = albumRecord.parse(
      album.outcome === 'found' ? JSON.parse(album.object.body.toString()) : {},
    )
    expect(record.photos.map(({ photoId, width, height }) => [photoId, width, height])).toEqual([
      ['p1', 900, 700],
      ['p2', 1600, 1000],
    ])
    // What stands in their places until they are there.
    expect(record.photos[0]?.dominantColour).toMatch(/^#f[0-9a-f]0/)
    expect(Buffer.from(record.photos[0]?.placeholder ?? '', 'base64').length).toBeGreaterThan(4)
    printed = ''
    await seed(config, directory)
    expect(printed).toContain('cat: exists already, left as it is')
  })

  test('refuses a directory without photos, or none at all', async () => {
    const empty = join(directory, 'empty')
    await mkdir(empty)
    await expect(seed(config, empty)).rejects.toThrow(/there is no photo in .*empty; accepted are \.jpg/)
    await expect(seed(config, join(directory, 'nowhere'))).rejects.toThrow(ConfigError)
  })
})

describe('purge', () => {
  test('removes the stored variants below a path, however it is written, and appends to the journal', async () => {
    const bucket = openOrigin(origin)
    for (const key of [
      'img/items/9/photos/p1/@v/800.webp',
      'img/items/9/photos/p2/@v/800.webp',
      'img/items/90/x',
    ]) {
      await bucket.put(key, Buffer.from('x'), { contentType: 'image/webp' })
    }
    await purge(config, ['/img/items/9/'])
    expect(printed).toMatch(/Removed 2 stored pictures of items\/9; .*journal entry 1/)
    expect(printed).toMatch(
      /^An edge is told nothing: HALFTONE_CLOUDFRONT_DISTRIBUTION_ID is not set here\.$/m,
    )
    expect(await bucket.head('img/items/90/x')).toBeDefined()
    const left: string[] = []
    for await (const { key } of bucket.list('system/purges/')) left.push(key.replace(/[^/]+$/, ''))
    // Nothing but the note on how far it is.
    expect(left).toEqual(['system/purges/asked/'])
  })

  test('prints the id, by which it can be asked for', async () => {
    await purge(config, ['items/asked', '#photo:9%2Fp1'], { json: true })
    const { id, paths } = z.object({ id: z.string(), paths: z.array(z.string()) }).parse(JSON.parse(printed))
    expect(paths.toSorted()).toEqual(['items/9/photos/p1', 'items/asked'])
    printed = ''
    expect(await purge(config, [], { status: id })).toBe(true)
    expect(printed).toMatch(new RegExp(`^${id}: done since `))
    const complaint = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await purge(config, [], { status: 'nobody-was-given-this' })).toBe(false)
    expect(complaint.mock.calls.flat().join('')).toMatch(/there is no purge with this id/)
  })

  test('with a distribution it waits in the queue for a gateway', async () => {
    const behind = parseConfig({
      ...environmentOf(origin),
      HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'E2QWRUHAPOMQZL',
    })
    await purge(behind, ['items/*'])
    const [, id = ''] = /halftone purge --status (\S+)\n$/.exec(printed) ?? []
    printed = ''
    await purge(behind, [], { status: id })
    await purge(behind, [], { status: true })
    expect(printed).toMatch(
      /^\S+: waiting since .*\n1 waiting for the edge, the oldest for \d+ s\n0 sent once/,
    )
    printed = ''
    await purge(behind, [], { status: true, json: true })
    expect(JSON.parse(printed)).toMatchObject({ waiting: 1, sent: 0 })
  })

  test('wants to know what, or which', async () => {
    await expect(purge(config, [])).rejects.toThrow(ConfigError)
    await expect(purge(config, ['items/9'], { status: true })).rejects.toThrow(ConfigError)
  })

  test.each(['', '/', 'items/../x', 'items//x'])('refuses %j, which is no source path', async (path) => {
    await expect(purge(config, [path])).rejects.toThrow(
      /no source path; accepted is a path such as items\/42/,
    )
  })

  test.each(['items/%zz', 'items/%2e%2e/x', 'items/a%2Fb', 'items/%00'])(
    'refuses %j, which no key can be',
    async (path) => {
      await expect(purge(config, [path])).rejects.toThrow(ConfigError)
    },
  )

  test('without a bucket, named or local, says how to get one', async () => {
    const without = parseConfig({ HALFTONE_DATA_DIR: join(directory, 'nowhere') })
    await expect(purge(without, ['items/9'])).rejects.toThrow(
      /HALFTONE_BUCKET: name a bucket, or run "npm start" first/,
    )
  })
})

describe('sweep', () => {
  const variant = 'img/items/swept/photos/p9/@abcdefghijklmno/800.webp'

  test('says what it would remove, removes it when told to, and prints its report', async () => {
    const bucket = openOrigin(origin)
    await putItem(bucket, 'swept', ['#ff0000'])
    await bucket.put(variant, Buffer.from('x'), { contentType: 'image/webp' })
    expect(await sweep(config, false)).toBe(true)
    expect(printed).toMatch(/^ +1 variants of dead versions \(1 bytes\)\n +img\/items\/swept\//m)
    expect(printed).toContain('a sweep with --delete would free 1 bytes')
    expect(await bucket.head(variant)).toBeDefined()
    printed = ''
    expect(await sweep(config, true)).toBe(true)
    expect(printed).toContain('freed 1 bytes')
    expect(await bucket.head(variant)).toBeUndefined()
    printed = ''
    expect(await sweep(config, true)).toBe(true)
    expect(printed).toMatch(/^\d+ objects examined, freed 0 bytes$/m)
    const photos: string[] = []
    for await (const { key } of bucket.list('items/swept/photos/')) photos.push(key)
    expect(photos).toHaveLength(1)
  })

  test('is not well when a record is damaged', async () => {
    const bucket = openOrigin(origin)
    const album = 'items/damaged/album.json'
    await bucket.put(album, Buffer.from('{'), { contentType: 'application/json' })
    await bucket.put('items/damaged/photos/p1/original-1.jpg', Buffer.from('x'), {
      contentType: 'image/jpeg',
    })
    expect(await sweep(config, false)).toBe(false)
    expect(printed).toContain(`FAULT ${album}: the record cannot be understood`)
    await bucket.delete([album])
  })
})
