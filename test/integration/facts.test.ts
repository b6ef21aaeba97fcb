import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem } from '../support/library.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
  await putItem(gateway.bucket, '42', ['#c02020'])
})
afterAll(() => gateway.close())

describe('info.json', () => {
  test('says what the source is', async () => {
    const answer = await gateway.fetch('/img/items/42/info.json')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    const source = await plainJpeg('#c02020')
    const version = /@([\w-]{15})\/info\.json$/.exec(answer.headers.get('content-location') ?? '')?.[1]
    expect(await answer.json()).toEqual({
      width: 1600,
      height: 1000,
      type: 'image/jpeg',
      bytes: source.length,
      frames: 1,
      hasAlpha: false,
      orientation: 1,
      dominantColour: expect.stringMatching(/^#[bc].[12].[12].$/),
      version,
    })
  })
})

describe('KnownFacts', () => {
  test('knows what info.json says, and then without asking anybody', async () => {
    const { source } = await gateway.sources.find(
      { shape: 'item-cover', path: 'items/42', itemId: '42' },
      AbortSignal.timeout(10_000),
    )
    if (source === undefined) throw new Error('The item has a cover')
    const facts = await gateway.facts.of(source)
    expect(facts).toEqual(await (await gateway.fetch('/img/items/42/info.json')).json())
    gateway.variants.forgetAll()
    await gateway.verbs()
    expect(await gateway.facts.of(source)).toEqual(facts)
    expect(await gateway.verbs()).toEqual([])
  })
})
