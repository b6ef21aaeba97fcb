/** What a WebP can carry beside its pixels. */
export interface WebpExtras {
  readonly profile?: Uint8Array
  readonly exif?: Uint8Array
  readonly xmp?: string
}

/** Puts a profile, EXIF and XMP into a still WebP of the simple layout; `VP8X` says that they are there. */
export function withWebpExtras(webp: Uint8Array, { profile, exif, xmp }: WebpExtras): Buffer {
  const file = Buffer.from(webp)
  const pixels = file.subarray(12)
  const kind = pixels.toString('latin1', 0, 4)
  if (kind !== 'VP8 ' && kind !== 'VP8L') throw new RangeError(`A simple WebP does not begin with ${kind}`)
  const { width, height, alpha } = kind === 'VP8 ' ? lossySides(pixels) : losslessSides(pixels)
  const flags = (profile ? 0x20 : 0) | (alpha ? 0x10 : 0) | (exif ? 0x08 : 0) | (xmp ? 0x04 : 0)
  const head = Buffer.alloc(10)
  head.writeUInt8(flags, 0)
  head.writeUIntLE(width - 1, 4, 3)
  head.writeUIntLE(height - 1, 7, 3)
  return riff([
    webpChunk('VP8X', head),
    ...(profile ? [webpChunk('ICCP', profile)] : []),
    pixels,
    ...(exif ? [webpChunk('EXIF', exif)] : []),
    ...(xmp ? [webpChunk('XMP ', Buffer.from(xmp))] : []),
  ])
}

/** The container around chunks. */
export function riff(chunks: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...chunks])
  const head = Buffer.from('RIFF\0\0\0\0', 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

/** One chunk, padded to an even length. */
export function webpChunk(type: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
}

/** RFC 6386 §9.1: two sides of 14 bits after the frame's start code. */
function lossySides(chunk: Buffer) {
  const [width, height] = [chunk.readUInt16LE(14) & 0x3fff, chunk.readUInt16LE(16) & 0x3fff]
  return { width, height, alpha: false }
}

/** WebP lossless bitstream §3: a signature byte, two sides of 14 bits less one, the alpha flag. */
function losslessSides(chunk: Buffer) {
  const bits = chunk.readUInt32LE(9)
  return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, alpha: ((bits >> 28) & 1) === 1 }
}
