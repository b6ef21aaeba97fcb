import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { array, assert, constantFrom, property, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EDGE_ACCEPT_HEADER, EDGE_ACCEPT_VALUES } from '../../src/cdn/distribution.ts'
import { createReadWish } from '../../src/http/negotiation.ts'
import { choose } from '../../src/transform/negotiation.ts'
import { Template } from './template.ts'

const SECRET = 'a-secret-of-the-distribution'
const sourceOf = (name: string) => readFileSync(`deploy/functions/${name}.js`, 'utf8')

interface FunctionEvent {
  request: { headers: Record<string, { value: string }> }
  response: { headers: Record<string, { value: string }> }
}

/** Runs a function as the edge does: a script that has a `handler` and nothing of Node. */
function run(name: string, event: Partial<FunctionEvent>): unknown {
  return runInNewContext(`${sourceOf(name)}; handler(event)`, { event })
}

function edgeValueOf(accept: string | undefined, sent?: string): string {
  const headers: Record<string, { value: string }> = {}
  if (accept !== undefined) headers['accept'] = { value: accept }
  if (sent !== undefined) headers[EDGE_ACCEPT_HEADER] = { value: sent }
  run('accept', { request: { headers } })
  return headers[EDGE_ACCEPT_HEADER]?.value ?? ''
}

const read = createReadWish([SECRET])
const photograph = { animated: false, hasAlpha: false }
const formatFor = (headers: Headers) =>
  choose(read(headers).acceptance, { fit: 'width', width: 800 }, photograph, { avifMaxSide: 1600 })

/** The format of a photograph by what the gateway reads itself. */
const chosenFrom = (accept: string | undefined) =>
  formatFor(new Headers(accept === undefined ? {} : { accept }))

/** The same by what the edge has made of it. */
const chosenThrough = (accept: string | undefined) =>
  formatFor(new Headers({ [EDGE_ACCEPT_HEADER]: edgeValueOf(accept), 'x-origin-verify': SECRET }))

describe('the function that reads Accept', () => {
  test.each([
    ['Chromium', 'image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', 'avif'],
    ['Firefox', 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5', 'avif'],
    ['Safari 14', 'image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5', 'webp'],
    ['Safari 13', 'image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5', 'jpeg'],
    ['curl', '*/*', 'jpeg'],
    ['nothing said', undefined, 'jpeg'],
    ['AVIF refused', 'image/avif;q=0, image/webp', 'webp'],
    ['AVIF refused at length', 'image/avif; q=0.000 ,image/webp;q=1.000', 'webp'],
    ['both refused', 'image/avif;q=0,image/webp;q=0,*/*', 'jpeg'],
    ['WebP liked better', 'image/avif;q=0.5,image/webp;q=0.9', 'webp'],
    ['JPEG liked better', 'image/jpeg,image/avif;q=0.5,image/webp;q=0.9', 'jpeg'],
    ['capitals', 'IMAGE/AVIF, */*; Q=0.1', 'avif'],
    ['parameters', 'image/avif;level=1,image/webp', 'webp'],
    ['a name that begins so', 'image/avif-sequence,image/webp', 'webp'],
  ])('%s', (_who, accept, expected) => {
    expect(edgeValueOf(accept)).toBe(expected)
    expect(EDGE_ACCEPT_VALUES).toContain(expected)
    expect(chosenThrough(accept)).toBe(chosenFrom(accept))
  })

  test('puts its word in the place of what a viewer sent', () => {
    expect(edgeValueOf('*/*', 'avif')).toBe('jpeg')
  })

  test('chooses for a photograph what the gateway would, whatever is accepted', () => {
    const range = constantFrom('image/avif', 'image/webp', 'image/jpeg', 'image/png', 'image/*', '*/*')
    const weight = constantFrom('', ';q=1', '; q=0.9', ';q=0.5', ';q=0.001', ';q=0', ';q=0.0')
    const accepts = array(tuple(range, weight), { minLength: 1, maxLength: 6 }).map((ranges) =>
      ranges.map((pair) => pair.join('')).join(', '),
    )
    assert(
      property(accepts, (accept) => {
        const here = chosenFrom(accept)
        // Where nothing of a photograph's is acceptable PNG may be sent; the edge has no word for that.
        expect(chosenThrough(accept)).toBe(here === 'png' ? 'jpg' : here)
      }),
      { numRuns: 500 },
    )
  })
})

test('what the bucket answers may be read by any page', () => {
  const response = { headers: { 'content-type': { value: 'image/webp' } } }
  expect(run('readable', { response })).toEqual({
    headers: { 'content-type': { value: 'image/webp' }, 'access-control-allow-origin': { value: '*' } },
  })
})

test.each([
  ['Accept', 'accept'],
  ['Readable', 'readable'],
])('%s of the template is the file, and no longer than the edge takes', (resource, name) => {
  const found = new Template('edge.yaml', { BucketDomain: 'pictures' }).find(resource)
  expect(found?.['FunctionCode']).toBe(sourceOf(name))
  expect(found).toMatchObject({ AutoPublish: true, FunctionConfig: { Runtime: 'cloudfront-js-2.0' } })
  expect(Buffer.byteLength(sourceOf(name))).toBeLessThan(10_240)
})
