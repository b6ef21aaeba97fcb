import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFetchUrl } from '../../src/hosted-api/fetch-file.ts'
import { lookUp } from '../../src/sources/look-up.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createRecordView, createSourceView } from '../../src/storage/source-view.ts'
import { parseSourcePath } from '../../src/urls/source-path.ts'

const store = createMemoryObjectStore()
const views = { pictures: createSourceView(store, ['*']), records: createRecordView(store, ['*']) }
const limits = { maxBytes: 10, signal: new AbortController().signal }

/** Another server whose files lie in a bucket. */
const fetchUrl = createFetchUrl({
  parse: (url) => parseSourcePath(decodeURIComponent(url.pathname).slice(1).split('/')),
  lookUp: async (path, signal) => lookUp(views, path, signal),
  bodies: {
    get: async (source, options) => views.pictures.get(source.key, { ...options, ifMatch: source.etag }),
  },
})

beforeAll(async () => {
  const options = { contentType: 'image/jpeg' }
  await store.put('photos/käse.jpg', Buffer.from('0123456789'), options)
  await store.put('photos/large.jpg', Buffer.from('0123456789a'), options)
})
afterAll(async () => store.delete(['photos/käse.jpg', 'photos/large.jpg']))

test('reference 1.7: the file of a URL, called as its URL ends', async () => {
  expect(await fetchUrl('https://a.test/photos/k%C3%A4se.jpg', limits)).toEqual({
    fileName: 'käse.jpg',
    bytes: Buffer.from('0123456789'),
  })
})

test.each([
  ['nothing.jpg', 'upload_refused'],
  ['large.jpg', 'upload_too_large'],
])('%s: %s', async (name, code) => {
  await expect(fetchUrl(`https://a.test/photos/${name}`, limits)).rejects.toMatchObject({ code })
})
