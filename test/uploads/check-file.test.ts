import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FileFormat, Kind } from '../../src/media/kinds.ts'
import { FILE_TYPES } from '../../src/media/kinds.ts'
import { checkFile, type FileChecks } from '../../src/uploads/check-file.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, encodeWithGps, photo, pngBomb, truncated } from '../support/pictures.ts'
import { KINDS } from '../support/uploads.ts'

const files: Record<'jpeg' | 'png' | 'webp' | 'avif' | 'gif', Buffer> = {
  jpeg: Buffer.alloc(0),
  png: Buffer.alloc(0),
  webp: Buffer.alloc(0),
  avif: Buffer.alloc(0),
  gif: Buffer.alloc(0),
}
const PDF = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n')
const HEIC = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from('ftypheic\0\0\0\0mif1heic', 'latin1'),
  Buffer.alloc(64),
])
const JPEG_XL = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.alloc(64)])
/** The end of an archive with nothing in it. */
const ZIP = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)])

const pool = createTestPool()
afterAll(() => pool.close(0))

beforeAll(async () => {
  const picture = photo(64, 48)
  files.jpeg = await encode(picture, 'jpg')
  files.png = await encode(picture, 'png')
  files.webp = await encode(picture, 'webp')
  files.avif = await encode(picture, 'avif')
  files.gif = await encode(picture, 'gif')
})

interface Choice {
  readonly kind?: Kind
  readonly declared?: FileFormat
  readonly bytes?: number
  readonly sha256?: string
  readonly scanner?: FileChecks['scanner']
}

/** Checks a file as one of an item's photos that was announced rightly, unless something else is chosen. */
async function check(file: Buffer, choice: Choice = {}) {
  const { kind = 'item-photo', declared = 'jpeg', sha256, scanner } = choice
  const request = {
    contentType: FILE_TYPES[declared].contentType,
    bytes: choice.bytes ?? file.length,
    sha256,
  }
  return checkFile({ bytes: file, request, rules: KINDS[kind] }, { renderer: pool, scanner })
}

describe('what is taken', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'gif'] as const)('a picture: %s', async (format) => {
    expect(await check(files[format], { declared: format })).toMatchObject({
      width: 64,
      height: 48,
      placeholder: expect.stringMatching(/^[A-Za-z0-9+/]{8,}=*$/),
      dominantColour: expect.stringMatching(/^#[0-9a-f]{6}$/),
    })
  })

  it('requirements: Pictures – EXIF is read for the record, but not where the photo was taken', async () => {
    const file = await encodeWithGps(photo(64, 48), 'Rue Secrete 17')
    expect(file.includes('Rue Secrete 17')).toBe(true)
    const notes = await check(file)
    expect(notes?.width).toBe(64)
    expect(JSON.stringify(notes)).not.toMatch(/gps|latitude|secrete/i)
    const { shot } =
      (await check(
        await sharp(file)
          .withExif({ IFD0: { Make: 'Brass' } })
          .jpeg()
          .toBuffer(),
      )) ?? {}
    expect(shot).toEqual({ make: 'Brass' })
  })

  it('a PDF as a document, by its first bytes alone', async () => {
    expect(await check(PDF, { kind: 'verification-document', declared: 'pdf' })).toBeUndefined()
  })

  it('a photo with another one behind it, as phones write them', async () => {
    expect(await check(Buffer.concat([files.jpeg, files.jpeg]))).toMatchObject({ width: 64 })
  })

  it('requirements: Pictures – 16 megapixels and a side of 8192 at most', async () => {
    const flat = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#123456' } })
        .png()
        .toBuffer()
    const declared = { declared: 'png' } as const
    expect(await check(await flat(4000, 4000), declared)).toMatchObject({ width: 4000, height: 4000 })
    expect(await check(await flat(8192, 8), declared)).toMatchObject({ width: 8192 })
    await expect(check(await flat(4001, 4000), declared)).rejects.toMatchObject({ code: 'upload_refused' })
    await expect(check(await flat(8193, 8), declared)).rejects.toMatchObject({ code: 'upload_refused' })
  })
})

