import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createEdge } from '../support/edge/create-edge.ts'
import type { EdgeRequest } from '../support/edge/edge.ts'

const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg">${'<path d="M0 0h9"/>'.repeat(100)}</svg>`

/** An edge that packs, in front of an origin that never does. */
function openEdge(answer: { readonly type: string; readonly body?: string; readonly coding?: string }) {
  const body = Buffer.from(answer.body ?? DRAWING)
  const asked: EdgeRequest[] = []
  const edge = createEdge({
    clock: () => 0,
    origins: {
      site: {
        fetch: async (request) => {
          asked.push(request)
          const headers = {
            'content-type': answer.type,
            'content-length': `${body.length}`,
            'cache-control': 'max-age=60',
            etag: '"1"',
            ...(answer.coding === undefined ? {} : { 'content-encoding': answer.coding }),
          }
          return { status: 200, headers, body }
        },
      },
    },
    behaviors: [{ pattern: '*', origin: 'site', ttls: { minS: 0, defaultS: 0, maxS: 60 }, gzip: true }],
  })
  const view = async (accepted?: string) =>
    edge.view('FRA56-P1', {
      method: 'GET',
      target: '/a',
      headers: accepted === undefined ? {} : { 'accept-encoding': accepted },
    })
  return { view, asked }
}

test('§1.4 two copies, one for all who take gzip; the edge packs what the origin has not', async () => {
  const { view, asked } = openEdge({ type: 'image/svg+xml' })
  for (const accepted of ['gzip, deflate, br', 'br;q=1.0, gzip;q=0.5', 'GZIP']) {
    const { headers, body } = await view(accepted)
    expect(gunzipSync(body).toString()).toBe(DRAWING)
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', etag: 'W/"1"', vary: 'Accept-Encoding' })
    expect(headers['content-length']).toBeUndefined()
  }
  for (const accepted of [undefined, 'br', 'gzip;q=0', 'x-gzip']) {
    const { headers, body } = await view(accepted)
    expect([headers['content-encoding'], body.toString(), headers['etag']]).toEqual([
      undefined,
      DRAWING,
      '"1"',
    ])
  }
  expect(asked.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip', undefined])
})

test.each([
  ['a picture', { type: 'image/webp' }, undefined],
  ['what is small', { type: 'image/svg+xml', body: '<svg/>' }, undefined],
  ['what is packed already', { type: 'image/svg+xml', coding: 'gzip' }, 'gzip'],
])('§1.4: %s stays as it is', async (_, answer, coding) => {
  const { headers, body } = await openEdge(answer).view('gzip')
  expect([headers['content-encoding'], headers['etag']]).toEqual([coding, '"1"'])
  expect(body.toString()).toBe('body' in answer ? answer.body : DRAWING)
})
