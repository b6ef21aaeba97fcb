import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parsePolicy } from '../../origin/policy/bucket-policy.ts'
import type { Files } from '../../origin/store/files.ts'
import type { Layout } from '../../origin/store/layout.ts'
import { load } from '../../origin/store/load.ts'
import { type RawRequest, sendSigned } from '../origin/signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../origin/start-test-origin.ts'
import { Recorder } from './recorder.ts'
import { type Allowed, REPLAY_MS, replay, type Recording, withoutSync } from './replay.ts'

const OBJECT = 'tagged'
const VERSION = /\bversion-\d\b/

/** Each configuration of a bucket, and its document with a version in it. */
const DOCUMENTS: Readonly<Record<string, (version: string) => string>> = {
  cors: (version) =>
    `<CORSConfiguration><CORSRule><AllowedOrigin>https://${version}.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`,
  lifecycle: (version) =>
    `<LifecycleConfiguration><Rule><ID>${version}</ID><Filter><Prefix/></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>`,
  policy: (version) =>
    JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${BUCKET}/${version}/*`,
      },
    }),
}

test(
  'every prefix of the file operations of bucket settings and tags: each acknowledged one is there, each is wholly old or wholly new',
  async () => {
    const recording = await recorded((files) => files)
    const { states, prefixes, faults } = replay(recording)
    console.log(`${recording.moments.length} moments, ${prefixes} prefixes, ${states} different disks`)
    expect(faults).toEqual([])
    expect(states).toBeGreaterThan(100)
  },
  REPLAY_MS,
)

test.each([
  { what: 'of the settings', skips: (path: string) => path.includes('/tmp/') },
  { what: 'of their names', skips: (path: string) => path.endsWith('buckets') },
  { what: 'of the names of records', skips: (path: string) => path.endsWith(`meta/${BUCKET}`) },
])(
  'without a sync $what it would be seen',
  async ({ skips }) => {
    const recording = await recorded((files, directory) =>
      withoutSync(files, (path) => skips(path.slice(directory.length))),
    )
    expect(replay(recording).faults).not.toEqual([])
  },
  REPLAY_MS,
)

/** Changes the configurations of one bucket and the tags of an object side by side, on a recorder. */
async function recorded(wrap: (files: Files, directory: string) => Files): Promise<Recording> {
  const recorder = new Recorder()
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory, files: wrap(recorder.files, directory) })
  const send = async (what: string, state: string, request: Partial<RawRequest>): Promise<void> => {
    recorder.note('asked', what, state)
    const { status } = await sendSigned({ url: origin.url, path: `/${BUCKET}`, ...request })
    expect(status).toBeLessThan(300)
    recorder.note('acknowledged', what, state)
  }
  const change = async (what: string, document: (version: string) => string, path: string): Promise<void> => {
    const put = (version: string): Promise<void> => {
      const body = document(version)
      const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
      return send(what, version, { method: 'PUT', path, query: { [what]: '' }, headers, body })
    }
    await put('version-1')
    await put('version-2')
    await send(what, 'absent', { method: 'DELETE', path, query: { [what]: '' } })
    await put('version-3')
  }
  const tag = async (): Promise<void> => {
    const path = `/${BUCKET}/${OBJECT}`
    await send('object', 'present', { method: 'PUT', path, body: 'body' })
    await change('tagging', taggingOf, path)
  }
  const configure = Object.entries(DOCUMENTS).map(([what, document]) => change(what, document, `/${BUCKET}`))
  await Promise.all([...configure, tag()])
  await origin.close()
  return { moments: recorder.moments, directory, check }
}

/** Starts on what the crash left, and compares. */
function check(layout: Layout, allowed: Allowed): string[] {
  const faults: string[] = []
  const { buckets } = load(layout, ({ what }) => faults.push(what))
  const bucket = buckets.find(({ name }) => name === BUCKET)
  const record = bucket?.records.find(({ key }) => key === OBJECT)
  const { cors, lifecycle, policy } = bucket?.settings ?? {}
  if (policy) parsePolicy(policy.document, BUCKET)
  const found: Readonly<Record<string, string>> = {
    cors: versionIn(cors),
    lifecycle: versionIn(lifecycle),
    policy: versionIn(policy?.document),
    tagging: versionIn(record?.tags),
    object: record === undefined ? 'absent' : 'present',
  }
  for (const [what, states] of allowed) {
    const state = found[what] ?? ''
    if (!states.has(state)) faults.push(`${what} is ${state}, not ${[...states].join(' or ')}`)
  }
  return faults
}

function versionIn(value: unknown): string {
  return VERSION.exec(JSON.stringify(value) ?? '')?.[0] ?? 'absent'
}

function taggingOf(version: string): string {
  return `<Tagging><TagSet><Tag><Key>version</Key><Value>${version}</Value></Tag></TagSet></Tagging>`
}
