import readExif from 'exif-reader'
import type { Sharp } from 'sharp'

/** Who made a picture and whose it is, as EXIF has it. */
export interface Copyright {
  readonly Copyright?: string
  readonly Artist?: string
}

/** The two fields out of an EXIF block; nothing when there are none or the block cannot be read. */
export function readCopyright(exif: Buffer | undefined): Copyright {
  if (exif === undefined) return {}
  const image = parse(exif)
  return { ...text('Copyright', image?.Copyright), ...text('Artist', image?.Artist) }
}

/** Writes the two fields, and no other metadata. */
export function withCopyright(pipeline: Sharp, copyright: Copyright): Sharp {
  return Object.keys(copyright).length === 0 ? pipeline : pipeline.withExif({ IFD0: { ...copyright } })
}

function parse(exif: Buffer): { Copyright?: unknown; Artist?: unknown } | undefined {
  try {
    return readExif(exif).Image
  } catch {
    // Many cameras and editors write broken EXIF; the picture itself is as good as any.
    return undefined
  }
}

function text(name: keyof Copyright, value: unknown): Copyright {
  const plain = typeof value === 'string' ? value.replace(/\p{Cc}/gu, ' ').trim() : ''
  return plain === '' ? {} : { [name]: plain }
}
