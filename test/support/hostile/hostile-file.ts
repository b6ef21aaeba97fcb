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
const LONG: Partial<ByFormat<readonly string[]>> = {}

/** Whether a bomb is left to the long form. */
export const isLong = (format: Format, name: string): boolean => LONG[format]?.includes(name) ?? false
