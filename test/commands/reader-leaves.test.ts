import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

test('a command whose reader leaves ends without a word', async () => {
  const child = spawn(process.execPath, ['dist/src/main.js', 'setup', '--iam'], {
    env: { PATH: process.env['PATH'], HALFTONE_BUCKET: 'pictures' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  const complaint = text(child.stderr)
  const [code]: unknown[] = await once(child, 'exit')
  expect([code, await complaint]).toEqual([0, ''])
})
