/** One entry of a TIFF directory: its tag, its type and its values as they are stored. */
export interface Entry {
  readonly tag: number
  readonly type: 'byte' | 'ascii' | 'short' | 'long' | 'rational' | 'undefined'
  /** Numbers, text, bytes, or an offset that is known only when the file is laid out. */
  readonly value: readonly number[] | string | Uint8Array
}

const TYPES = { byte: 1, ascii: 2, short: 3, long: 4, rational: 5, undefined: 7 } as const
const SIZES = { byte: 1, ascii: 1, short: 2, long: 4, rational: 8, undefined: 1 } as const

/** Bytes of a TIFF directory at an offset of its file, with all that its entries point to behind it (TIFF 6.0 §2). */
export function directory(offset: number, entries: readonly Entry[], next = 0): Buffer {
  const sorted = entries.toSorted((one, other) => one.tag - other.tag)
  const head = Buffer.alloc(2 + sorted.length * 12 + 4)
  head.writeUInt16LE(sorted.length)
  head.writeUInt32LE(next, head.length - 4)
  const tail: Buffer[] = []
  let tailAt = offset + head.length
  sorted.forEach((entry, index) => {
    const at = 2 + index * 12
    const data = valueBytes(entry)
    head.writeUInt16LE(entry.tag, at)
    head.writeUInt16LE(TYPES[entry.type], at + 2)
    head.writeUInt32LE(data.length / SIZES[entry.type], at + 4)
    if (data.length <= 4) return void data.copy(head, at + 8)
    head.writeUInt32LE(tailAt, at + 8)
    // Values begin on a word boundary.
    const padded = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)])
    tail.push(padded)
    tailAt += padded.length
  })
  return Buffer.concat([head, ...tail])
}

function valueBytes({ type, value }: Entry): Buffer {
  if (typeof value === 'string') return Buffer.from(`${value}\0`, 'latin1')
  if (value instanceof Uint8Array) return Buffer.from(value)
  const size = type === 'rational' ? 4 : SIZES[type]
  const bytes = Buffer.alloc(value.length * size)
  value.forEach((number, index) => bytes.writeUIntLE(number, index * size, size))
  return bytes
}

/** The word that every text field of `secretExif`, `secretXmp` and `secretIptc` holds. */
export const SECRET = 'Rue-Secrete-17'

/** Degrees, minutes and hundredths of seconds as EXIF stores them: recognisable as bytes. */
const LATITUDE = [52, 1, 31, 1, 1234, 100]
const LONGITUDE = [13, 1, 24, 1, 5678, 100]

/** The bytes of a coordinate, to look for in what was made of the picture. */
export const LATITUDE_BYTES = valueBytes({ tag: 2, type: 'rational', value: LATITUDE })

/** Where the picture was taken (EXIF 2.3 §4.6.6). */
export const gpsEntries: readonly Entry[] = [
  { tag: 0, type: 'byte', value: [2, 3, 0, 0] },
  { tag: 1, type: 'ascii', value: 'N' },
  { tag: 2, type: 'rational', value: LATITUDE },
  { tag: 3, type: 'ascii', value: 'E' },
  { tag: 4, type: 'rational', value: LONGITUDE },
  { tag: 0x1c, type: 'undefined', value: Buffer.from(`ASCII\0\0\0${SECRET}`, 'latin1') },
]

/** An EXIF block (a TIFF file without picture) that says nothing but how the picture is turned. */
export function orientationExif(orientation: number): Buffer {
  return exifBlock([{ tag: 0x112, type: 'short', value: [orientation] }])
}

/** An EXIF block with all that nobody should learn: who, with what, where, and a thumbnail of the uncropped picture. */
export function secretExif(thumbnail: Uint8Array, orientation = 1, make = SECRET): Buffer {
  const main: Entry[] = [
    { tag: 0x10e, type: 'ascii', value: SECRET },
    { tag: 0x10f, type: 'ascii', value: make },
    { tag: 0x112, type: 'short', value: [orientation] },
    { tag: 0x13b, type: 'ascii', value: SECRET },
    { tag: 0x8298, type: 'ascii', value: `Copyright ${SECRET}` },
  ]
  return exifBlock(main, thumbnail)
}

function exifBlock(main: readonly Entry[], thumbnail?: Uint8Array): Buffer {
  const head = Buffer.from('II*\0\x08\0\0\0', 'latin1')
  if (thumbnail === undefined) return Buffer.concat([head, directory(8, main)])
  const withGps = (at: number): Entry[] => [...main, { tag: 0x8825, type: 'long', value: [at] }]
  const gpsAt = 8 + directory(8, withGps(0)).length
  const gps = directory(gpsAt, gpsEntries)
  const secondAt = gpsAt + gps.length
  const second = (at: number) =>
    directory(secondAt, [
      { tag: 0x103, type: 'short', value: [6] },
      { tag: 0x201, type: 'long', value: [at] },
      { tag: 0x202, type: 'long', value: [thumbnail.length] },
    ])
  const thumbnailAt = secondAt + second(0).length
  return Buffer.concat([head, directory(8, withGps(gpsAt), secondAt), gps, second(thumbnailAt), thumbnail])
}

/** XMP that says where, and by whom. */
export const secretXmp = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" exif:GPSLatitude="52,31.1234N" exif:GPSLongitude="13,24.5678E"><dc:creator>${SECRET}</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

/** The body of an IPTC record: by-line and city (IPTC-IIM 4.2 §6). */
export function secretIptc(): Buffer {
  const dataset = (number: number) => {
    const head = Buffer.from([0x1c, 2, number, 0, SECRET.length])
    return Buffer.concat([head, Buffer.from(SECRET, 'latin1')])
  }
  return Buffer.concat([dataset(80), dataset(90)])
}

/** IPTC in the resource block of Photoshop, as JPEG and TIFF carry it. */
export function photoshopBlock(): Buffer {
  const record = secretIptc()
  const head = Buffer.from('8BIM\x04\x04\0\0\0\0\0\0', 'latin1')
  head.writeUInt32BE(record.length, 8)
  const padded = record.length % 2 === 0 ? record : Buffer.concat([record, Buffer.alloc(1)])
  return Buffer.concat([head, padded])
}

/** Where each corner of a stored picture is seen after turning: top left, top right, bottom left, bottom right (EXIF 2.3 §4.6.4). */
export const TURNED = {
  1: ['topLeft', 'topRight', 'bottomLeft', 'bottomRight'],
  2: ['topRight', 'topLeft', 'bottomRight', 'bottomLeft'],
  3: ['bottomRight', 'bottomLeft', 'topRight', 'topLeft'],
  4: ['bottomLeft', 'bottomRight', 'topLeft', 'topRight'],
  5: ['topLeft', 'bottomLeft', 'topRight', 'bottomRight'],
  6: ['bottomLeft', 'topLeft', 'bottomRight', 'topRight'],
  7: ['bottomRight', 'topRight', 'bottomLeft', 'topLeft'],
  8: ['topRight', 'bottomRight', 'topLeft', 'bottomLeft'],
} as const
