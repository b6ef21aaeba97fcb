import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createOrigin } from '../../origin/create-origin.ts'
import { ACCESS_KEY, SECRET } from '../origin/start-test-origin.ts'
import { CASES } from './cases.ts'
import { DIFFERENCES } from './differences.ts'
import { type Case, createClient, makeBucket, removeBucket, type Server, Subject } from './subject.ts'

const {
  S3_TEST_ENDPOINT: endpoint,
  S3_TEST_SERVER: name = 'unnamed',
  S3_TEST_REGION: region = 'us-east-1',
  S3_TEST_ACCESS_KEY_ID: accessKey = 'test',
  S3_TEST_SECRET_ACCESS_KEY: secret = 'test',
} = process.env

let server: Server
let client: S3Client
let bucket: string

beforeAll(async () => {
  server = endpoint === undefined ? await startOrigin() : { name, url: endpoint, region, accessKey, secret }
  client = createClient(server)
  bucket = await makeBucket(client)
  return async () => {
    await removeBucket(client, bucket)
    client.destroy()
  }
})

const differences = endpoint === undefined ? [] : (DIFFERENCES[name] ?? [])
const known = new Map(differences.flatMap(({ reason, cases }) => cases.map((each) => [each, reason])))

for (const [about, cases] of CASES) {
  // oxlint-disable-next-line vitest/valid-title -- the titles stand in the table of cases
  describe(about, () => {
    // Not `test.each`: that cuts long names, and the names are what the table of differences has.
    for (const each of cases) {
      // oxlint-disable-next-line vitest/valid-title -- as above
      test(each.name, async () => {
        expect.hasAssertions()
        await prove(each)
      })
    }
  })
}

async function prove({ name, run }: Case): Promise<void> {
  const subject = new Subject(server, client, bucket)
  const reason = known.get(name)
  if (reason === undefined) {
    onTestFinished(() => subject.clear())
    return run(subject)
  }
  // Nothing is cleared away here: what a server cannot take in or list it may not be able to remove either.
  const failed = await run(subject).then(
    () => false,
    () => true,
  )
  expect(failed, `no longer a difference, take it out of the table: ${reason}`).toBe(true)
}

const names = CASES.flatMap(([, cases]) => cases.map((each) => each.name))

test('every case has a name of its own', () => {
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test.each(Object.entries(DIFFERENCES))(
  'the differences of %s are of cases that there are',
  (_server, table) => {
    const listed = table.flatMap(({ cases }) => cases)
    expect(listed.filter((name) => !names.includes(name))).toEqual([])
    expect(listed.filter((name, index) => listed.indexOf(name) !== index)).toEqual([])
  },
)

async function startOrigin(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'origin-conformance-'))
  const origin = await createOrigin({ directory, port: 0, credentials: new Map([[ACCESS_KEY, SECRET]]) })
  afterAll(async () => {
    await origin.close()
    rmSync(directory, { recursive: true })
  })
  return { name: 'origin', url: origin.url, region: 'us-east-1', accessKey: ACCESS_KEY, secret: SECRET }
}
