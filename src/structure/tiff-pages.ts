/** How many pages a TIFF has, up to `most`: directories, each of which says where the next is (TIFF 6.0 §2). */
export function countPages(source: Uint8Array, most: number): number {
  const read = readerOf(Buffer.from(source.buffer, source.byteOffset, source.length))
  let pages = 0
  for (let at = read.firstAt(); at !== undefined && at !== 0 && pages < most; at = read.nextAt(at)) pages += 1
  return pages
}

interface Layout {
  readonly isBig: boolean
  readonly isLittle: boolean
}

/** Places of directories; `undefined` where the file ends before it says one. */
function readerOf(file: Buffer) {
  const isLittle = file[0] === 0x49
  const layout = { isLittle, isBig: file[isLittle ? 2 : 3] === 0x2b }
  const [countBytes, entryBytes, placeBytes] = layout.isBig ? [8, 20, 8] : [2, 12, 4]
  return {
    firstAt: () => readNumber(file, layout.isBig ? 8 : 4, placeBytes, layout),
    nextAt(at: number): number | undefined {
      const entries = readNumber(file, at, countBytes, layout)
      return entries === undefined
        ? undefined
        : readNumber(file, at + countBytes + entries * entryBytes, placeBytes, layout)
    },
  }
}

function readNumber(file: Buffer, at: number, bytes: number, { isLittle }: Layout): number | undefined {
  if (at + bytes > file.length) return undefined
  const digits = [...file.subarray(at, at + bytes)]
  return (isLittle ? digits.toReversed() : digits).reduce((value, digit) => value * 256 + digit, 0)
}
