/**
 * Display P3's primaries as a profile has them: XYZ of red, green and blue under D50 (SMPTE EG 432-1, adapted by
 * Bradford as ICC.1 §6.3 wants it).
 */
const DISPLAY_P3 = {
  rXYZ: [0.5151, 0.2412, -0.0011],
  gXYZ: [0.292, 0.6922, 0.0419],
  bXYZ: [0.1571, 0.0666, 0.7841],
} as const
/** Makers of profiles round differently; the next known gamut is ten times as far away. */
const TOLERANCE = 0.005

const TAG_COUNT_AT = 128
const TAG_BYTES = 12

/** Whether an ICC profile is one of Display P3, whoever has written it: told by its primaries, not by its name. */
export function isDisplayP3(profile: Uint8Array): boolean {
  const view = Buffer.from(profile.buffer, profile.byteOffset, profile.length)
  return Object.entries(DISPLAY_P3).every(([name, expected]) => {
    const colour = readXyz(view, name)
    return (
      colour?.every((value, index) => Math.abs(value - (expected[index] ?? Infinity)) < TOLERANCE) ?? false
    )
  })
}

/** A tag of type XYZ (ICC.1 §10.31): after eight bytes of head three numbers of 16.16 bits. */
function readXyz(profile: Buffer, name: string): number[] | undefined {
  const at = findTag(profile, name)
  if (at === undefined || at + 20 > profile.length) return undefined
  return [8, 12, 16].map((offset) => profile.readInt32BE(at + offset) / 65_536)
}

/** Where the data of a tag begins (ICC.1 §7.3): the table has 12 bytes a tag, its name, place and length. */
function findTag(profile: Buffer, name: string): number | undefined {
  if (profile.length < TAG_COUNT_AT + 4) return undefined
  const tags = Math.min(
    profile.readUInt32BE(TAG_COUNT_AT),
    Math.floor((profile.length - TAG_COUNT_AT - 4) / TAG_BYTES),
  )
  for (let tag = 0; tag < tags; tag += 1) {
    const entry = TAG_COUNT_AT + 4 + tag * TAG_BYTES
    if (profile.toString('latin1', entry, entry + 4) === name) return profile.readUInt32BE(entry + 4)
  }
  return undefined
}
