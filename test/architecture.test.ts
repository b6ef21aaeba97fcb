import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** Which parts a part of `src/` may import from; `types` are those it may name, but not call. */
const PARTS: Record<string, { imports: readonly string[]; types?: readonly string[] }> = {
  'main.ts': { imports: ['commands', 'config.ts', 'errors.ts', 'garbage-collector.ts'] },
  'garbage-collector.ts': { imports: [] },
  // What programs import.
  'index.ts': { imports: ['config.ts', 'hosted-delivery', 'running', 'urls'], types: ['cloudflare'] },
  'gateway.ts': {
    imports: [
      'audit',
      'cloudflare-delivery',
      'composition',
      'config.ts',
      'hosted-delivery',
      'http',
      'leases',
      'overlays',
      'storage',
      'telemetry',
      'transform',
      'urls',
    ],
    types: ['audit', 'circuit', 'cloudflare', 'pages', 'render'],
  },
  composition: {
    imports: [
      'admission',
      'api',
      'audit',
      'bucket-events',
      'cdn',
      'config.ts',
      'errors.ts',
      'events',
      'hosted',
      'hosted-api',
      'hosted-delivery',
      'identity',
      'leases',
      'library',
      'limits',
      'machine',
      'media',
      'overlays',
      'pages',
      'purging',
      'remote',
      'render',
      'settings',
      'sources',
      'storage',
      'sweep',
      'telemetry',
      'traffic',
      'transfers',
      'transform',
      'uploads',
      'urls',
      'variants',
    ],
    types: ['circuit'],
  },
  'config.ts': { imports: ['settings', 'telemetry', 'transform'] },
  settings: { imports: ['cdn', 'identity', 'media', 'remote', 'transform'] },
  'errors.ts': { imports: [] },
  running: {
    imports: [
      'composition',
      'config.ts',
      'gateway.ts',
      'http',
      'identity',
      'machine',
      'media',
      'render',
      'storage',
      'telemetry',
    ],
    types: ['pages'],
  },
  commands: {
    imports: [
      'admission',
      'audit',
      'cdn',
      'composition',
      'config.ts',
      'errors.ts',
      'events',
      'gateway.ts',
      'http',
      'identity',
      'leases',
      'machine',
      'media',
      'overlays',
      'purging',
      'render',
      'running',
      'setup',
      'storage',
      'sweep',
      'telemetry',
      'traffic',
      'transform',
      'urls',
      'warming',
    ],
    types: ['sources', 'variants'],
  },
  http: {
    imports: [
      'cdn',
      'coding',
      'connections',
      'errors.ts',
      'identity',
      'limits',
      'sources',
      'transform',
      'urls',
      'variants',
    ],
    types: ['audit', 'media', 'telemetry'],
  },
  // How many clients there are, how slow they may be, and what of theirs can be read.
  connections: { imports: ['errors.ts'] },
  // How bytes are coded on their way.
  coding: { imports: [] },
  urls: { imports: ['errors.ts', 'transform'] },
  // Cloudflare's image URLs.
  cloudflare: { imports: ['errors.ts', 'transform', 'urls'] },
  'cloudflare-delivery': {
    imports: [
      'cdn',
      'cloudflare',
      'errors.ts',
      'http',
      'identity',
      'remote',
      'sources',
      'transform',
      'urls',
      'variants',
    ],
  },
  transform: { imports: ['errors.ts'] },
  sources: { imports: ['errors.ts', 'media', 'urls'], types: ['storage', 'transform'] },
  // What is drawn over pictures.
  overlays: { imports: ['errors.ts', 'sources', 'transform'], types: ['render', 'storage'] },
  // Sources on other servers.
  remote: { imports: ['errors.ts', 'sources', 'urls'], types: ['admission', 'storage'] },
  variants: {
    imports: ['cdn', 'errors.ts', 'media', 'sources', 'transform', 'urls', 'verdicts'],
    types: ['admission', 'overlays', 'render', 'storage'],
  },
  // What is known not to work.
  verdicts: { imports: ['errors.ts', 'transform'], types: ['sources'] },
  render: { imports: ['errors.ts', 'transform'], types: ['pixels'] },
  // What of the machine this process may use.
  machine: { imports: [] },
  // Who is let in to what is dear, and when.
  admission: { imports: ['errors.ts', 'transform'], types: ['render'] },
  pixels: { imports: ['drawing', 'errors.ts', 'retouch', 'structure', 'transform'] },
  // What files are made of, read without a decoder.
  structure: { imports: [] },
  // What is done to pixels that lie in memory.
  retouch: { imports: ['errors.ts', 'transform'] },
  // What of an SVG is harmless.
  drawing: { imports: ['errors.ts'] },
  storage: { imports: ['circuit', 'errors.ts'] },
  // Who is not asked any more while they do not answer.
  circuit: { imports: [] },
  media: { imports: ['errors.ts', 'urls'], types: ['admission', 'render', 'storage'] },
  leases: { imports: [], types: ['storage'] },
  setup: { imports: [], types: ['storage'] },
  sweep: {
    imports: ['cdn', 'errors.ts', 'hosted', 'leases', 'library', 'media', 'sources', 'storage', 'urls'],
    types: ['events', 'purging', 'transfers'],
  },
  cdn: { imports: ['sources', 'urls'], types: ['media', 'purging', 'storage'] },
  // What the edge has to forget, until it has.
  purging: { imports: ['cdn', 'errors.ts', 'leases', 'storage', 'urls'], types: ['media'] },
  // What others change in the bucket, made known to all caches.
  'bucket-events': {
    imports: ['cdn', 'errors.ts', 'http', 'leases', 'media', 'storage', 'urls'],
  },
  // What the logs of the edge and the counters of gateways say.
  traffic: { imports: [], types: ['storage', 'transfers'] },
  // Asking for pictures before somebody does.
  warming: { imports: ['errors.ts', 'media', 'urls'], types: ['storage', 'transform'] },
  transfers: { imports: ['errors.ts', 'storage'] },
  audit: { imports: ['errors.ts', 'leases'], types: ['storage'] },
  events: { imports: ['errors.ts', 'leases', 'media', 'urls'], types: ['storage'] },
  identity: { imports: ['errors.ts', 'urls'], types: ['audit', 'media', 'sources', 'variants'] },
  library: {
    imports: ['cdn', 'errors.ts', 'events', 'media', 'sources', 'storage', 'urls'],
    types: ['purging', 'transfers', 'transform'],
  },
  uploads: {
    imports: ['errors.ts', 'identity', 'leases', 'library', 'media', 'pixels', 'transfers', 'urls'],
    types: ['audit', 'render', 'storage', 'transform'],
  },
  limits: { imports: ['cdn', 'errors.ts', 'transform'], types: ['urls', 'variants'] },
  api: {
    imports: [
      'cdn',
      'errors.ts',
      'http',
      'identity',
      'leases',
      'limits',
      'media',
      'sweep',
      'transform',
      'uploads',
      'urls',
    ],
    types: ['audit', 'events', 'library', 'purging', 'storage', 'transfers', 'telemetry'],
  },
  // Hosted images as pages show them: URLs, variants and signatures.
  'hosted-delivery': {
    imports: ['cdn', 'cloudflare', 'cloudflare-delivery', 'errors.ts', 'http', 'sources', 'urls'],
    types: ['audit', 'hosted', 'identity', 'transform', 'variants'],
  },
  // Hosted images: items of the library under names of their owners' choice.
  hosted: {
    imports: ['errors.ts', 'leases', 'sources', 'storage', 'uploads', 'urls'],
    types: ['library'],
  },
  // The API that programs written for Cloudflare Images call.
  'hosted-api': {
    imports: ['api', 'errors.ts', 'hosted', 'http', 'limits', 'uploads'],
    types: ['library', 'sources', 'urls'],
  },
  telemetry: { imports: [], types: ['circuit', 'events', 'purging', 'render', 'storage'] },
  // What browsers are given to run.
  pages: { imports: ['cdn', 'http'] },
  // Runs in browsers, and is built by itself.
  browser: { imports: [] },
}

