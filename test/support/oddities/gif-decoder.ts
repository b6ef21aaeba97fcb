import type { RawPicture } from '../pictures.ts'
import { DISPOSAL } from './gif.ts'

/** A GIF as it is seen, decoded without any library: what ours wrote is read by something else. */
export interface DecodedGif {
  readonly width: number
  readonly height: number
  /** As written: 0 is for ever; nothing where the file says nothing. */
  readonly loop: number | undefined
  /** Whole canvases with alpha, each as it stands on the screen. */
  readonly frames: readonly RawPicture[]
  readonly delaysMs: readonly number[]
}

interface Control {
  readonly disposal: number
  readonly delayMs: number
  readonly transparent: number | undefined
}

interface Frame extends Control {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly interlaced: boolean
  readonly palette: Uint8Array
  readonly indices: Uint8Array
}

const NO_CONTROL: Control = { disposal: 0, delayMs: 0, transparent: undefined }

/** Decodes all frames (GIF89a); throws where the file is not a whole GIF. */
export function decodeGif(file: Uint8Array): DecodedGif {
  const { width, height, loop, frames } = readGif(Buffer.from(file))
  return {
    width,
    height,
    loop,
    frames: compose(width, height, frames),
    delaysMs: frames.map((f) => f.delayMs),
  }
}

function readGif(file: Buffer) {
  if (!/^GIF8[79]a/.test(file.toString('latin1', 0, 6))) throw new Error('Not a GIF')
  const flags = file.readUInt8(10)
  const globalPalette = file.subarray(13, 13 + paletteBytes(flags))
  const frames: Frame[] = []
  let loop: number | undefined
  let control = NO_CONTROL
  let at = 13 + globalPalette.length
  for (;;) {
    const kind = file.readUInt8(at)
    if (kind === 0x3b) break
    if (kind === 0x2c) {
      const { frame, end } = readFrame(file, at, control, globalPalette)
      frames.push(frame)
      control = NO_CONTROL
      at = end
      continue
    }
    if (kind !== 0x21) throw new Error(`No GIF block begins with ${kind}`)
    const { data, end } = readBlocks(file, at + 2)
    const label = file.readUInt8(at + 1)
    if (label === 0xf9) control = readControl(data)
    if (label === 0xff && data.toString('latin1', 0, 11) === 'NETSCAPE2.0') loop = data.readUInt16LE(12)
    at = end
  }
  return { width: file.readUInt16LE(6), height: file.readUInt16LE(8), loop, frames }
}

function readControl(data: Buffer): Control {
  const flags = data.readUInt8(0)
  return {
    disposal: (flags >> 2) & 7,
    delayMs: data.readUInt16LE(1) * 10,
    transparent: flags & 1 ? data.readUInt8(3) : undefined,
  }
}

function readFrame(file: Buffer, at: number, control: Control, globalPalette: Buffer) {
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => file.readUInt16LE(at + offset))
  if (left === undefined || top === undefined || !width || !height) throw new Error('A frame without size')
  const flags = file.readUInt8(at + 9)
  const own = file.subarray(at + 10, at + 10 + paletteBytes(flags))
  const codeSize = file.readUInt8(at + 10 + own.length)
  const { data, end } = readBlocks(file, at + 11 + own.length)
  const indices = unpack(data, codeSize, width * height)
  const palette = own.length > 0 ? own : globalPalette
  const frame = { ...control, left, top, width, height, interlaced: (flags & 0x40) !== 0, palette, indices }
  return { frame, end }
}

const paletteBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)

function readBlocks(file: Buffer, from: number) {
  const parts: Buffer[] = []
  let at = from
  for (let size = file.readUInt8(at); size > 0; size = file.readUInt8(at)) {
    parts.push(file.subarray(at + 1, at + 1 + size))
    at += 1 + size
  }
  return { data: Buffer.concat(parts), end: at + 1 }
}

/** LZW with codes of growing length, lowest bit first (GIF89a appendix F). */
function unpack(data: Buffer, codeSize: number, wanted: number): Uint8Array {
  const clear = 2 ** codeSize
  const roots = Array.from({ length: clear + 2 }, (_, index) => (index < clear ? [index] : []))
  const out: number[] = []
  let table: (readonly number[])[] = [...roots]
  let length = codeSize + 1
  let last: readonly number[] | undefined
  for (let bit = 0; out.length < wanted; ) {
    const code = readBits(data, bit, length)
    bit += length
    if (code === clear + 1) break
    if (code === clear) {
      table = [...roots]
      length = codeSize + 1
      last = undefined
      continue
    }
    const known = table[code] ?? (last && [...last, last[0] ?? 0])
    if (known === undefined || code > table.length) throw new Error(`Code ${code} is not in the table`)
    out.push(...known)
    if (last !== undefined && table.length < 4096) table.push([...last, known[0] ?? 0])
    last = known
    if (table.length === 2 ** length && length < 12) length += 1
  }
  if (out.length < wanted) throw new Error(`${out.length} pixels of ${wanted}`)
  return Uint8Array.from(out.slice(0, wanted))
}

function readBits(data: Buffer, from: number, length: number): number {
  let value = 0
  for (let bit = 0; bit < length; bit += 1) {
    const at = from + bit
    value |= ((data.readUInt8(at >> 3) >> (at & 7)) & 1) << bit
  }
  return value
}

function compose(width: number, height: number, frames: readonly Frame[]): RawPicture[] {
  let canvas: Uint8Array = new Uint8Array(width * height * 4)
  return frames.map((frame) => {
    const before = canvas.slice()
    forEachPixel(frame, width, (at, index) => {
      if (index !== frame.transparent) {
        canvas.set([...frame.palette.subarray(index * 3, index * 3 + 3), 255], at * 4)
      }
    })
    const shown = { data: canvas.slice(), width, height, channels: 4 as const }
    if (frame.disposal === DISPOSAL.previous) canvas = before
    if (frame.disposal === DISPOSAL.clear) {
      forEachPixel(frame, width, (at) => canvas.fill(0, at * 4, at * 4 + 4))
    }
    return shown
  })
}

/** The rows of an interlaced frame (GIF89a appendix E): first row and step of each pass. */
const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const

function forEachPixel(
  { left, top, width, height, interlaced, indices }: Frame,
  canvasWidth: number,
  visit: (at: number, index: number) => void,
): void {
  const inOrder = Array.from({ length: height }, (_, row) => row)
  const rows = interlaced
    ? PASSES.flatMap(([first, step]) => inOrder.filter((row) => row >= first && (row - first) % step === 0))
    : inOrder
  rows.forEach((row, stored) => {
    for (let x = 0; x < width; x += 1) {
      visit((top + row) * canvasWidth + left + x, indices[stored * width + x] ?? 0)
    }
  })
}
