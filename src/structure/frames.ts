/** How many frames a GIF has, up to `most`, by its blocks alone (GIF89a §15 to §27). */
export function countGifFrames(source: Uint8Array, most: number): number {
  let frames = 0
  for (const _ of frameEnds(source)) {
    frames += 1
    if (frames >= most) break
  }
  return frames
}

/** Whether a GIF ends amid a frame. Its decoder shows what there is of it on the frame before. */
export function endsAmidFrame(source: Uint8Array): boolean {
  for (const end of frameEnds(source)) if (end > source.length) return true
  return false
}

/** Where each frame of a GIF ends; beyond the end of the file where it breaks off. */
function* frameEnds(source: Uint8Array): Generator<number> {
  for (let at = 13 + colourBytes(source[10]); ; ) {
    const kind = source[at]
    if (kind === EXTENSION) {
      at = behindBlocks(source, at + 2)
    } else if (kind === IMAGE) {
      // Its place, its own colours, and the length of the first codes.
      at = behindBlocks(source, at + 11 + colourBytes(source[at + 9]))
      yield at
    } else {
      return
    }
  }
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
