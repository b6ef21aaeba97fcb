import { once } from 'node:events'
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { checkStore, type Finding, type Summary } from '../../origin/operating/fsck.ts'
import { layoutOf } from '../../origin/store/layout.ts'
import { type ObjectRecord, recordName, seal } from '../../origin/store/object-record.ts'
import { begin, complete, sendPart } from './multipart/upload-steps.ts'
import { sendSigned } from './signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

/** One with a checksum, one without, one that is empty, one of several reads. */
const OBJECTS: readonly { key: string; body: string; headers?: Record<string, string> }[] = [
  { key: 'checked', body: '123456789', headers: { 'x-amz-checksum-crc32c': '4waSgw==' } },
  { key: 'plain', body: 'plain' },
  { key: 'empty', body: '' },
  { key: 'large', body: 'large'.repeat(500_000) },
]
const BYTES = OBJECTS.reduce((sum, { body }) => sum + body.length, 0)

test('a store as a server leaves it is sound', async () => {
  const { summary, findings } = await check(await filledDirectory())
  expect(findings).toEqual([])
  expect(summary).toEqual({ objects: 4, bytes: BYTES, damaged: 0, missing: 0, orphaned: 0 })
})

describe('objects that came in parts', () => {
  async function directoryWithParts(): Promise<string> {
    const directory = temporaryDirectory()
    const origin = await startTestOrigin({ directory, minPartBytes: 4 })
    const upload = await begin(origin.url, 'parts', {
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-type': 'FULL_OBJECT',
    })
    const first = await sendPart(upload, 1, 'first', { 'x-amz-checksum-crc32': checksumOf('first') })
    const second = await sendPart(upload, 2, 'second', { 'x-amz-checksum-crc32': checksumOf('second') })
    expect([first.status, second.status]).toEqual([200, 200])
    const named = [first, second].map(({ headers }, index) => ({
      number: index + 1,
      etag: headers.etag ?? '',
      more: `<ChecksumCRC32>${checksumOf(['first', 'second'][index] ?? '')}</ChecksumCRC32>`,
    }))
    expect((await complete(upload, named)).status).toBe(200)
    const open = await begin(origin.url, 'open')
    expect((await sendPart(open, 1, 'still open')).status).toBe(200)
    await origin.close()
    return directory
  }

  test('are sound, and so is an upload under way', async () => {
    const { summary, findings } = await check(await directoryWithParts())
    expect(findings).toEqual([])
    expect(summary).toMatchObject({ objects: 1, bytes: 11 })
  })

  test('with a changed part are damaged', async () => {
    const directory = await directoryWithParts()
    const [, second] = record(directory, 'parts').parts ?? []
    writeFileSync(join(directory, 'blobs', second?.blob ?? ''), 'secOnd')
    const { findings } = await check(directory)
    expect(findings).toEqual([expect.objectContaining({ msg: 'damaged', key: 'parts' })])
  })

  test('without a part are missing', async () => {
    const directory = await directoryWithParts()
    const [first] = record(directory, 'parts').parts ?? []
    rmSync(join(directory, 'blobs', first?.blob ?? ''))
    const { findings } = await check(directory)
    expect(findings).toEqual([expect.objectContaining({ msg: 'missing', key: 'parts' })])
  })
})

test('an empty store is sound', async () => {
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory })
  await origin.close()
  expect((await check(directory)).summary.objects).toBe(0)
})

interface Damage {
  readonly what: string
  readonly inflict: (directory: string) => void
  readonly finding: Partial<Finding>
}

const DAMAGES: readonly Damage[] = [
  {
    what: 'a changed byte of an object with a checksum',
    inflict: (directory) => writeFileSync(blobOf(directory, 'checked'), '12345678X'),
    finding: { msg: 'damaged', bucket: BUCKET, key: 'checked', reason: 'its CRC32C is not 4waSgw==' },
  },
  {
    what: 'a changed byte of an object without one',
    inflict: (directory) => writeFileSync(blobOf(directory, 'plain'), 'plaiN'),
    finding: { msg: 'damaged', key: 'plain', reason: expect.stringContaining('MD5') },
  },
  {
    what: 'a changed last byte of a large object',
    inflict: (directory) => writeFileSync(blobOf(directory, 'large'), `${'large'.repeat(499_999)}larg3`),
    finding: { msg: 'damaged', key: 'large' },
  },
  {
    what: 'a shorter body',
    inflict: (directory) => truncateSync(blobOf(directory, 'plain'), 4),
    finding: { msg: 'damaged', key: 'plain', reason: 'it has 4 bytes and not 5' },
  },
  {
    what: 'a body that is no file',
    inflict(directory) {
      rmSync(blobOf(directory, 'plain'))
      mkdirSync(blobOf(directory, 'plain'))
    },
    finding: { msg: 'damaged', key: 'plain', reason: expect.stringContaining('cannot be read') },
  },
  {
    what: 'a missing body',
    inflict: (directory) => rmSync(blobOf(directory, 'plain')),
    finding: { msg: 'missing', bucket: BUCKET, key: 'plain' },
  },
  {
    what: 'a record under the name of another key',
    inflict: (directory) => writeFileSync(recordPath(directory, 'other'), sealed(record(directory, 'plain'))),
    finding: { msg: 'damaged', reason: 'the record cannot be read' },
  },
  {
    what: 'two records that name one file',
    inflict(directory) {
      const other = { ...record(directory, 'plain'), key: 'other' }
      writeFileSync(recordPath(directory, 'other'), sealed(other))
    },
    finding: { msg: 'damaged', reason: 'another record names the same file' },
  },
  {
    what: 'a file that no record names',
    inflict: (directory) =>
      copyFileSync(blobOf(directory, 'plain'), join(directory, 'blobs', '0'.repeat(32))),
    finding: { msg: 'orphaned', path: expect.stringContaining('0'.repeat(32)) },
  },
  {
    what: 'a file that was never finished',
    inflict: (directory) => writeFileSync(join(directory, 'tmp', 'half'), 'half a rec'),
    finding: { msg: 'orphaned', path: expect.stringMatching(/tmp.half$/) },
  },
  {
    what: 'what is left of a bucket that was deleted',
    inflict: (directory) => writeFileSync(join(directory, 'buckets', 'gone'), '{}'),
    finding: { msg: 'orphaned', path: expect.stringMatching(/buckets.gone$/) },
  },
  {
    what: 'a bucket without its own record',
    inflict: (directory) => rmSync(join(directory, 'buckets', BUCKET)),
    finding: { msg: 'missing', bucket: BUCKET },
  },
]

