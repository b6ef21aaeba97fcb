/** Formats that hostile files are made of: those that are decoded. */
export const FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff', 'svg'] as const
export type Format = (typeof FORMATS)[number]

/** A file that means no good, or a good one to be made so. */
export interface HostileFile {
  readonly name: string
  readonly bytes: Buffer
}

/** A hostile file by its name; made only when its turn comes, as some are large. */
export type Maker = readonly [name: string, make: () => Buffer | Promise<Buffer>]

/** Files of each format. */
export type ByFormat<T> = Readonly<Record<Format, T>>

/** Bombs that take seconds, each: they are for the long form. */
const LONG: Partial<ByFormat<readonly string[]>> = {
  jpeg: [
    'ten scans of a hundred megapixels',
    'a profile of sixteen megabytes',
    'a profile whose parts are all the first',
    'forty megabytes of XMP',
    'a million comments',
    'a million tables',
    'forty megabytes of fill bytes',
  ],
  png: [
    'a hundred megapixels of 8 bytes each',
    'pixels that go on for a gigabyte',
    'a hundred texts of eight megabytes',
    'forty megabytes of EXIF',
    'forty megabytes of XMP',
    'a million chunks that nobody knows',
    'a hundred thousand frames',
  ],
  webp: [
    'an animation on a canvas of a hundred megapixels',
    'a hundred frames on a canvas of a megapixel',
    'a million frames',
    'a profile of forty megabytes',
    'forty megabytes of EXIF',
    'forty megabytes of XMP',
    'a million chunks that nobody knows',
  ],
  gif: [
    'a frame of a hundred megapixels that are not there',
    'a hundred thousand frames of 900 pixels',
    'ten thousand frames of 10,000 pixels',
    'a million frames of one pixel',
    'a million comments',
    'a comment of forty megabytes',
  ],
  avif: ['a million boxes', 'forty megabytes of brands'],
  tiff: [
    'a hundred megapixels in one packed strip',
    'a hundred thousand strips that are one',
    'a million strips that are one',
    'a profile of forty megabytes',
    'forty megabytes of XMP',
  ],
  svg: [
    'use of use, ten levels deep',
    'patterns of patterns',
    'masks of masks',
    'markers on a hundred thousand points',
    'a million shapes',
    'a path of a million curves',
    'a text of ten megabytes',
    'ten thousand rules on ten thousand shapes',
    'a transform of ten thousand',
    'an attribute of ten megabytes',
    'a blur of a million',
    'a thousand blurs',
    'a morphology of a million',
    'ten wide morphologies on many pixels',
    'turbulence of a million octaves',
    'a matrix of a million',
    'light on many pixels, often',
    'a PNG of a gigapixel within',
    'a hundred PNGs of sixteen megapixels within',
  ],
}

/** Whether a bomb is left to the long form. */
export const isLong = (format: Format, name: string): boolean => LONG[format]?.includes(name) ?? false
