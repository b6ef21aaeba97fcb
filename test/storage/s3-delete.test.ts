import { afterEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { type Answer, failure, type ScriptedBucket, startScript } from './raw-server.ts'

let bucket: ScriptedBucket | undefined

afterEach(async () => bucket?.[Symbol.asyncDispose]())

const gone: Answer = (_request, response) => response.writeHead(204).end()

const deleted =
  (...failures: [key: string, code: string][]): Answer =>
  (_request, response) => {
    const errors = failures.map(([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`)
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.end(`<?xml version="1.0"?><DeleteResult>${errors.join('')}</DeleteResult>`)
  }

const keysUpTo = (count: number) => Array.from({ length: count }, (_, n) => `k${n}`)

describe('delete', () => {
  test('takes a thousand keys a call, and a single key on its own', async () => {
    bucket = await startScript([deleted(), deleted(), gone])
    await bucket.store.delete(keysUpTo(2001))
    expect(bucket.requests).toEqual([
      'POST /bucket/?delete=',
      'POST /bucket/?delete=',
      'DELETE /bucket/k2000?x-id=DeleteObject',
    ])
  })

  test.each([
    ['AccessDenied', 'bucket_refused'],
    ['InternalError', 'bucket_unreachable'],
  ])('fails on %s for one key in a good answer', async (code, expected) => {
    bucket = await startScript([deleted(['k1', code])])
    const error: unknown = await bucket.store.delete(keysUpTo(3)).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: expected, message: expect.not.stringContaining('k1') })
    expect(error).toMatchObject({ cause: { message: expect.stringContaining(`k1: ${code}`) } })
  })

  test('takes a key that was not there for deleted', async () => {
    bucket = await startScript([deleted(['k1', 'NoSuchKey']), failure(404, 'NoSuchKey')])
    await bucket.store.delete(['k1', 'k2'])
    await bucket.store.delete(['k1'])
    expect(bucket.requests).toHaveLength(2)
  })

  test('of one version says which, and leaves another be', async () => {
    let condition: string | undefined
    const conditions: Answer = (request, response) => {
      condition = request.headers['if-match']
      failure(412, 'PreconditionFailed')(request, response)
    }
    bucket = await startScript([conditions])
    await bucket.store.delete(['k'], { ifMatch: '"version"' })
    expect(condition).toBe('"version"')
    expect(bucket.requests).toHaveLength(1)
  })

  test('of one version removes it without the condition where the store does not know that', async () => {
    const conditions: (string | undefined)[] = []
    const first: Answer = (request, response) => {
      conditions.push(request.headers['if-match'])
      failure(501, 'NotImplemented')(request, response)
    }
    const second: Answer = (request, response) => {
      conditions.push(request.headers['if-match'])
      gone(request, response)
    }
    bucket = await startScript([first, second])
    await bucket.store.delete(['k'], { ifMatch: '"version"' })
    expect(conditions).toEqual(['"version"', undefined])
  })

  test('fails when it is refused, with a condition as without', async () => {
    bucket = await startScript([failure(403, 'AccessDenied')])
    await expect(bucket.store.delete(['k'], { ifMatch: '"v"' })).rejects.toMatchObject({
      code: 'bucket_refused',
    })
  })

  test.each([
    [400, 'MissingContentMD5'],
    [400, 'InvalidRequest'],
    [501, 'NotImplemented'],
    [405, 'MethodNotAllowed'],
  ])('goes on one by one after %i %s, and remembers', async (status, code) => {
    bucket = await startScript([failure(status, code), gone])
    await bucket.store.delete(keysUpTo(40))
    await bucket.store.delete(keysUpTo(2))
    const [first, ...others] = bucket.requests
    expect(first).toBe('POST /bucket/?delete=')
    expect(others).toHaveLength(42)
    expect(new Set(others.map((request) => request.split(' ')[0]))).toEqual(new Set(['DELETE']))
  })

  test('has at most sixteen under way one by one, and fails when one does', async () => {
    let underWay = 0
    let most = 0
    const slowly: Answer = (request, response) => {
      underWay += 1
      most = Math.max(most, underWay)
      setImmediate(() => {
        underWay -= 1
        if (request.url?.startsWith('/bucket/k30?')) failure(403, 'AccessDenied')(request, response)
        else response.writeHead(204).end()
      })
    }
    bucket = await startScript([failure(501, 'NotImplemented'), slowly])
    await expect(bucket.store.delete(keysUpTo(60))).rejects.toMatchObject({ code: 'bucket_refused' })
    expect(most).toBeLessThanOrEqual(16)
    expect(underWay).toBe(0)
  })

  test('asks nothing for no keys', async () => {
    bucket = await startScript([gone])
    await bucket.store.delete([])
    expect(bucket.requests).toEqual([])
  })
})
