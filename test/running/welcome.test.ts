import { expect, test } from 'vitest'
import { welcome } from '../../src/running/welcome.ts'

const PARTS = {
  url: 'http://127.0.0.1:8080',
  bucket: 'http://127.0.0.1:9000',
  admin: 'http://127.0.0.1:9090',
  program: 'npx halftone',
}

test.each([
  [['/cdn-cgi/image'], ['/cdn-cgi/image/w=320,f=auto/items/demo-1']],
  [
    ['/images', '/i/c'],
    ['/images/w=320,f=auto/items/demo-1', '/i/c/w=320,f=auto/items/demo-1'],
  ],
  [[], []],
])('with Cloudflare’s URLs at %j, %j are there to try', (mounts, paths) => {
  const tried = [...welcome({ ...PARTS, mounts }).matchAll(/^ {2}(http\S+w=320\S*)$/gm)]
  expect(tried.map(([, url]) => url)).toEqual(paths.map((path) => `${PARTS.url}${path}`))
})
