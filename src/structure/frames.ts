/** How many frames a GIF has, up to `most`, by its blocks alone (GIF89a §15 to §27). */
export function countGifFrames(source: Uint8Array, most: number): number {
  let frames = 0
  for (let at = 13 + colourBytes(source[10]); frames < most; ) {
    const kind = source[at]
    if (kind === EXTENSION) {
      at = behindBlocks(source, at + 2)
    } else if (kind === IMAGE) {
      frames += 1
      // Its place, its own colours, and the length of the first codes.
      at = behindBlocks(source, at + 11 + colourBytes(source[at + 9]))
    } else {
      break
    }
  }
  return frames
}

/** How many frames an animated WebP has, up to `most`, by its chunks alone (RFC 9649 §2.7). */
export function countWebpFrames(source: Uint8Array, most: number): number {
  const file = Buffer.from(source.buffer, source.byteOffset, source.length)
  let frames = 0
  for (let at = 12; at + 8 <= file.length && frames < most; ) {
    if (file.readUInt32BE(at) === ANMF) frames += 1
    const bytes = file.readUInt32LE(at + 4)
    at += 8 + bytes + (bytes % 2)
  }
  return frames
}

const EXTENSION = 0x21
const IMAGE = 0x2c
const ANMF = 0x41_4e_4d_46

/** The bytes of a table of colours, by the flags that say whether there is one. */
const colourBytes = (flags = 0) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1))

/** What comes after blocks of data, the last of which is empty. */
function behindBlocks(source: Uint8Array, from: number): number {
  let at = from
  for (let bytes = source[at] ?? 0; bytes > 0; bytes = source[at] ?? 0) at += 1 + bytes
  return at + 1
}