describe('finds, beside nothing else,', () => {
  test.each(DAMAGES)('$what', async ({ inflict, finding }) => {
    const directory = await filledDirectory()
    inflict(directory)
    const before = everythingIn(directory)
    const { summary, findings } = await check(directory)
    expect(findings).toEqual([expect.objectContaining(finding)])
    expect(summary).toMatchObject({ damaged: 0, missing: 0, orphaned: 0, [finding.msg ?? '']: 1 })
    expect(everythingIn(directory)).toEqual(before)
  })

  test('a damaged record, whose body then has no name', async () => {
    const directory = await filledDirectory()
    truncateSync(recordPath(directory, 'plain'), 20)
    const { findings } = await check(directory)
    expect(findings.map(({ msg }) => msg)).toEqual(['damaged', 'orphaned'])
  })
})

describe('the command', () => {
  test('exits with 0 when all is well, with 1 when something is not, and tells what', async () => {
    const directory = await filledDirectory()
    const sound = await run(directory)
    expect([sound.code, sound.lines]).toEqual([
      0,
      [{ msg: 'checked', directory, objects: 4, bytes: BYTES, damaged: 0, missing: 0, orphaned: 0 }],
    ])
    writeFileSync(blobOf(directory, 'plain'), 'plaiN')
    const faulty = await run(directory)
    expect(faulty.code).toBe(1)
    expect(faulty.lines).toEqual([
      expect.objectContaining({ msg: 'damaged', key: 'plain' }),
      expect.objectContaining({ msg: 'checked', damaged: 1 }),
    ])
    expect(readdirSync(directory)).not.toContain('lock')
  })

  test('exits with 2 while a server owns the directory', async () => {
    const directory = temporaryDirectory()
    await startTestOrigin({ directory })
    const { code, errors, lines } = await run(directory)
    expect([code, lines]).toEqual([2, []])
    expect(errors).toContain(`in use by process ${process.pid}`)
  })

  test('exits with 2 where there is no store, and makes none', async () => {
    const directory = temporaryDirectory()
    expect((await run(directory)).code).toBe(2)
    expect(readdirSync(directory)).toEqual([])
  })

  test.each([[['fsck', '--repair']], [['check']]])('knows no other arguments: %j', async (args) => {
    const { code, errors } = await run(temporaryDirectory(), args)
    expect([code, errors]).toEqual([64, 'usage: origin [fsck]\n'])
  })
})

async function filledDirectory(): Promise<string> {
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory })
  const { url } = origin
  for (const { key, body, headers = {} } of OBJECTS) {
    const put = await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${key}`, body, headers })
    expect(put.status).toBe(200)
  }
  await origin.close()
  return directory
}

async function check(directory: string): Promise<{ summary: Summary; findings: Finding[] }> {
  const findings: Finding[] = []
  const summary = await checkStore(layoutOf(directory), (finding) => findings.push(finding))
  return { summary, findings }
}

interface Ran {
  readonly code: number | null
  readonly lines: readonly unknown[]
  readonly errors: string
}

async function run(directory: string, args: readonly string[] = ['fsck']): Promise<Ran> {
  const child = spawn(process.execPath, ['dist/origin/main.js', ...args], {
    env: { PATH: process.env['PATH'], ORIGIN_DIR: directory },
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (piece) => (printed.stdout += String(piece)))
  child.stderr.on('data', (piece) => (printed.stderr += String(piece)))
  await once(child, 'close')
  const lines = printed.stdout.split('\n').filter((line) => line !== '')
  return {
    code: child.exitCode,
    lines: lines.map((line): unknown => JSON.parse(line)),
    errors: printed.stderr,
  }
}

function sealed(record: ObjectRecord): string {
  return seal(JSON.stringify(record))
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return bytes.toString('base64')
}

function recordPath(directory: string, key: string): string {
  return join(directory, 'meta', BUCKET, recordName(key))
}

function record(directory: string, key: string): ObjectRecord {
  return JSON.parse(readFileSync(recordPath(directory, key), 'utf8').slice(9))
}

function blobOf(directory: string, key: string): string {
  return join(directory, 'blobs', record(directory, key).blob ?? '')
}

function everythingIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()
}
