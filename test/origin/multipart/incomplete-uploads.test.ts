import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NODE_FILES } from '../../../origin/store/files.ts'
import { layoutOf } from '../../../origin/store/layout.ts'
import { load } from '../../../origin/store/load.ts'
import { Store } from '../../../origin/store/store.ts'
import { createIncompleteUploads } from '../../../origin/uploads/incomplete-uploads.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'
import { begin, sendPart } from './upload-steps.ts'

test('a sweep finds the uploads of a bucket that are older than a time, and ends them', async () => {
  const directory = temporaryDirectory()
  let time = 1000
  const origin = await startTestOrigin({ directory, now: () => Date.now() + time })
  await sendPart(await begin(origin.url, 'old'), 1, 'body')
  time = 100_000
  await sendPart(await begin(origin.url, 'new'), 1, 'body')
  await origin.close()

  const layout = layoutOf(directory)
  const loaded = load(layout, () => undefined)
  const { uploads } = new Store({ files: NODE_FILES, layout, now: Date.now, minPartBytes: 1 }, loaded)
  const incomplete = createIncompleteUploads(uploads)
  const between = Date.now() + 50_000
  const [old] = incomplete.listBefore(BUCKET, between)
  expect(incomplete.listBefore(BUCKET, between)).toMatchObject([{ key: 'old' }])
  expect(incomplete.listBefore('elsewhere', between)).toEqual([])
  if (old === undefined) throw new Error('The old upload was not listed')
  await incomplete.abort(BUCKET, old)
  // Somebody else may have been faster.
  await incomplete.abort(BUCKET, old)
  expect(uploads.list(BUCKET)).toMatchObject([{ key: 'new' }])
  expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1)
  expect(readdirSync(join(directory, 'uploads'))).toHaveLength(2)
})
