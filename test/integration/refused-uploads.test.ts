import { afterAll, beforeAll, expect, test } from 'vitest'
import { tokenOf, TOKEN_SECRET } from '../support/api.ts'
import { openSite, type Site } from '../support/site.ts'

/** From what is there with the head to more than two sockets hold, and than a form may have. */
const SIZES = [1_000, 20_000, 100_000, 700_000, 3_000_000]
const OF_EACH = 40
const AT_ONCE = 8

let site: Site
let token: string
beforeAll(async () => {
  site = await openSite({
    HALFTONE_WORKERS: '1',
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_LIMIT_COMPLETES: '0',
    HALFTONE_FORM_MAX_MB: '2',
  })
  token = await tokenOf('eve')
})
afterAll(async () => site.close())

function formOf(bytes: number): FormData {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(bytes)], { type: 'text/html' }), 'a.html')
  return form
}

/** What a client makes of it: a status, or why there is none. */
async function statusOf(path: string, bytes: number, headers: Record<string, string>): Promise<unknown> {
  try {
    const answer = await fetch(`${site.gateway.url}${path}`, { method: 'POST', body: formOf(bytes), headers })
    await answer.arrayBuffer()
    return answer.status
  } catch (error) {
    return error instanceof Error ? error.cause : error
  }
}

test.each([
  ['by nobody', '/api/v1/items/a/photos', 401, () => ({})],
  ['of no picture', '/api/v1/items/a/photos', 415, () => ({ authorization: token })],
  ['to nowhere', '/img/a', 405, () => ({})],
])(
  '200 uploads %s, 8 at once, are refused, and all of their clients get to know',
  async (_, path, status, headers) => {
    const waiting = SIZES.flatMap((bytes) => Array.from({ length: OF_EACH }, () => bytes))
    const seen: unknown[] = []
    const send = async (): Promise<void> => {
      for (let bytes = waiting.pop(); bytes !== undefined; bytes = waiting.pop())
        seen.push(await statusOf(path, bytes, headers()))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, send))
    expect(seen).toHaveLength(SIZES.length * OF_EACH)
    expect(seen.filter((each) => each !== status)).toEqual([])
  },
)
