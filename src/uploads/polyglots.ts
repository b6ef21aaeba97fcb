/** Tells of a file that reads as a picture what else it reads as; `undefined` when nothing. */
export function findStowaway(bytes: Buffer): string | undefined {
  if (hasZipDirectory(bytes)) return 'a ZIP archive'
  if (holds(bytes, /%PDF-\d/)) return 'a PDF'
  if (holds(bytes, /<(?:(?:html|script|\?php)[\s>/]|!doctype html)/i)) return 'a web page or a script'
  return undefined
}

const LONGEST_MARK = 16
/** Text of so many bytes at once, so that a file is not in memory a second time. */
const STRETCH_BYTES = 1024 * 1024

/** Whether `pattern` matches somewhere: in one pass, however often a file pretends that a mark begins. */
function holds(bytes: Buffer, pattern: RegExp): boolean {
  for (let at = 0; at < bytes.length; at += STRETCH_BYTES) {
    if (pattern.test(bytes.toString('latin1', at, at + STRETCH_BYTES + LONGEST_MARK))) return true
  }
  return false
}

const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1')
const END_BYTES = 22
const MAX_COMMENT_BYTES = 0xffff

/**
 * Readers of archives look for the end of the directory from the end of the file (APPNOTE.TXT 6.3.10, 4.3.16): a record
 * of 22 bytes whose comment fills what is left.
 */
function hasZipDirectory(bytes: Buffer): boolean {
  const earliest = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT_BYTES)
  const tail = bytes.subarray(earliest)
  for (let at = tail.lastIndexOf(END_OF_DIRECTORY); at !== -1; at = lastBefore(tail, at)) {
    if (at + END_BYTES > tail.length) continue
    // Of one disk, as all are: four bytes alone stand in some picture by chance.
    const isWhole = tail.readUInt32LE(at + 4) === 0
    // A comment that says less than is there is read by lenient readers, too.
    if (isWhole && at + END_BYTES + tail.readUInt16LE(at + 20) <= tail.length) return true
  }
  return false
}

function lastBefore(tail: Buffer, at: number): number {
  return at === 0 ? -1 : tail.lastIndexOf(END_OF_DIRECTORY, at - 1)
}
