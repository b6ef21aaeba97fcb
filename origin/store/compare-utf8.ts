/**
 * Orders two well-formed strings as their UTF-8 bytes are ordered, which is S3's order. JavaScript compares UTF-16
 * units: the same, but for surrogates, which stand for characters above U+FFFF and yet sort below U+E000.
 */
export function compareUtf8(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index += 1) {
    const left = one.charCodeAt(index)
    const right = other.charCodeAt(index)
    if (left !== right) return weight(left) - weight(right)
  }
  return one.length - other.length
}

function weight(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff
  return isSurrogate ? unit + 0x10000 : unit
}