/** Packages that only their owners may import. */
const OWNERS: readonly [packageName: RegExp, owners: readonly string[]][] = [
  [
    /^hono|^@hono\//,
    ['api', 'bucket-events', 'cloudflare-delivery', 'hosted-api', 'hosted-delivery', 'http', 'pages'],
  ],
  [/^sharp$/, ['pixels', 'retouch']],
  [/^jsdom$|^dompurify$|^saxes$|^css-tree$/, ['drawing']],
  [/^thumbhash$/, ['browser', 'pixels']],
  [/^@aws-sdk\/|^@smithy\//, ['storage', 'transfers', 'cdn', 'purging', 'bucket-events']],
  [/^undici$/, ['storage', 'events', 'identity', 'remote']],
  [/^jose$/, ['identity']],
  [/^@fastify\/busboy$/, ['uploads']],
  [/^rate-limiter-flexible$|^iovalkey$/, ['limits']],
  [/^pino$|^prom-client$/, ['telemetry', 'http']],
  [/^commander$/, ['main.ts']],
  [/^csv-parse/, ['media']],
  [/^@csstools\//, ['cloudflare']],
]

const IMPORT = /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'/gm

interface Import {
  readonly from: string
  readonly to: string
  readonly isType: boolean
}

/** The first folder, or the file, of a path below `src/`. */
const partOf = (path: string) => path.split('/')[0] ?? ''

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, name = '']) => ({
    from: file,
    to: name.startsWith('.') ? join(dirname(file), name) : name,
    isType: type !== undefined,
  }))
}

