import { type ChecksumName, createChecksum } from './checksum-algorithms.ts'

/** The reflected polynomials of the checksums that can be put together without their bytes, and their widths. */
const CRCS: Partial<Record<ChecksumName, { readonly polynomial: bigint; readonly bits: number }>> = {
  crc32: { polynomial: 0xedb88320n, bits: 32 },
  crc32c: { polynomial: 0x82f63b78n, bits: 32 },
  crc64nvme: { polynomial: 0x9a6c9329ac4bc9b5n, bits: 64 },
}

export interface CheckedBytes {
  readonly bytes: number
  /** Base64. */
  readonly value: string
}

/** Whether the checksum of a whole follows from those of its parts. */
export function isCombinable(name: ChecksumName): boolean {
  return CRCS[name] !== undefined
}

/**
 * The checksum of bytes that stand one after the other, from the checksum of each: a CRC is the remainder of a
 * polynomial, so the one before is multiplied by x to the power of the bits that follow. Throws for other checksums.
 */
export function combineChecksums(name: ChecksumName, parts: readonly CheckedBytes[]): string {
  const crc = CRCS[name]
  if (crc === undefined) throw new TypeError(`Checksums of the kind ${name} cannot be combined`)
  const shifts = new Map<number, bigint>()
  let sum = toNumber(createChecksum(name).digest())
  for (const { bytes, value } of parts) {
    const shift = shifts.get(bytes) ?? powerOfX(bytes * 8, crc)
    shifts.set(bytes, shift)
    sum = multiply(shift, sum, crc) ^ toNumber(Buffer.from(value, 'base64'))
  }
  return Buffer.from(sum.toString(16).padStart(crc.bits / 4, '0'), 'hex').toString('base64')
}

interface Crc {
  readonly polynomial: bigint
  readonly bits: number
}

/** The product modulo the polynomial; the highest bit stands for x to the power of 0. */
function multiply(one: bigint, other: bigint, { polynomial, bits }: Crc): bigint {
  let product = 0n
  let factor = other
  for (let bit = BigInt(bits - 1); bit >= 0n; bit -= 1n) {
    if (((one >> bit) & 1n) === 1n) product ^= factor
    factor = (factor & 1n) === 1n ? (factor >> 1n) ^ polynomial : factor >> 1n
  }
  return product
}

function powerOfX(exponent: number, crc: Crc): bigint {
  let power = 1n << BigInt(crc.bits - 1)
  let square = power >> 1n
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(square, power, crc)
    square = multiply(square, square, crc)
  }
  return power
}

function toNumber(digest: Buffer): bigint {
  return BigInt(`0x${digest.toString('hex')}`)
}
