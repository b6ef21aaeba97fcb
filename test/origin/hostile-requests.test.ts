import { expect, test } from 'vitest'
import { smuggling, unreadable } from '../support/hostile-heads.ts'
import { statusesIn, talkRaw } from '../support/raw-client.ts'
import { BUCKET, startTestOrigin } from './start-test-origin.ts'

const HEALTH = '/-/health'
const LAST = `GET ${HEALTH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`

test('what cannot be read, or in two ways, is refused by the origin too, and what comes behind it not read', async () => {
  const { url } = await startTestOrigin()
  const attacks = [...unreadable(HEALTH), ...smuggling(HEALTH, HEALTH), ...smuggling(`/${BUCKET}/a`, HEALTH)]
  const answered: unknown[] = []
  for (const [what, sent] of attacks) {
    const statuses = statusesIn(await talkRaw(url, Buffer.concat([Buffer.from(sent), Buffer.from(LAST)])))
    const isRefused = statuses.length <= 1 && statuses.every((status) => status >= 400 && status < 500)
    if (!isRefused) answered.push([what, statuses])
  }
  expect(answered).toEqual([])
  expect(statusesIn(await talkRaw(url, LAST))).toEqual([200])
})