/** What an import breaks, in words; nothing when it is allowed. */
function violation({ from, to, isType }: Import): string | undefined {
  const part = partOf(from)
  const rule = PARTS[part]
  if (rule === undefined) return `${from}: ${part} is no part`
  if (to.startsWith('..')) return `${from} leaves src: ${to}`
  const owners = OWNERS.find(([name]) => name.test(to))?.[1]
  if (owners !== undefined && !owners.includes(part))
    return `${from} imports ${to}, which only ${owners.join(', ')} may`
  const other = partOf(to)
  if (PARTS[other] === undefined || other === part) return undefined
  const allowed = rule.imports.includes(other) || (isType && rule.types?.includes(other))
  return allowed ? undefined : `${from} imports ${isType ? 'types of ' : ''}${to}, which ${part} may not`
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => relative('.', join(root, name)))
}

const read = (file: string) => readFileSync(file, 'utf8')

test('every part of src imports only what it may', () => {
  const imports = filesOf('src').flatMap((file) => importsOf(relative('src', file), read(file)))
  expect(imports.length).toBeGreaterThan(100)
  expect(imports.flatMap((found) => violation(found) ?? [])).toEqual([])
})

test('gateway, origin and sample painter import nothing of each other', () => {
  const leaving = ['origin', 'src', 'samples']
    .flatMap(filesOf)
    .flatMap((file) =>
      importsOf(file, read(file)).filter(
        ({ to }) => /^(?:src|origin|samples)\//.test(to) && partOf(to) !== partOf(file),
      ),
    )
  expect(leaving).toEqual([])
})

test('only config.ts reads the environment', () => {
  const readers = filesOf('src').filter((file) => /process\.env|process\['env'\]/.test(read(file)))
  expect(readers).toEqual(['src/config.ts'])
})

test('no folder in a folder, and no folder of more than 14 files', () => {
  const files = filesOf('src').map((file) => relative('src', file))
  expect(files.filter((file) => file.split('/').length > 2)).toEqual([])
  const sizeOf = (part: string) => files.filter((file) => partOf(file) === part).length
  expect(Object.keys(PARTS).filter((part) => sizeOf(part) === 0 || sizeOf(part) > 14)).toEqual([])
})

test.each([
  ['urls/target.ts', "import { find } from '../sources/sources.ts'"],
  ['variants/delivery.ts', "import { createS3ObjectStore } from '../storage/s3-object-store.ts'"],
  ['http/app.ts', "import sharp from 'sharp'"],
  ['sources/journal.ts', "import { Hono } from 'hono'"],
  ['media/records.ts', "export { S3Client } from '@aws-sdk/client-s3'"],
  ['pixels/render.ts', "import { Admission } from '../admission/admission.ts'"],
  ['browser/session.ts', "import type { Ticket } from '../uploads/uploads.ts'"],
  ['nowhere/a.ts', "import { a } from '../urls/ids.ts'"],
  ['urls/ids.ts', "import { a } from '../../origin/log.ts'"],
])('a planted violation is found: %s, %s', (file, line) => {
  expect(importsOf(file, line).flatMap((found) => violation(found) ?? [])).toHaveLength(1)
})
