import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Measurement } from '../../bench/quality/measure.ts'
import { parseStudyOptions } from '../../bench/quality/options.ts'
import { findPictures, resize } from '../../bench/quality/pictures.ts'
import { plotSvg } from '../../bench/quality/plot.ts'
import { openScorer, parseScore } from '../../bench/quality/scorer.ts'
import { bitsAtScore, type Point, summarise, tablesOf } from '../../bench/quality/summary.ts'
import { encode, fade, photo } from '../support/pictures.ts'

const run = promisify(execFile)

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quality-test-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** A program in the place of the scorer: prints what it is told and keeps the files that it was given. */
async function standIn(body: string): Promise<string> {
  const file = join(folder, 'scorer')
  await writeFile(file, `#!/bin/sh\n[ "$1" = --version ] && exit 0\n${body}\n`)
  await chmod(file, 0o755)
  return file
}

const point = (score: number, bitsPerPixel: number): Point => ({
  series: 'WebP',
  format: 'webp',
  setting: `${score}`,
  bitsPerPixel,
  score,
  worstScore: score,
  cpuRatio: 1,
  cpuMs: 1,
})

const measurement = (more: Partial<Measurement>): Measurement => ({
  picture: 'a',
  kind: 'photo',
  series: 'WebP',
  format: 'webp',
  setting: '80',
  pixels: 800,
  bytes: 100,
  cpuMs: 10,
  score: 70,
  ...more,
})

describe('the command line', () => {
  test('everything at 800 wide, unless it says otherwise', () => {
    const { widths, series, pictures, count } = parseStudyOptions([])
    expect({ widths, series, pictures, count }).toEqual({
      widths: [800],
      series: [],
      pictures: undefined,
      count: Number.POSITIVE_INFINITY,
    })
    const args = [
      '--widths',
      '640,1200',
      '--series',
      'AVIF',
      '--series',
      'PNG',
      '--count',
      '2',
      '--pictures',
      'a',
    ]
    expect(parseStudyOptions([...args, '--out', 'b'])).toEqual({
      widths: [640, 1200],
      series: ['AVIF', 'PNG'],
      pictures: 'a',
      count: 2,
      out: 'b',
    })
  })

  test.each([
    [['--widths', '640,wide'], /^--widths wide: accepted are whole numbers/],
    [['--widths', '5000'], /from 1 to 4096$/],
    [['--count', '0'], /^--count 0: /],
    [['--colour'], /--colour/],
  ])('%j is not accepted', (args, message) => {
    expect(() => parseStudyOptions(args)).toThrow(message)
  })
})

describe('summing up', () => {
  test('a setting over its pictures: geometric mean of bits, mean and worst score, time beside what is served', () => {
    const served = { series: 'served webp', setting: 'as served' }
    const points = summarise([
      measurement({ ...served, cpuMs: 20 }),
      measurement({ cpuMs: 10, bytes: 100, score: 60 }),
      measurement({ ...served, picture: 'b', cpuMs: 5 }),
      measurement({ picture: 'b', cpuMs: 10, bytes: 400, score: 80 }),
      measurement({ picture: 'b', format: 'avif', series: 'served avif', setting: 'as served', cpuMs: 1000 }),
    ])
    expect(points.map(({ series }) => series)).toEqual(['served webp', 'WebP', 'served avif'])
    expect(points[1]).toEqual({
      series: 'WebP',
      format: 'webp',
      setting: '80',
      bitsPerPixel: expect.closeTo(2),
      score: 70,
      worstScore: 60,
      cpuRatio: 1.25,
      cpuMs: 12_500,
    })
  })

  test('bits at a score lie between the points of a curve, and not outside it', () => {
    const curve = [point(80, 4), point(60, 1)]
    expect([60, 70, 80].map((score) => bitsAtScore(curve, score))).toEqual([1, expect.closeTo(2), 4])
    expect([59, 81].map((score) => bitsAtScore(curve, score))).toEqual([undefined, undefined])
    expect(bitsAtScore([], 70)).toBeUndefined()
  })

  test('tables are Markdown', () => {
    const tables = tablesOf([point(60, 1), point(80, 4)], [70, 90])
    expect(tables).toContain('| WebP | 80 | 4.000 | 80.0 | 80.0 | 1 | 1 |\n')
    expect(tables).toContain(
      '| bits a pixel for a score of | 70 | 90 |\n| --- | --- | --- |\n| WebP | 2.000 |  |\n',
    )
  })
})

