import { jpegSegments, withSegments } from '../oddities/jpeg.ts'
import { pngChunk } from '../oddities/png.ts'
import { riff, webpChunk } from '../oddities/webp.ts'
import { latin1, le16, le32 } from './bits.ts'
import type { ByFormat, Format, HostileFile } from './hostile-file.ts'

/** A polyglot: its picture can be shown, since none of the rest leaves with it. */
export interface Polyglot extends HostileFile {
  readonly format: Format
}

const PAGE = '<!doctype html><html><script>alert(1)</script></html>'
const PDF = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF'

/** A ZIP archive of one stored file (APPNOTE.TXT 6.3.10 §4.3), to be found from the end. */
function archive(name: string, text: string): Buffer {
  const [called, body] = [latin1(name), latin1(text)]
  const facts = Buffer.concat([
    le16(20),
    le16(0),
    le16(0),
    le32(0),
    le32(0),
    le32(body.length),
    le32(body.length),
    le16(called.length),
    le16(0),
  ])
  const local = Buffer.concat([latin1('PK\x03\x04'), facts, called, body])
  const central = Buffer.concat([latin1('PK\x01\x02'), le16(20), facts, Buffer.alloc(14), called])
  const end = Buffer.concat([
    latin1('PK\x05\x06'),
    Buffer.alloc(4),
    le16(1),
    le16(1),
    le32(central.length),
    le32(local.length),
    le16(0),
  ])
  return Buffer.concat([local, central, end])
}

/** Good pictures that are something else as well, or are called what they are not. */
export function polyglotsOf(seeds: ByFormat<readonly HostileFile[]>): Polyglot[] {
  const good = (format: Format) => seeds[format][0]?.bytes ?? Buffer.alloc(0)
  const gif = Buffer.from(good('gif'))
  const webp = good('webp').subarray(12)
  const png = good('png')
  const files: readonly (readonly [Format, string, Buffer])[] = [
    ['jpeg', 'a JPEG and an archive', Buffer.concat([good('jpeg'), archive('a.html', PAGE)])],
    ['jpeg', 'a JPEG and a page', Buffer.concat([good('jpeg'), latin1(PAGE)])],
    ['jpeg', 'a JPEG and a PDF', withSegments(good('jpeg'), [jpegSegments.comment(PDF)])],
    [
      'jpeg',
      'a JPEG with a script as its comment',
      withSegments(good('jpeg'), [jpegSegments.comment('*/=alert(1);/*')]),
    ],
    ['jpeg', 'a JPEG and a PNG', Buffer.concat([good('jpeg'), png])],
    [
      'gif',
      'a GIF that is a script',
      Buffer.concat([latin1('GIF89a/*'), gif.subarray(8), latin1('*/=1;alert(1)')]),
    ],
    ['gif', 'a GIF and a page', Buffer.concat([gif, latin1(PAGE)])],
    [
      'png',
      'a PNG with a page as its text',
      Buffer.concat([png.subarray(0, 33), pngChunk('tEXt', latin1(`Comment\0${PAGE}`)), png.subarray(33)]),
    ],
    [
      'png',
      'a PNG with a drawing as its text',
      Buffer.concat([
        png.subarray(0, 33),
        pngChunk('tEXt', latin1(`Comment\0${seeds.svg[0]?.bytes.toString() ?? ''}`)),
        png.subarray(33),
      ]),
    ],
    ['png', 'a PNG and an archive', Buffer.concat([png, archive('shell.php', '<?php system($_GET[0]);')])],
    ['webp', 'a WebP with a page in it', riff([webp, webpChunk('HTML', latin1(PAGE))])],
    ['avif', 'an AVIF and a page', Buffer.concat([good('avif'), latin1(PAGE)])],
    ['tiff', 'a TIFF and an archive', Buffer.concat([good('tiff'), archive('a.js', 'alert(1)')])],
    ['svg', 'a drawing and a page', Buffer.concat([good('svg'), latin1(PAGE)])],
    [
      'svg',
      'a page that is a drawing',
      latin1(
        `<!-- ${PAGE} -->${good('svg')
          .toString('latin1')
          .replace(/^<\?[^>]*>/, '')}`,
      ),
    ],
    ['png', 'a page by a PNG’s first bytes', Buffer.concat([png.subarray(0, 8), latin1(PAGE)])],
    ['jpeg', 'a page by a JPEG’s first bytes', Buffer.concat([latin1('\xff\xd8\xff\xe0'), latin1(PAGE)])],
    ['jpeg', 'a PNG by a JPEG’s first bytes', Buffer.concat([latin1('\xff\xd8\xff'), png.subarray(3)])],
    ['svg', 'a page', latin1(PAGE)],
    ['svg', 'a PDF', latin1(PDF)],
    ['svg', 'an archive', archive('a.svg', '<svg/>')],
    ['svg', 'nothing', Buffer.alloc(0)],
    ['svg', 'a byte', Buffer.alloc(1)],
    ['svg', 'forty megabytes of nothing', Buffer.alloc(40_000_000)],
  ]
  return files.map(([format, name, bytes]) => ({ format, name, bytes }))
}
