const MARKER = 0xff
const START_OF_SCAN = 0xda
const END_OF_IMAGE = 0xd9
const FIRST_SEGMENT_AT = 2

/** How many scans a JPEG has, up to `most`: decoders go over the whole picture once for each (ITU T.81 §B.1.1). */
export function countScans(source: Uint8Array, most: number): number {
  const file = Buffer.from(source.buffer, source.byteOffset, source.length)
  let scans = 0
  for (let at = nextMarker(file, FIRST_SEGMENT_AT); at !== undefined && scans < most; ) {
    const marker = file[at + 1] ?? END_OF_IMAGE
    if (marker === END_OF_IMAGE || at + 4 > file.length) break
    if (marker === START_OF_SCAN) scans += 1
    at = nextMarker(file, at + 2 + (standsAlone(marker) ? 0 : file.readUInt16BE(at + 2)))
  }
  return scans
}

/** The next marker that says something: between bytes of a scan stand zeros behind `0xff`, and restarts. */
function nextMarker(file: Buffer, from: number): number | undefined {
  for (let at = file.indexOf(MARKER, from); at !== -1; at = file.indexOf(MARKER, at + 1)) {
    const code = file[at + 1]
    if (code === undefined) return undefined
    if (code !== 0 && code !== MARKER && !isRestart(code)) return at
  }
  return undefined
}

const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7

/** Markers without a length: the beginning of a picture, and one for arithmetic coding. */
const standsAlone = (code: number) => code === 0xd8 || code === 0x01
