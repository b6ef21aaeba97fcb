import { expect, onTestFinished, test, vi } from 'vitest'
import { plainJpeg } from '../support/library.ts'
import { environmentOf, openOrigin, serve } from '../support/program.ts'
import { startOrigin } from '../support/s3-server.ts'
import { keysUnder } from '../sweep/sweeping.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const WAIT = { timeout: 30_000 }

const PROVISIONAL = 'public, max-age=5, stale-if-error=0'
const FOR_GOOD = 'public, max-age=31536000, immutable'

test('two releases side by side: each stores its own pictures and no others, and nobody is sent to and fro', async () => {
  const origin = await startOrigin()
  onTestFinished(() => origin.stop())
  const bucket = openOrigin(origin)
  onTestFinished(() => bucket.close())
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  const common = { ...environmentOf(origin), HALFTONE_WORKERS: '1' }
  // Another setting of what pixels depend on has another epoch, as another encoder has.
  const programs = await Promise.all([serve(common), serve({ ...common, HALFTONE_LINEAR_RESIZE: 'true' })])
  onTestFinished(() => {
    for (const program of programs) program.kill('SIGKILL')
  })
  const look = async (release: number, path: string) =>
    fetch(`${programs[release]?.url}${path}`, { redirect: 'manual' })
  const pathIn = async (release: number): Promise<string> => {
    const answer = await look(release, '/img/photos/a.jpg/320.webp')
    return answer.headers.get('content-location') ?? ''
  }
  const paths = [await pathIn(0), await pathIn(1)]
  expect(paths[0]).not.toBe(paths[1])

  // A page of one release, whose pictures the balancer asks the other one for, and back again.
  const turns = [
    { size: 480, release: 0, other: 1 },
    { size: 640, release: 1, other: 0 },
  ]
  for (const { size, release, other } of turns) {
    const path = (paths[release] ?? '').replace('320', `${size}`)
    const theirs = await look(other, path)
    expect([theirs.status, theirs.headers.get('cache-control')], path).toEqual([200, PROVISIONAL])
    expect(await bucket.head(path.slice(1)), path).toBeUndefined()
    const ours = await look(release, path)
    expect([ours.status, ours.headers.get('cache-control')], path).toEqual([200, FOR_GOOD])
    await expect.poll(async () => (await bucket.head(path.slice(1))) !== undefined, WAIT).toBe(true)
    // What its own release has stored is good for everybody.
    const stored = await look(other, path)
    expect([stored.status, stored.headers.get('etag')]).toEqual([200, ours.headers.get('etag')])
  }
  for (const program of programs) program.kill('SIGTERM')
  expect(await Promise.all(programs.map(async ({ ended }) => ended))).toEqual([0, 0])
  expect(await keysUnder(bucket, 'img/')).toEqual(
    paths
      .flatMap((path) => [320, 480, 640].map((size) => path.slice(1).replace('320', `${size}`)))
      .toSorted(),
  )
})
