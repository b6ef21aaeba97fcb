import type { Checksum } from './checksum-algorithms.ts'

/** CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, a byte a step. */
export function createCrc32c(): Checksum {
  let crc = 0xffffffff
  return {
    update(chunk) {
      let state = crc
      for (const byte of chunk) state = (CRC32C[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8)
      crc = state
    },
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0)
      return bytes
    },
  }
}

/** CRC-64/NVME, reflected polynomial 0x9A6C9329AC4BC9B5, in two halves of 32 bits since BigInt is far slower. */
export function createCrc64Nvme(): Checksum {
  let high = 0xffffffff
  let low = 0xffffffff
  return {
    update(chunk) {
      let [upper, lower] = [high, low]
      for (const byte of chunk) {
        const index = (lower ^ byte) & 0xff
        lower = ((lower >>> 8) | (upper << 24)) ^ (CRC64_LOW[index] ?? 0)
        upper = (upper >>> 8) ^ (CRC64_HIGH[index] ?? 0)
      }
      high = upper
      low = lower
    },
    digest() {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32BE((high ^ 0xffffffff) >>> 0, 0)
      bytes.writeUInt32BE((low ^ 0xffffffff) >>> 0, 4)
      return bytes
    },
  }
}

const CRC32C = Int32Array.from({ length: 256 }, (_, index) => Number(reflect(BigInt(index), 0x82f63b78n)) | 0)

const CRC64 = Array.from({ length: 256 }, (_, index) => reflect(BigInt(index), 0x9a6c9329ac4bc9b5n))
const CRC64_HIGH = Int32Array.from(CRC64, (value) => Number(value >> 32n) | 0)
const CRC64_LOW = Int32Array.from(CRC64, (value) => Number(value & 0xffffffffn) | 0)

function reflect(value: bigint, polynomial: bigint): bigint {
  let state = value
  for (let bit = 0; bit < 8; bit += 1) state = (state & 1n) === 1n ? (state >> 1n) ^ polynomial : state >> 1n
  return state
}
