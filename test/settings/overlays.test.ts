import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const parse = (HALFTONE_OVERLAYS: string, more: Record<string, string> = {}) =>
  parseConfig({ HALFTONE_OVERLAYS, HALFTONE_SOURCES: 'items/,brand/', ...more }).HALFTONE_OVERLAYS

const JSON_TEXT = '{"logo": {"url": "/brand/logo.png", "opacity": 1}, "sale-2": {"text": "Sale"}}'
const READ = new Map<string, object>([
  ['logo', { url: 'brand/logo.png' }],
  ['sale-2', { text: 'Sale' }],
])

test('none, unless they are given', () => {
  expect(parseConfig({}).HALFTONE_OVERLAYS).toEqual(new Map())
})

test('as JSON, or in a file of it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'overlays-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'overlays.json')
  writeFileSync(file, JSON_TEXT)
  expect(parse(JSON_TEXT)).toEqual(READ)
  expect(parse(file)).toEqual(READ)
})

test.each([
  ['{', 'as JSON or in a file of it: '],
  ['/nowhere/overlays.json', 'the file cannot be read (ENOENT)'],
  ['{"Logo": {"text": "a"}}', 'Logo: names have up to 64 of a-z, 0-9 and -, and begin with a letter'],
  ['{"a": 5}', 'a: '],
  ['{"a": {"text": "a", "rotate": 45}}', 'a: rotate: one of 0, 90, 180, 270'],
  ['{"a": {"url": "photos/a.png"}}', 'a names photos/a.png, which is below no prefix of HALFTONE_SOURCES'],
])('%s: %s', (text, fault) => {
  expect(() => parse(text)).toThrow(fault)
  expect(() => parse(text)).toThrow('HALFTONE_OVERLAYS')
})

test('all faults at once', () => {
  expect(() => parse('{"a": {"text": ""}, "b": {"url": "a", "top": 1, "bottom": 1}}')).toThrow(
    /a: text: 1 to 200[^]*b: top, bottom: give one of them/,
  )
})

test('any key where every prefix may be read', () => {
  expect(parse('{"a": {"url": "photos/a.png"}}', { HALFTONE_SOURCES: '*' }).size).toBe(1)
})
