import { crc32, deflateSync } from 'node:zlib'

/** A PNG to be written sample by sample, so that every depth and colour type can be had. */
export interface PngPlan {
  readonly width: number
  readonly height: number
  readonly bitDepth: 1 | 2 | 4 | 8 | 16
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha (PNG §11.2.2). */
  readonly colourType: 0 | 2 | 3 | 4 | 6
  /** The samples of a pixel, each from 0 to what the depth holds. */
  readonly samplesAt: (x: number, y: number) => readonly number[]
  readonly interlaced?: boolean
  /** Whole chunks that go before the pixels: `PLTE`, `tRNS`, `iCCP`, `eXIf`, … */
  readonly chunks?: readonly Buffer[]
}

type PngGrid = Pick<PngPlan, 'width' | 'height' | 'bitDepth' | 'samplesAt'>

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** The seven passes of Adam7 (PNG §8.2): first column and row, then the steps between them. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** Writes a PNG without filters. */
export function encodePng(plan: PngPlan): Buffer {
  return pngFile(plan, [...(plan.chunks ?? []), pngChunk('IDAT', pngPixels(plan))])
}

/** A PNG of the given chunks, its header and its end added; the header may say what it likes. */
export function pngFile(plan: Omit<PngPlan, 'samplesAt'>, chunks: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(plan.width, 0)
  header.writeUInt32BE(plan.height, 4)
  header.set([plan.bitDepth, plan.colourType, 0, 0, plan.interlaced ? 1 : 0], 8)
  return Buffer.concat([SIGNATURE, pngChunk('IHDR', header), ...chunks, pngChunk('IEND', Buffer.alloc(0))])
}

/** One chunk with its length and its checksum. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** An `iCCP` chunk: a colour profile under a name. */
export const pngProfile = (profile: Uint8Array): Buffer =>
  pngChunk('iCCP', Buffer.concat([Buffer.from('profile\0\0', 'latin1'), deflateSync(profile)]))

/** A PNG whose frames are shown one after the other, each a tenth of a second; the first is the still picture. */
export function encodeApng(frames: readonly PngPlan[], plays: number): Buffer {
  const [first] = frames
  if (first === undefined) throw new RangeError('An animation has at least one frame')
  let sequence = 0
  const chunks = frames.flatMap((frame, index) => {
    const control = pngChunk('fcTL', frameControl(frame, sequence++))
    if (index === 0) return [control, pngChunk('IDAT', pngPixels(frame))]
    return [control, pngChunk('fdAT', Buffer.concat([uint32(sequence++), pngPixels(frame)]))]
  })
  const animation = pngChunk('acTL', Buffer.concat([uint32(frames.length), uint32(plays)]))
  return pngFile(first, [animation, ...chunks])
}

/** The compressed rows of a picture, pass by pass when it is interlaced. */
function pngPixels(plan: PngPlan): Buffer {
  const passes = plan.interlaced ? ADAM7 : [[0, 0, 1, 1] as const]
  return deflateSync(Buffer.concat(passes.flatMap((pass) => passRows(plan, pass))))
}

function passRows(plan: PngGrid, [left, top, stepX, stepY]: readonly [number, number, number, number]) {
  const width = Math.ceil((plan.width - left) / stepX)
  const height = Math.ceil((plan.height - top) / stepY)
  if (width <= 0 || height <= 0) return []
  return Array.from({ length: height }, (_, row) => {
    const samples = Array.from({ length: width }, (_, column) =>
      plan.samplesAt(left + column * stepX, top + row * stepY),
    ).flat()
    return packRow(samples, plan.bitDepth)
  })
}

/** A row after its filter byte; samples of less than a byte are packed from the high bits down. */
function packRow(samples: readonly number[], bitDepth: number): Buffer {
  const row = Buffer.alloc(1 + Math.ceil((samples.length * bitDepth) / 8))
  samples.forEach((sample, index) => {
    const at = 1 + Math.floor((index * bitDepth) / 8)
    if (bitDepth === 16) row.writeUInt16BE(sample, at)
    else row[at] = (row[at] ?? 0) | (sample << (8 - bitDepth - ((index * bitDepth) % 8)))
  })
  return row
}

/** `fcTL`: the whole canvas, replaced and not blended, for a tenth of a second. */
function frameControl({ width, height }: PngPlan, sequence: number): Buffer {
  const delay = Buffer.from([0, 1, 0, 10])
  return Buffer.concat([...[sequence, width, height, 0, 0].map(uint32), delay, Buffer.from([0, 0])])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
