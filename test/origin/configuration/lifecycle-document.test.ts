import { createHash } from 'node:crypto'
import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDocument } from '../../../origin/body/read-document.ts'
import { formatLifecycle, parseLifecycle } from '../../../origin/lifecycle/lifecycle-configuration.ts'
import { sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const GET = new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET })

const RULES: LifecycleRule[] = [
  { ID: 'all', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
  {
    ID: 'narrow',
    Status: 'Enabled',
    Filter: {
      And: {
        Prefix: 'tmp/ü',
        Tags: [
          { Key: 'kind', Value: 'draft' },
          { Key: 'x', Value: '' },
        ],
        ObjectSizeGreaterThan: 10,
        ObjectSizeLessThan: 1000,
      },
    },
    Expiration: { Date: new Date('2031-05-01T00:00:00Z') },
  },
  { ID: 'tag', Status: 'Enabled', Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration: { Days: 3 } },
  {
    ID: 'uploads',
    Status: 'Enabled',
    Filter: { Prefix: 'up/' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
  },
  { ID: 'large', Status: 'Enabled', Filter: { ObjectSizeGreaterThan: 5 }, Expiration: { Days: 3 } },
]

test('is put, read back, survives a restart, and is removed', async () => {
  const directory = temporaryDirectory()
  const first = await startTestOrigin({ directory })
  const client = createClient(first.url)
  await expect(client.send(GET)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' })
  const put = { Bucket: BUCKET, LifecycleConfiguration: { Rules: RULES } }
  await client.send(new PutBucketLifecycleConfigurationCommand(put))
  expect((await client.send(GET)).Rules).toEqual(RULES)
  await first.close()

  const again = createClient((await startTestOrigin({ directory })).url)
  expect((await again.send(GET)).Rules).toEqual(RULES)
  await again.send(new DeleteBucketLifecycleCommand({ Bucket: BUCKET }))
  await expect(again.send(GET)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' })
})

test('a rule without a name gets one; a bare prefix stays one', async () => {
  const client = createClient((await startTestOrigin()).url)
  const Rules: LifecycleRule[] = [{ Status: 'Enabled', Prefix: 'a', Expiration: { Days: 1 } }]
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: BUCKET, LifecycleConfiguration: { Rules } }),
  )
  const got = (await client.send(GET)).Rules
  expect(got).toMatchObject([{ Status: 'Enabled', Prefix: 'a', Expiration: { Days: 1 } }])
  expect(got?.[0]?.Filter).toBeUndefined()
  expect(got?.[0]?.ID).toMatch(/^[\w-]+$/)
})

test('what is stored reads back as what was put, whatever stands in it', () => {
  // Of the control characters XML has only these; the others are refused, see below.
  const unit = fc.oneof(
    fc.constantFrom('\t', '\n', '\r', ' ', '&', '<'),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  )
  const text = fc.string({ unit, maxLength: 12 })
  const rule = fc.record({
    id: text.filter((id) => id !== ''),
    isEnabled: fc.boolean(),
    filter: fc.record({
      isBare: fc.constant(false),
      prefix: fc.option(text, { nil: undefined }),
      tags: fc.constantFrom(
        [],
        [['a', ' b ']],
        [
          ['a', ''],
          ['ü', 'x'],
        ],
      ),
      largerThan: fc.option(fc.nat(10), { nil: undefined }),
      smallerThan: fc.option(fc.integer({ min: 11, max: 99 }), { nil: undefined }),
    }),
    expiration: fc.constantFrom({ days: 3 }, { date: 86_400_000 * 20_000 }),
    abortAfterDays: fc.constant(undefined),
  })
  fc.assert(
    fc.property(rule, (value) => {
      const rules = parseLifecycle(parseDocument(formatLifecycle([value]), 'LifecycleConfiguration'))
      expect(rules).toEqual([value])
    }),
    { numRuns: 300 },
  )
})

const rule = (...inner: string[]): string =>
  `<LifecycleConfiguration><Rule>${inner.join('')}</Rule></LifecycleConfiguration>`
const ON = '<Status>Enabled</Status>'
const ALL = '<Filter/>'
const DAYS = '<Expiration><Days>1</Days></Expiration>'
const ABORT =
  '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>'
const filter = (inner: string): string => rule(ON, `<Filter>${inner}</Filter>`, DAYS)
const expiration = (inner: string): string => rule(ON, ALL, `<Expiration>${inner}</Expiration>`)
const TAG = '<Tag><Key>a</Key><Value>b</Value></Tag>'

describe('refused', () => {
  const refusals: readonly [what: string, document: string, code: string][] = [
    ['nothing', '', 'MalformedXML'],
    ['a character that XML has not', filter('<Prefix>tmp/\x01</Prefix>'), 'MalformedXML'],
    ['a reference to one', filter('<Prefix>tmp/&#1;</Prefix>'), 'MalformedXML'],
    ['a reference to half a character', filter('<Prefix>tmp/&#xD800;</Prefix>'), 'MalformedXML'],
    ['no rule', '<LifecycleConfiguration/>', 'MalformedXML'],
    ['an unknown element', rule(ON, ALL, DAYS, '<Colour/>'), 'MalformedXML'],
    ['an unknown filter', filter('<Suffix>.jpg</Suffix>'), 'MalformedXML'],
    ['no status', rule(ALL, DAYS), 'MalformedXML'],
    ['an unknown status', rule('<Status>On</Status>', ALL, DAYS), 'MalformedXML'],
    ['neither filter nor prefix', rule(ON, DAYS), 'MalformedXML'],
    ['filter and prefix', rule(ON, ALL, '<Prefix>a</Prefix>', DAYS), 'MalformedXML'],
    ['two predicates without And', filter(`<Prefix>a</Prefix>${TAG}`), 'MalformedXML'],
    ['And with one', filter(`<And>${TAG}</And>`), 'MalformedXML'],
    ['And beside another', filter(`<And>${TAG}<Prefix/></And><Prefix>a</Prefix>`), 'MalformedXML'],
    ['a size that is none', filter('<ObjectSizeLessThan>big</ObjectSizeLessThan>'), 'MalformedXML'],
    ['days that are none', expiration('<Days>1.5</Days>'), 'MalformedXML'],
    ['days and a date', expiration('<Days>1</Days><Date>2030-01-01</Date>'), 'MalformedXML'],
    ['neither days nor date', expiration(''), 'MalformedXML'],
    ['a date that is none', expiration('<Date>2030-13-01T00:00:00Z</Date>'), 'MalformedXML'],
    ['a date of another shape', expiration('<Date>1 May 2030</Date>'), 'MalformedXML'],
    ['two expirations', rule(ON, ALL, DAYS, DAYS), 'MalformedXML'],
    [
      'too many rules',
      rule(`${[ON, ALL, DAYS].join('')}</Rule><Rule>`.repeat(1000), ON, ALL, DAYS),
      'MalformedXML',
    ],
    ['an hour', expiration('<Date>2030-01-01T01:00:00Z</Date>'), 'InvalidArgument'],
    ['no days', expiration('<Days>0</Days>'), 'InvalidArgument'],
    ['days before', expiration('<Days>-1</Days>'), 'InvalidArgument'],
    ['a long ID', rule(`<ID>${'x'.repeat(256)}</ID>`, ON, ALL, DAYS), 'InvalidArgument'],
    [
      'an ID twice',
      rule('<ID>a</ID>', ON, ALL, DAYS, '</Rule><Rule><ID>a</ID>', ON, ALL, DAYS),
      'InvalidArgument',
    ],
    ['no action', rule(ON, ALL), 'InvalidRequest'],
    ['an abort by tag', rule(ON, `<Filter>${TAG}</Filter>`, ABORT), 'InvalidRequest'],
    ['a tag twice', filter(`<And>${TAG}${TAG}</And>`), 'InvalidRequest'],
    ['a tag that cannot be', filter('<Tag><Key>a</Key><Value>&amp;</Value></Tag>'), 'InvalidTag'],
    [
      'sizes that leave nothing',
      filter(
        '<And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></And>',
      ),
      'InvalidRequest',
    ],
    ['a transition', rule(ON, ALL, '<Transition><Days>1</Days></Transition>'), 'NotImplemented'],
    ['old versions', rule(ON, ALL, DAYS, '<NoncurrentVersionExpiration/>'), 'NotImplemented'],
    ['old versions elsewhere', rule(ON, ALL, DAYS, '<NoncurrentVersionTransition/>'), 'NotImplemented'],
    ['markers', expiration('<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>'), 'NotImplemented'],
  ]
  test.each(refusals)('%s', async (_what, body, code) => {
    const { url } = await startTestOrigin()
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const at = { url, method: 'PUT', path: `/${BUCKET}`, query: { lifecycle: '' } }
    expect((await sendSigned({ ...at, body, headers })).code).toBe(code)
    expect((await sendSigned({ ...at, method: 'GET' })).code).toBe('NoSuchLifecycleConfiguration')
  })

  test('without a digest, or to a bucket that is not there', async () => {
    const { url } = await startTestOrigin()
    const at = { url, method: 'PUT', query: { lifecycle: '' }, body: rule(ON, ALL, DAYS) }
    expect((await sendSigned({ ...at, path: `/${BUCKET}` })).code).toBe('InvalidRequest')
    expect((await sendSigned({ ...at, path: '/no-such-bucket' })).code).toBe('NoSuchBucket')
  })
})
