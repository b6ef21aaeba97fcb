import { expect } from 'vitest'
import { type Case, type Subject } from '../subject.ts'

const STORED = {
  'content-type': 'image/webp',
  'cache-control': 'public, max-age=60',
  'content-disposition': 'attachment; filename="x"',
  'content-encoding': 'br',
  'content-language': 'de',
  expires: 'Wed, 21 Oct 2037 07:28:00 GMT',
} as const

const METADATA = {
  'x-amz-meta-halftone': '1',
  'x-amz-meta-__proto__': 'yes',
  'x-amz-meta-two-words': 'a b, c',
}

const OVERRIDES = {
  'response-content-type': 'text/plain',
  'response-cache-control': 'no-store',
  'response-content-disposition': 'inline; filename="y z"',
  'response-content-encoding': 'gzip',
  'response-content-language': 'fr',
  'response-expires': 'Tue, 21 Oct 2036 07:28:00 GMT',
} as const

/** Headers that are kept with an object. */
export const METADATA_CASES: readonly Case[] = [
  ...Object.entries(STORED).map(([name, value]) => ({
    name: `${name} is stored and comes back with GET and HEAD`,
    async run(s: Subject) {
      await s.put('a', 'body', { [name]: value })
      expect([(await s.get('a')).headers[name], (await s.head('a')).headers[name]]).toEqual([value, value])
    },
  })),
  {
    name: 'user metadata is stored and comes back with GET and HEAD',
    async run(s) {
      await s.put('a', 'body', METADATA)
      expect((await s.get('a')).headers).toMatchObject(METADATA)
      expect((await s.head('a')).headers).toMatchObject(METADATA)
    },
  },
  {
    name: '2 KB of user metadata are taken, more is MetadataTooLarge',
    async run(s) {
      expect((await s.put('a', '', { 'x-amz-meta-a': 'x'.repeat(2047) })).status).toBe(200)
      expect((await s.put('b', '', { 'x-amz-meta-a': 'x'.repeat(2048) })).code).toBe('MetadataTooLarge')
    },
  },
  ...Object.entries(OVERRIDES).map(([parameter, value]) => ({
    name: `${parameter} replaces the header of one answer`,
    async run(s: Subject) {
      await s.put('a', 'body', STORED)
      const name = parameter.replace('response-', '')
      expect((await s.get('a', {}, { [parameter]: value })).headers[name]).toBe(value)
      expect((await s.get('a')).headers[name]).toBe(new Map(Object.entries(STORED)).get(name))
    },
  })),
]
