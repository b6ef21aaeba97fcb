import readExif from 'exif-reader'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Edits } from '../../src/transform/edits.ts'
import type { OutputFormat } from '../../src/transform/spec.ts'
import type { RenderingSettings } from '../../src/transform/rendering-settings.ts'
import { photo, pipelineOf } from '../support/pictures.ts'
import { render } from './rendering.ts'

/** A photograph that says all that a camera can say, and lies on its side. */
const SOURCE = pipelineOf(photo(60, 40))
  .withMetadata({ orientation: 6 })
  .withExifMerge({
    IFD0: { Make: 'Canon', Model: 'R5 (II) ()', Copyright: '© Ana', Artist: 'Ana', Software: 'GIMP' },
    IFD2: {
      ExposureTime: '1/3200',
      FNumber: '28/10',
      ISOSpeedRatings: '200/1',
      ExposureBiasValue: '-1/3',
      DateTimeOriginal: '2020:01:02 03:04:05',
      LensModel: 'RF 50',
      LensSpecification: '24/1 70/1 28/10 28/10',
      MakerNote: 'Secret-Maker',
    },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 12/1', GPSAreaInformation: 'Rue-Secrete-17' },
  })
  .jpeg()
  .toBuffer()

async function exifAfter(
  edits: Edits,
  { format = 'jpg', settings = {} }: { format?: OutputFormat; settings?: Partial<RenderingSettings> } = {},
) {
  const { bytes } = await render(await SOURCE, { fit: 'original', edits, format }, { settings })
  const { exif, orientation, width, height } = await sharp(bytes).metadata()
  return { file: Buffer.from(bytes), exif: exif && readExif(exif), orientation, sides: [width, height] }
}

describe('metadata of a JPEG', () => {
  it('kept: all that is still true, but no place, no notes of the maker', async () => {
    const { exif, file } = await exifAfter({ metadata: 'keep' })
    expect(exif?.Image).toMatchObject({ Make: 'Canon', Model: 'R5 (II)', Artist: 'Ana', Software: 'GIMP' })
    expect(exif?.Photo).toMatchObject({
      ISOSpeedRatings: 200,
      LensModel: 'RF 50',
      DateTimeOriginal: new Date('2020-01-02T03:04:05Z'),
    })
    expect(exif?.Photo?.ExposureTime).toBeCloseTo(1 / 3200, 8)
    expect(exif?.Photo?.FNumber).toBeCloseTo(2.8, 6)
    expect(exif?.Photo?.ExposureBiasValue).toBeCloseTo(-1 / 3, 4)
    expect(exif?.Photo?.LensSpecification).toEqual([24, 70, 2.8, 2.8])
    expect(exif?.GPSInfo).toBeUndefined()
    for (const secret of ['Rue-Secrete-17', 'Secret-Maker']) expect(file.includes(secret)).toBe(false)
  })

  it('kept: it is turned once, not again by who shows it', async () => {
    const { orientation, sides } = await exifAfter({ metadata: 'keep' })
    expect([orientation ?? 1, sides]).toEqual([1, [40, 60]])
  })

  it('kept: where it was taken, too, where the operator says so', async () => {
    const settings = { keepsGps: true }
    const { exif } = await exifAfter({ metadata: 'keep' }, { settings })
    expect(exif?.GPSInfo).toMatchObject({ GPSLatitudeRef: 'N', GPSLatitude: [52, 31, 12] })
    expect(exif?.Image?.Make).toBe('Canon')
    for (const edits of [{ metadata: 'copyright' }, {}] as const)
      expect((await exifAfter(edits, { settings })).file.includes('Rue-Secrete-17')).toBe(false)
    expect((await exifAfter({ metadata: 'copyright' }, { settings })).exif?.GPSInfo).toBeUndefined()
  })

  it.each([
    [0, 12.3],
    [1, undefined],
  ])('kept: of altitudes those above the sea; GPSAltitudeRef %i is %j', async (ref, altitude) => {
    const source = await pipelineOf(photo(20, 20))
      .withExif({ IFD3: { GPSAltitudeRef: '0', GPSAltitude: '123/10', GPSLatitudeRef: 'S' } })
      .jpeg()
      .toBuffer()
    // Tag 5, one byte, as its little-endian directory has it.
    const at = source.indexOf(Buffer.from([5, 0, 1, 0, 1, 0, 0, 0]))
    expect(at).toBeGreaterThan(0)
    source[at + 8] = ref
    const spec = { fit: 'original', edits: { metadata: 'keep' }, format: 'jpg' } as const
    const { bytes } = await render(source, spec, { settings: { keepsGps: true } })
    const { exif } = await sharp(bytes).metadata()
    const { GPSAltitude, GPSLatitudeRef } = (exif && readExif(exif).GPSInfo) ?? {}
    expect([GPSAltitude, GPSLatitudeRef]).toEqual([altitude, 'S'])
  })

  it.each(['Ana (studio)', 'Ana (a) (b)', '(c) Ana', 'Ana ()', 'Ana'])(
    'copyright: %s is kept whole',
    async (note) => {
      // What writes it cuts off the last brackets.
      const source = await pipelineOf(photo(20, 20))
        .withExif({ IFD0: { Copyright: `${note} ()`, Artist: `${note} ()` } })
        .jpeg()
        .toBuffer()
      const { bytes } = await render(source, {
        fit: 'original',
        edits: { metadata: 'copyright' },
        format: 'jpg',
      })
      const { exif } = await sharp(bytes).metadata()
      expect(exif && readExif(exif).Image).toMatchObject({ Copyright: note, Artist: note })
    },
  )

  it('copyright: whose it is, and nothing else', async () => {
    const { exif, file } = await exifAfter({ metadata: 'copyright' })
    expect(exif?.Image).toMatchObject({ Artist: 'Ana' })
    expect(exif?.Image?.Make).toBeUndefined()
    expect(file.includes('Rue-Secrete-17')).toBe(false)
  })

  it('none: not even where the operator keeps the copyright', async () => {
    const settings = { keepsCopyright: true }
    expect((await exifAfter({ metadata: 'none' }, { settings })).exif).toBeUndefined()
    expect((await exifAfter({}, { settings })).exif?.Image?.Artist).toBe('Ana')
    expect((await exifAfter({})).exif).toBeUndefined()
  })

  it('is as asked for also where the picture is edited', async () => {
    const { exif } = await exifAfter({ metadata: 'keep', brightness: 2, rotate: 90 })
    expect(exif?.Image?.Make).toBe('Canon')
  })

  it.each(['webp', 'avif', 'png'] as const)('is nothing that a %s can be asked for', async (format) => {
    expect((await exifAfter({ metadata: 'keep' }, { format })).exif).toBeUndefined()
  })

  it('is left out where it cannot be read', async () => {
    const plain = await pipelineOf(photo(20, 20)).jpeg().toBuffer()
    const { bytes } = await render(plain, { fit: 'original', edits: { metadata: 'keep' }, format: 'jpg' })
    expect((await sharp(bytes).metadata()).exif).toBeUndefined()
  })
})
