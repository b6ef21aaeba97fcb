import { latin1, le16, le32, repeat, u16, u32 } from './bits.ts'
import type { Format } from './hostile-file.ts'
import { piecesOf, type Piece } from './pieces.ts'

/** What a mutation has at hand. */
export interface Mutable {
  readonly format: Format
  readonly bytes: Buffer
  /** Another file, of any format. */
  readonly other: Buffer
  readonly random: () => number
}

type Mutation = (file: Mutable) => Buffer

/** Numbers that decoders trip over. */
const EXTREMES = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000,
  0xfffffffe, 0xffffffff,
]

/** What means something in one format or another. */
const WORDS: readonly Buffer[] = [
  ...[
    'IHDR',
    'IDAT',
    'IEND',
    'PLTE',
    'tRNS',
    'iCCP',
    'acTL',
    'fdAT',
    'VP8X',
    'VP8L',
    'VP8 ',
    'ANMF',
    'ALPH',
    'meta',
    'iloc',
    'ispe',
    'iref',
    'dimg',
    'grid',
    'av1C',
    'mdat',
  ].map(latin1),
  ...[
    '\xff\xd8',
    '\xff\xd9',
    '\xff\xda',
    '\xff\xc0',
    '\xff\xc2',
    '\xff\xc4',
    '\xff\xdd',
    '\xff\xe1',
    '\xff\xe2',
    '\x21\xf9\x04',
    '\x21\xff\x0b',
    '\x2c\0\0\0\0',
    'II*\0',
    'MM\0*',
    'acsp',
  ].map(latin1),
]

/** What means something in a drawing. */
const MARKUP: readonly Buffer[] = [
  '<g>',
  '</g>',
  '<svg>',
  '</svg>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '&#0;',
  '&amp;',
  '&x;',
  '<use href="#g"/>',
  '<use xlink:href="#s"/>',
  'url(#p)',
  'url(#f)',
  '1e38',
  '-1',
  'NaN',
  '0',
  '99999999999',
  '<!DOCTYPE svg [<!ENTITY x "y">]>',
  '<style>*{',
  '%',
  'e',
  '"',
  "'",
  '\xff\xfe',
  '<foreignObject/>',
  '<script>',
  'transform="scale(1e9)"',
  'stroke-width="1e9"',
  '<text>',
  '<animate/>',
  '<image href="file:///etc/passwd" width="9" height="9"/>',
].map(latin1)

/** All that is done to a file, by name. */
const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'cut off': ({ bytes, random }) => bytes.subarray(0, place(bytes, random)),
  'bits flipped': ({ bytes, random }) => {
    const copy = Buffer.from(bytes)
    for (let left = 1 + below(16, random); left > 0; left -= 1) {
      const at = place(copy, random)
      copy[at] = (copy[at] ?? 0) ^ (1 << below(8, random))
    }
    return copy
  },
  noise: ({ bytes, random }) =>
    overwrite(
      bytes,
      place(bytes, random),
      Buffer.from(Array.from({ length: 1 + below(32, random) }, () => below(256, random))),
    ),
  zeros: ({ bytes, random }) => overwrite(bytes, place(bytes, random), Buffer.alloc(1 + below(64, random))),
  'an extreme number': ({ bytes, random }) => overwrite(bytes, place(bytes, random), extreme(random)),
  'extreme numbers at its head': ({ bytes, random }) =>
    overwrite(bytes, below(Math.min(64, bytes.length), random), extreme(random)),
  'a part twice': ({ bytes, random }) => {
    const part = partOf(bytes, random)
    return insert(bytes, place(bytes, random), repeat(part, 1 + below(20, random)))
  },
  'a part left out': ({ bytes, random }) => {
    const [from, to] = ends(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  'a part of another file': ({ bytes, other, random }) =>
    insert(bytes, place(bytes, random), partOf(other, random)),
  'the rest of another file': ({ bytes, other, random }) =>
    Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random))]),
  'a word': ({ format, bytes, random }) => {
    const word = one(format === 'svg' ? MARKUP : WORDS, random)
    const at = place(bytes, random)
    return random() < 0.5 ? insert(bytes, at, word) : overwrite(bytes, at, word)
  },
  'something behind it': ({ bytes, other, random }) =>
    Buffer.concat([bytes, random() < 0.5 ? other : repeat(partOf(other, random), 1 + below(2000, random))]),
  'a piece again and again': withPieces((pieces, random) => {
    const index = below(pieces.length, random)
    return pieces.flatMap((piece, at) =>
      at === index ? Array.from({ length: 2 + below(300, random) }, () => piece) : [piece],
    )
  }),
  'a piece left out': withPieces((pieces, random) => pieces.toSpliced(below(pieces.length, random), 1)),
  'a piece elsewhere': withPieces((pieces, random) => {
    const [moved] = pieces.slice(below(pieces.length, random))
    const left = pieces.filter((piece) => piece !== moved)
    return moved === undefined ? left : left.toSpliced(below(left.length + 1, random), 0, moved)
  }),
  'a piece with an extreme number': withPieces((pieces, random) => {
    const index = below(pieces.length, random)
    return pieces.map((piece, at) =>
      at === index ? overwrite(piece, below(Math.min(40, piece.length), random), extreme(random)) : piece,
    )
  }),
}

const NAMES = Object.keys(MUTATIONS)

/** One mutation, or up to four one after the other, and their names. */
export function mutate(file: Mutable): { readonly bytes: Buffer; readonly done: readonly string[] } {
  const done: string[] = []
  const { random } = file
  let { bytes } = file
  for (let left = random() < 0.6 ? 1 : 2 + below(3, random); left > 0 && bytes.length > 0; left -= 1) {
    const name = one(NAMES, random)
    done.push(name)
    bytes = MUTATIONS[name]?.({ ...file, bytes }) ?? bytes
  }
  return { bytes, done }
}

/** A whole number from 0, below `end`. */
export function below(end: number, random: () => number): number {
  return Math.floor(random() * end)
}

/** One of several. */
export function one<T>(several: readonly [T, ...T[]] | readonly T[], random: () => number): T {
  const chosen = several[below(several.length, random)]
  if (chosen === undefined) throw new RangeError('There is nothing to choose from')
  return chosen
}

function withPieces(change: (pieces: readonly Piece[], random: () => number) => readonly Piece[]): Mutation {
  return ({ format, bytes, random }) => {
    const { head, pieces, tail } = piecesOf(format, bytes)
    return pieces.length === 0 ? bytes : Buffer.concat([head, ...change(pieces, random), tail])
  }
}

const place = (bytes: Buffer, random: () => number) => below(bytes.length, random)

function extreme(random: () => number): Buffer {
  const value = one(EXTREMES, random)
  const [short, long] = random() < 0.5 ? [u16, u32] : [le16, le32]
  return value <= 0xffff && random() < 0.5 ? short(value) : long(value)
}

function ends(bytes: Buffer, random: () => number): [from: number, to: number] {
  const from = place(bytes, random)
  return [from, from + 1 + below(Math.min(200, bytes.length - from), random)]
}

const partOf = (bytes: Buffer, random: () => number) => bytes.subarray(...ends(bytes, random))

const insert = (bytes: Buffer, at: number, part: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)])

function overwrite(bytes: Buffer, at: number, part: Uint8Array): Buffer {
  const copy = Buffer.from(bytes)
  copy.set(part.subarray(0, Math.max(0, copy.length - at)), at)
  return copy
}
