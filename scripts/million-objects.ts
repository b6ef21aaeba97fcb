import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { presignedPath } from '../bench/origin/presign.ts'
import { layoutOf } from '../origin/store/layout.ts'
import { recordName, seal } from '../origin/store/object-record.ts'

/**
 * How long an origin of many objects takes to start, what memory it needs and how fast it lists.
 * usage: npm run test:million [-- COUNT]
 */
const count = Number(process.argv[2] ?? 1_000_000)
const BUCKET = 'many'
const CREDENTIALS = { accessKeyId: 'many', secretAccessKey: 'many-objects' }

const directory = mkdtempSync(join(tmpdir(), 'origin-many-'))
try {
  fill(directory)
  await measure('first start')
  await measure('second start, files in the page cache')
} finally {
  rmSync(directory, { recursive: true })
}

/** As a server would have left them, without its syncs: two files an object. */
function fill(root: string): void {
  const layout = layoutOf(root)
  for (const path of [...Object.values(layout), join(layout.meta, BUCKET)])
    mkdirSync(path, { recursive: true })
  writeFileSync(join(layout.buckets, BUCKET), `${JSON.stringify({ createdAt: Date.now() })}\n`)
  for (let index = 0; index < count; index += 1) {
    const key = `items/${index % 1000}/photos/${index}/original-${randomBytes(8).toString('hex')}.jpg`
    const blob = randomBytes(16).toString('hex')
    const record = {
      key,
      blob,
      bytes: 1,
      etag: randomBytes(16).toString('hex'),
      lastModified: Math.floor(Date.now() / 1000) * 1000,
      headers: [['content-type', 'image/jpeg']] as const,
      checksum: { name: 'crc32' as const, value: randomBytes(4).toString('base64') },
    }
    writeFileSync(join(layout.blobs, blob), 'x')
    writeFileSync(join(layout.meta, BUCKET, recordName(key)), seal(JSON.stringify(record)))
  }
}

async function measure(what: string): Promise<void> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['dist/origin/main.js'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      ORIGIN_PORT: '0',
      ORIGIN_DIR: directory,
      ORIGIN_CREDENTIALS: `${CREDENTIALS.accessKeyId}:${CREDENTIALS.secretAccessKey}`,
    },
  })
  try {
    const [line] = await once(child.stdout, 'data')
    const startMs = performance.now() - startedAt
    const { url }: { url: string } = JSON.parse(String(line))
    const listing = await listAll(url)
    const [, kilobytes = ''] =
      /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
    console.log(
      `${what}: ${count} objects in ${(startMs / 1000).toFixed(1)} s, ${Math.round(Number(kilobytes) / 1024)} MiB resident, ` +
        `${listing.keys} keys listed at ${Math.round(listing.keys / listing.seconds)} a second`,
    )
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

async function listAll(url: string): Promise<{ keys: number; seconds: number }> {
  const startedAt = performance.now()
  let keys = 0
  let token: string | undefined
  do {
    const query = new Map([['list-type', '2']])
    if (token !== undefined) query.set('continuation-token', token)
    const response = await fetch(
      url + presignedPath({ method: 'GET', url, path: `/${BUCKET}`, query }, CREDENTIALS),
    )
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    keys += text.split('<Key>').length - 1
    token = /<NextContinuationToken>([^<]*)</.exec(text)?.[1]
  } while (token !== undefined)
  return { keys, seconds: (performance.now() - startedAt) / 1000 }
}