describe('what is refused, and told why', () => {
  it.each([
    ['nothing', () => Buffer.alloc(0), {}, 'upload_refused', 'empty'],
    ['a byte more than announced', () => files.jpeg, { bytes: 10 }, 'upload_refused', 'announced with 10'],
    ['another checksum', () => files.jpeg, { sha256: 'ab'.repeat(32) }, 'upload_refused', 'SHA-256'],
    ['a PNG said to be a JPEG', () => files.png, {}, 'upload_type_refused', 'announced as image/jpeg'],
    ['a PDF said to be a JPEG', () => PDF, {}, 'upload_type_refused', 'The file is PDF; JPEG, PNG'],
    [
      'a page said to be a JPEG',
      () => Buffer.from('<!doctype html><p>hello'),
      {},
      'upload_type_refused',
      'HTML',
    ],
    [
      'a drawing',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      {},
      'upload_type_refused',
      'SVG',
    ],
    ['a HEIC said to be a JPEG', () => HEIC, {}, 'upload_type_refused', 'Most Compatible'],
    ['a JPEG XL', () => JPEG_XL, {}, 'upload_type_refused', 'export it as JPEG'],
    ['half a photo', () => truncated(files.jpeg), {}, 'upload_refused', 'broken or truncated'],
    ['a bomb', () => pngBomb(30_000, 30_000), { declared: 'png' }, 'upload_refused', '30000×30000'],
    [
      'a GIF as a document',
      () => files.gif,
      { kind: 'verification-document', declared: 'gif' },
      'upload_type_refused',
      'JPEG, PNG and PDF',
    ],
    [
      'a photo as a PDF',
      () => files.jpeg,
      { kind: 'verification-document', declared: 'pdf' },
      'upload_type_refused',
      'application/pdf',
    ],
  ] as const)('%s', async (...[, file, choice, code, words]) => {
    await expect(check(file(), choice)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    })
  })

  it('nothing of a file whose checksum is right', async () => {
    const sha256 = createHash('sha256').update(files.jpeg).digest('hex')
    expect(await check(files.jpeg, { sha256 })).toMatchObject({ width: 64 })
  })
})

describe('polyglots: a picture that reads as something else, too', () => {
  const behind = (tail: string | Buffer) => () => Buffer.concat([files.jpeg, Buffer.from(tail)])
  /** A comment right behind the start of the picture. */
  const inside = (text: string) => () => {
    const head = Buffer.from([0xff, 0xfe, 0, text.length + 2])
    return Buffer.concat([files.jpeg.subarray(0, 2), head, Buffer.from(text), files.jpeg.subarray(2)])
  }

  it.each([
    ['an archive behind it', behind(ZIP), 'ZIP'],
    [
      'an archive with a comment',
      behind(Buffer.concat([ZIP.subarray(0, 20), Buffer.from('\x04\0note')])),
      'ZIP',
    ],
    ['an archive and some bytes more', behind(Buffer.concat([ZIP, Buffer.alloc(100)])), 'ZIP'],
    ['a PDF behind it', behind(PDF), 'PDF'],
    ['a PDF in a comment', inside('%PDF-1.4\n'), 'PDF'],
    ['a page behind it', behind('<HTML><body>'), 'web page'],
    ['a page in a comment', inside('<!DOCTYPE html><script>alert(1)</script>'), 'web page'],
    ['a script', inside('<script src=//x>'), 'script'],
    ['a script for a server', behind('<?php system($_GET[0]);'), 'script'],
  ])('%s is refused', async (_, file, words) => {
    await expect(check(file())).rejects.toMatchObject({
      code: 'upload_refused',
      message: expect.stringContaining(words),
    })
  })

  it.each([
    ['letters that begin like an archive', behind('PK\x05\x06 and no directory at all, of 9 disks')],
    ['a mark cut short', behind('%PDF')],
    ['XMP', inside('<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>')],
  ])('%s is none', async (_, file) => {
    expect(await check(file())).toMatchObject({ width: 64 })
  })
})

describe('requirements: Safety – a virus scan before anything is kept', () => {
  it('sees the whole file, and what it finds is told', async () => {
    const seen: number[] = []
    const scan = async (body: unknown) => {
      if (Buffer.isBuffer(body)) seen.push(body.length)
      return { found: 'Eicar-Signature' }
    }
    await expect(check(files.jpeg, { scanner: { scan } })).rejects.toMatchObject({
      code: 'upload_infected',
      message: expect.stringContaining('Eicar-Signature'),
    })
    expect(seen).toEqual([files.jpeg.length])
  })

  it('refuses documents, too, and takes what is clean', async () => {
    const document = { kind: 'verification-document', declared: 'pdf' } as const
    await expect(
      check(PDF, { ...document, scanner: { scan: async () => ({ found: 'X' }) } }),
    ).rejects.toMatchObject({ code: 'upload_infected' })
    expect(await check(PDF, { ...document, scanner: { scan: async () => 'clean' } })).toBeUndefined()
  })
})
