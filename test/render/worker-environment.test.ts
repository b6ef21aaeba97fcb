import { expect, it } from 'vitest'
import { workerEnvironment } from '../../src/render/worker-environment.ts'

it('is an allow-list: what is not on it does not pass', () => {
  expect(
    workerEnvironment({
      AWS_SECRET_ACCESS_KEY: 'secret',
      HALFTONE_SIGNING_KEYS: 'secret',
      NODE_OPTIONS: '--require=./x.js',
      PATH: '/bin',
      MALLOC_CONF: undefined,
    }),
  ).toEqual({ MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '3', VIPS_CONCURRENCY: '1' })
})

it('passes on where fonts are', () => {
  expect(workerEnvironment({ FONTCONFIG_FILE: '/a.conf', FONTCONFIG_PATH: '/a' })).toMatchObject({
    FONTCONFIG_FILE: '/a.conf',
    FONTCONFIG_PATH: '/a',
  })
})

it('passes another allocator on', () => {
  expect(
    workerEnvironment({ LD_PRELOAD: '/lib/jemalloc.so', MALLOC_CONF: 'x:1', MALLOC_ARENA_MAX: '4' }),
  ).toEqual({
    LD_PRELOAD: '/lib/jemalloc.so',
    MALLOC_CONF: 'x:1',
    MALLOC_ARENA_MAX: '4',
    UV_THREADPOOL_SIZE: '3',
    VIPS_CONCURRENCY: '1',
  })
})
