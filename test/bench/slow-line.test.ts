import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { startChild } from '../../bench/child.ts'

test('a slow line hands on every byte in order, in both directions', async () => {
  const server = createServer((request, response) => void request.pipe(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const target = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const line = startChild('slow-line')
  try {
    const { url } = await line.ask(
      { target, delayMs: 3, bytesPerSecond: 20_000_000 },
      z.object({ url: z.url() }),
    )
    const bodies = [randomBytes(2_000_000), randomBytes(1), randomBytes(700_000)]
    const echoes = await Promise.all(
      bodies.map(async (body) => {
        const answer = await fetch(url, { method: 'POST', body })
        return Buffer.from(await answer.arrayBuffer())
      }),
    )
    expect(echoes.map((echo, index) => echo.equals(bodies[index] ?? Buffer.alloc(0)))).toEqual([
      true,
      true,
      true,
    ])
  } finally {
    await line.stop()
    server.close()
  }
})