test('the plot is an SVG that renders, with a name for every curve', async () => {
  const svg = plotSvg('Photographs', [
    point(60, 1),
    point(80, 4),
    { ...point(70, 2), series: 'AVIF', format: 'avif' },
    { ...point(100, 12), series: 'PNG', format: 'png' },
  ])
  expect(svg).toMatch(/>WebP<[\s\S]*>AVIF</)
  // Far off to the right.
  expect(svg).not.toContain('>PNG<')
  const { width, height } = await sharp(Buffer.from(svg)).metadata()
  expect({ width, height }).toEqual({ width: 1000, height: 640 })
})

describe('the scorer', () => {
  test('reads the score that the program prints, and nothing else', () => {
    expect(parseScore('Score: 72.66606385\n')).toBe(72.666_063_85)
    expect(parseScore('Score: -3\n')).toBe(-3)
    expect(() => parseScore('Failed to open')).toThrow(/No score in "Failed to open"/)
  })

  test('compares with the pixels themselves, without loss', async () => {
    const kept = join(folder, 'kept.png')
    const scorer = await openScorer(await standIn(`cp "$2" ${kept}\necho "Score: 42.5"`))
    const picture = photo(60, 40)
    try {
      expect(await scorer.score(picture, await encode(picture, 'webp'))).toBe(42.5)
      const original = await sharp(kept).raw().toBuffer()
      expect(original.equals(picture.data)).toBe(true)
    } finally {
      await scorer.close()
    }
  })

  test('a picture with transparency counts as its worse half: on white and on black', async () => {
    const program = await standIn(
      `echo x >> ${folder}/calls\necho "Score: $((90 - $(wc -l < ${folder}/calls)))"`,
    )
    const scorer = await openScorer(program)
    const picture = fade(30, 20, [200, 30, 60])
    try {
      expect(await scorer.score(picture, await encode(picture, 'webp'))).toBe(88)
      const opaque = await sharp(picture.data, { raw: picture }).flatten().jpeg().toBuffer()
      expect(await scorer.score(picture, opaque)).toBe(87)
    } finally {
      await scorer.close()
    }
  })

  test('who has none is told how to install it', async () => {
    await expect(openScorer(join(folder, 'none'))).rejects.toThrow(/cargo install ssimulacra2_rs/)
  })
})

describe('the pictures', () => {
  test('of a folder come by name; what they are is seen from their pixels', async () => {
    await writeFile(join(folder, 'b.png'), await encode(photo(300, 200), 'png'))
    await writeFile(join(folder, 'a.png'), await encode(fade(300, 200, [1, 2, 3]), 'png'))
    await writeFile(join(folder, 'notes.txt'), 'no picture')
    const pictures = await findPictures(folder, 10)
    expect(pictures.map(({ name }) => name)).toEqual(['a.png', 'b.png'])
    const [, second] = await Promise.all(pictures.map((picture) => resize(picture, 800)))
    expect(second).toMatchObject({ kind: 'photo', pixels: { width: 300, height: 200, channels: 3 } })
  })

  test('a folder without pictures is named', async () => {
    await expect(findPictures(folder, 10)).rejects.toThrow(/there is no picture in it/)
  })
})

describe('the program', () => {
  const study = (args: readonly string[], scorer: string) =>
    run(process.execPath, ['--import', 'tsx', 'bench/quality/main.ts', ...args], {
      env: { ...process.env, SSIMULACRA2: scorer },
    })

  test('writes measurements, a table and a plot', async () => {
    const pictures = await mkdtemp(join(folder, 'pictures-'))
    await writeFile(join(pictures, 'a.png'), await encode(photo(120, 80), 'png'))
    const out = join(folder, 'out')
    const args = ['--pictures', pictures, '--out', out, '--widths', '64', '--series', 'JPEG mozjpeg']
    await study(args, await standIn('echo "Score: 70"'))
    expect((await readdir(out)).toSorted()).toEqual(['64.json', 'photo-64.md', 'photo-64.svg'])
    const table = await readFile(join(out, 'photo-64.md'), 'utf8')
    expect(table).toMatch(/^# Photographs, 64 wide, n = 1\n/)
    expect(table.match(/^\| JPEG mozjpeg \| \d+ \|/gm)).toHaveLength(5)
  })

  test('without a scorer it says so, and the exit code too', async () => {
    await expect(study([], join(folder, 'none'))).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^bench:quality: .*none cannot be run: install it/),
    })
  })
})
