import * as fc from 'fast-check'

/** Ways to write one character of a path; all but the first few are traps. */
const CHARACTERS: readonly ((character: string) => string)[] = [
  (character) => character,
  (character) => character,
  (character) => character,
  (character) => escaped(character.charCodeAt(0)),
  (character) => escaped(character.charCodeAt(0)).toLowerCase(),
  // Escaped twice.
  (character) => `%25${hex(character.charCodeAt(0))}`,
  // Another case.
  (character) => (character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()),
  // Full width, which NFKC folds.
  (character) => encodeURIComponent(String.fromCharCode(character.charCodeAt(0) + 0xfee0)),
  // UTF-8 of two bytes, where one is right.
  (character) =>
    escaped(0xc0 | (character.charCodeAt(0) >> 6)) + escaped(0x80 | (character.charCodeAt(0) & 63)),
  // With a mark that NFC composes, and one that nobody sees.
  (character) => `${character}%CC%81`,
  (character) => `${character}%E2%80%8B`,
  (character) => `${character}%00`,
  (character) => `${character}%C2%AD`,
]

/** What may stand in the place of a slash, or be put there. */
const SLASHES: readonly string[] = [
  '/',
  '/',
  '/',
  '//',
  '/./',
  '/x/../',
  '/%2e/',
  '/x/%2e%2e/',
  '%2f',
  '%252f',
  '\\',
  '%5c',
  '/;/',
  ';/',
  './',
  '%20/',
  '%00/',
  '%c0%af',
  '%ef%bc%8f',
  '%E2%81%84',
  '/x/..%2f',
  '/x/..;/',
]

/** What may stand before a path, or behind it. */
const BEFORE: readonly string[] = [
  '',
  '',
  '',
  '/',
  './',
  '../',
  '%2e%2e/',
  'photos/../',
  'items/42/../../',
  '%2f',
  '\\',
  ';',
]
const BEHIND: readonly string[] = ['', '', '', '%00', '%00.jpg', '.', '%20', ';x', '%3fx', '%23x', '/', '/.']

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0')
const escaped = (byte: number) => `%${hex(byte)}`

/** How often a character is written otherwise than it is. */
const CHANGES = fc.constantFrom(0, 0, 0.1, 1)

/** One of these paths in a spelling that may be right, wrong, or meant to be taken for right. */
export function spelled(paths: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...paths).chain((path) =>
    fc
      .tuple(
        CHANGES,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
          minLength: path.length,
          maxLength: path.length,
        }),
        fc.array(fc.nat(), { minLength: path.length, maxLength: path.length }),
        fc.constantFrom(...BEFORE),
        fc.constantFrom(...BEHIND),
      )
      .map(([share, dice, ways, before, behind]) => {
        const characters = path.split('').map((character, at) => {
          const among = character === '/' ? SLASHES : CHARACTERS
          const way = (dice[at] ?? 1) < share ? among[(ways[at] ?? 0) % among.length] : undefined
          return typeof way === 'function' ? way(character) : (way ?? character)
        })
        return `${before}${characters.join('')}${behind}`
      }),
  )
}
