import type { Colour } from '../pictures.ts'

/** How a frame is cleared away before the next one: it stays, or its area becomes empty, or what was there before. */
export const DISPOSAL = { keep: 1, clear: 2, previous: 3 } as const

export interface GifFrame {
  readonly left?: number
  readonly top?: number
  readonly width: number
  readonly height: number
  /** Index into the palette, by the place in the frame. */
  readonly indexAt: (x: number, y: number) => number
  readonly delayMs?: number
  readonly disposal?: number
  /** The index that shows what lies beneath. */
  readonly transparent?: number
}

export interface GifPlan {
  readonly width: number
  readonly height: number
  readonly palette: readonly Colour[]
  readonly frames: readonly GifFrame[]
  /** Written as it stands: 0 is for ever, 3 is three times more. Without it nothing is said. */
  readonly loop?: number
  readonly comment?: string
}

/** Writes a GIF whose LZW codes never grow: as large as raw pixels, and readable by every decoder. */
export function encodeGif(plan: GifPlan): Buffer {
  const bits = Math.max(2, Math.ceil(Math.log2(plan.palette.length)))
  const head = Buffer.alloc(13)
  head.write('GIF89a', 'latin1')
  head.writeUInt16LE(plan.width, 6)
  head.writeUInt16LE(plan.height, 8)
  head[10] = 0x80 | (bits - 1)
  const colours = Buffer.alloc(3 * 2 ** bits)
  plan.palette.forEach((colour, index) => colours.set(colour, index * 3))
  return Buffer.concat([
    head,
    colours,
    ...(plan.loop === undefined ? [] : [loopExtension(plan.loop)]),
    ...(plan.comment === undefined ? [] : [Buffer.from([0x21, 0xfe]), blocks(Buffer.from(plan.comment))]),
    ...plan.frames.map((frame) => frameBytes(frame, bits)),
    Buffer.from([0x3b]),
  ])
}

function loopExtension(count: number): Buffer {
  const extension = Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0', 'latin1')
  extension.writeUInt16LE(count, 16)
  return extension
}

function frameBytes(frame: GifFrame, bits: number): Buffer {
  const control = Buffer.from([0x21, 0xf9, 4, (frame.disposal ?? 0) << 2, 0, 0, frame.transparent ?? 0, 0])
  if (frame.transparent !== undefined) control[3] = (control[3] ?? 0) | 1
  control.writeUInt16LE((frame.delayMs ?? 0) / 10, 4)
  const place = Buffer.alloc(10)
  place[0] = 0x2c
  ;[frame.left ?? 0, frame.top ?? 0, frame.width, frame.height].forEach((value, index) =>
    place.writeUInt16LE(value, 1 + index * 2),
  )
  return Buffer.concat([control, place, Buffer.from([bits]), blocks(packCodes(frame, bits))])
}

/** Codes of one length: the table is cleared before it would need a longer one. */
function packCodes(frame: GifFrame, bits: number): Buffer {
  const clear = 2 ** bits
  const codes = [clear]
  for (let at = 0; at < frame.width * frame.height; at += 1) {
    if (at > 0 && at % (clear - 2) === 0) codes.push(clear)
    codes.push(frame.indexAt(at % frame.width, Math.floor(at / frame.width)))
  }
  codes.push(clear + 1)
  const packed = Buffer.alloc(Math.ceil((codes.length * (bits + 1)) / 8))
  codes.forEach((code, index) => {
    for (let bit = 0; bit <= bits; bit += 1) {
      const at = index * (bits + 1) + bit
      if ((code >> bit) & 1) packed[at >> 3] = (packed[at >> 3] ?? 0) | (1 << (at & 7))
    }
  })
  return packed
}

/** Data in blocks of at most 255 bytes, ended by an empty one. */
function blocks(data: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < data.length; at += 255) {
    const part = data.subarray(at, at + 255)
    parts.push(Buffer.from([part.length]), part)
  }
  return Buffer.concat([...parts, Buffer.from([0])])
}
