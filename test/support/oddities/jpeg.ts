/** A baseline JPEG of flat 8×8 blocks: every value is exact, since a flat block is its DC coefficient alone. */
export interface JpegPlan {
  /** In blocks of 8×8 pixels. */
  readonly columns: number
  readonly rows: number
  /** The value of each component in a block, as stored: Y, YCbCr, RGB, CMYK or YCCK; 0 to 255. */
  readonly valuesAt: (column: number, row: number) => readonly number[]
  /** What Adobe's marker says: 0 nothing is transformed, 1 YCbCr, 2 YCCK. Without it there is no marker. */
  readonly adobe?: 0 | 1 | 2
  /** Segments that go before the picture. */
  readonly segments?: readonly Buffer[]
}

/** DC category codes of ITU T.81 table K.3: their lengths, and as many categories in order. */
const DC_BITS = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
const DC_LENGTHS = [2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9]

/** Writes the JPEG; its DC quantum is 8, so that a step of the coefficient is a step of the value. */
export function encodeFlatJpeg(plan: JpegPlan): Buffer {
  const components = plan.valuesAt(0, 0).length
  const sides = Buffer.alloc(6)
  sides.writeUInt8(8, 0)
  sides.writeUInt16BE(plan.rows * 8, 1)
  sides.writeUInt16BE(plan.columns * 8, 3)
  sides.writeUInt8(components, 5)
  const ids = Array.from({ length: components }, (_, index) => index + 1)
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...(plan.adobe === undefined ? [] : [adobeMarker(plan.adobe)]),
    ...(plan.segments ?? []),
    segment(0xdb, Buffer.from([0, ...Array.from({ length: 64 }, () => 8)])),
    segment(0xc0, Buffer.concat([sides, Buffer.from(ids.flatMap((id) => [id, 0x11, 0]))])),
    segment(0xc4, Buffer.from([0x00, ...DC_BITS, ...DC_LENGTHS.keys()])),
    // One AC code: the end of the block.
    segment(0xc4, Buffer.from([0x10, 1, ...Array.from({ length: 15 }, () => 0), 0])),
    segment(0xda, Buffer.from([components, ...ids.flatMap((id) => [id, 0]), 0, 63, 0])),
    scan(plan, components),
    Buffer.from([0xff, 0xd9]),
  ])
}

/** A segment with its marker and its length. */
export function segment(marker: number, data: Uint8Array): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(data.length + 2, 2)
  return Buffer.concat([head, data])
}

/** The segments of a JPEG that carry metadata. */
export const jpegSegments = {
  exif: (block: Uint8Array) => segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block])),
  xmp: (xml: string) => segment(0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xml}`)),
  iptc: (block: Uint8Array) =>
    segment(0xed, Buffer.concat([Buffer.from('Photoshop 3.0\0', 'latin1'), block])),
  profile: (icc: Uint8Array) =>
    segment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), icc])),
  comment: (text: string) => segment(0xfe, Buffer.from(text)),
}

/** Puts segments into a finished JPEG, right after its beginning. */
export function withSegments(jpeg: Uint8Array, segments: readonly Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}

function adobeMarker(transform: number): Buffer {
  return segment(
    0xee,
    Buffer.concat([Buffer.from('Adobe\0\x64\0\0\0\0', 'latin1'), Buffer.from([transform])]),
  )
}

function scan({ columns, rows, valuesAt }: JpegPlan, components: number): Buffer {
  const last = Array.from({ length: components }, () => 0)
  let bits = ''
  for (let block = 0; block < columns * rows; block += 1) {
    const values = valuesAt(block % columns, Math.floor(block / columns))
    values.forEach((value, component) => {
      const level = value - 128
      bits += differenceBits(level - (last[component] ?? 0))
      bits += '0'
      last[component] = level
    })
  }
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  const bytes = (padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  // A byte that reads as the beginning of a marker is followed by a zero.
  return Buffer.from(bytes.flatMap((byte) => (byte === 0xff ? [byte, 0] : [byte])))
}

/** The category of a difference and then its bits, those of negative ones less one (ITU T.81 §F.1.2.1). */
function differenceBits(difference: number): string {
  const category = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1
  const stored = difference < 0 ? difference + 2 ** category - 1 : difference
  return categoryCode(category) + (category === 0 ? '' : stored.toString(2).padStart(category, '0'))
}

/** The canonical Huffman code of a category: codes of one length count up, a longer one begins with twice the next. */
function categoryCode(category: number): string {
  let code = 0
  for (let index = 0; index < category; index += 1) {
    const [length = 0, next = 0] = [DC_LENGTHS[index], DC_LENGTHS[index + 1]]
    code = (code + 1) << (next - length)
  }
  return code.toString(2).padStart(DC_LENGTHS[category] ?? 0, '0')
}
