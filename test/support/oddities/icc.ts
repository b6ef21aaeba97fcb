import { type ColourSpace, type Curve, profileColumns, toLight, type Vector } from './colour.ts'

/** The version of the ICC's format: 2 with gammas and tables, 4 with parametric curves. */
export type IccVersion = 2 | 4

/** The white of the ICC's connection space. */
const PCS_WHITE: Vector = [0.9642, 1, 0.8249]

/** A display profile of three primaries and one curve. */
export function rgbProfile(space: ColourSpace, version: IccVersion): Buffer {
  const columns = profileColumns(space)
  const curve = curveTag(space.curve, version)
  return profile('RGB ', version, [
    ...['rXYZ', 'gXYZ', 'bXYZ'].map((name, index) => [name, xyzTag(columns[index] ?? PCS_WHITE)] as const),
    ...['rTRC', 'gTRC', 'bTRC'].map((name) => [name, curve] as const),
  ])
}

/** A profile of one grey channel. */
export function greyProfile(curve: Curve, version: IccVersion): Buffer {
  return profile('GRAY', version, [['kTRC', curveTag(curve, version)]])
}

type Tag = readonly [name: string, data: Buffer]

/** ICC.1:2010 §7: a header of 128 bytes, a table of tags, their data on boundaries of four bytes. */
function profile(space: string, version: IccVersion, own: readonly Tag[]): Buffer {
  const text = version === 2 ? descriptionTag : unicodeTag
  const notice = version === 2 ? textTag : unicodeTag
  const tags: Tag[] = [
    ['desc', text('made for a test')],
    ['cprt', notice('no rights reserved')],
    ['wtpt', xyzTag(PCS_WHITE)],
    ...own,
  ]
  const table = Buffer.alloc(4 + tags.length * 12)
  table.writeUInt32BE(tags.length)
  let at = 128 + table.length
  const data = tags.map(([name, body], index) => {
    table.write(name, 4 + index * 12, 'latin1')
    table.writeUInt32BE(at, 8 + index * 12)
    table.writeUInt32BE(body.length, 12 + index * 12)
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
    at += padded.length
    return padded
  })
  const head = Buffer.alloc(128)
  head.writeUInt32BE(at)
  head.writeUInt32BE(version === 2 ? 0x02400000 : 0x04300000, 8)
  head.write(`mntr${space}XYZ `, 12, 'latin1')
  head.set([0x07, 0xea, 0, 11, 0, 22], 24)
  head.write('acsp', 36, 'latin1')
  xyzNumbers(PCS_WHITE).copy(head, 68)
  return Buffer.concat([head, table, ...data])
}

const tag = (type: string, data: Uint8Array) =>
  Buffer.concat([Buffer.from(`${type}\0\0\0\0`, 'latin1'), data])

/** Signed numbers with 16 bits behind the point. */
function fixed(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeInt32BE(Math.round(value * 65_536), index * 4))
  return bytes
}

const xyzNumbers = (value: Vector) => fixed(...value)
const xyzTag = (value: Vector) => tag('XYZ ', xyzNumbers(value))
const textTag = (text: string) => tag('text', Buffer.from(`${text}\0`, 'latin1'))

/** Version 2: the text in ASCII, and room for two other alphabets, both empty. */
function descriptionTag(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length + 1)
  return tag('desc', Buffer.concat([length, Buffer.from(`${text}\0`, 'latin1'), Buffer.alloc(78)]))
}

/** Version 4: one text, in English, as UTF-16. */
function unicodeTag(text: string): Buffer {
  const utf16 = Buffer.from(text, 'utf16le').swap16()
  const head = Buffer.from('\0\0\0\x01\0\0\0\x0cenUS\0\0\0\0\0\0\0\x1c', 'latin1')
  head.writeUInt32BE(utf16.length, 12)
  return tag('mluc', Buffer.concat([head, utf16]))
}

function curveTag(curve: Curve, version: IccVersion): Buffer {
  if (version === 4) {
    // Functions 0 and 3 of ICC.1:2010 §10.16: a power; a power that begins with a line.
    const [kind, numbers] =
      curve === 'srgb'
        ? [3, fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)]
        : [0, fixed(curve.gamma)]
    return tag('para', Buffer.concat([Buffer.from([0, kind, 0, 0]), numbers]))
  }
  const entries = curve === 'srgb' ? 1024 : 1
  const data = Buffer.alloc(4 + entries * 2)
  data.writeUInt32BE(entries)
  for (let index = 0; index < entries; index += 1) {
    // One entry alone is a gamma with eight bits behind the point; several are samples of the curve.
    const value = curve === 'srgb' ? 65_535 * toLight(index / (entries - 1), curve) : 256 * curve.gamma
    data.writeUInt16BE(Math.round(value), 4 + index * 2)
  }
  return tag('curv', data)
}
