/**
 * What somebody does who installs the package: packed from a clean clone, put into an empty folder, started, served
 * from, imported. Fails when anything is missing in the tarball, too much is in it, or its types do not resolve.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { FREE_PORTS, startProgram } from './package/program.ts'

const PUBLINT = 'publint@0.3.25'
const TYPES_WRONG = '@arethetypeswrong/cli@0.18.5'
const MAX_PACKED_BYTES = 700_000
const WANTED =
  /^(?:dist\/.+\.js|dist\/browser\/.+\.(?:d\.ts|css)|dist\/types\/src\/(?:index|cloudflare\/face-detector)\.d\.ts|docs\/[\w-]+\.md)$/
const ABOUT = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
/** Without one of these a command of the program does nothing. */
const NEEDED = [
  'src/main.js',
  'src/pixels/worker.js',
  'origin/main.js',
  'browser/demo.css',
  'samples/painter.js',
  'browser/uploader.js',
]

const PROGRAM = `
import { type RunningGateway, signTarget, startGateway } from 'halftone'
const gateway: RunningGateway = await startGateway(process.env)
const answer = await fetch(gateway.url + signTarget('/img/items/demo-1/333.webp', process.env['KEY'] ?? ''))
console.log(answer.status, answer.headers.get('content-type'))
await gateway.close()
`
const PAGE = `
import { createUploader, type Uploader, UploadError } from 'halftone/browser'
export const uploader: Uploader = createUploader({ api: '/api/v1' })
export const isOurs = (error: unknown): boolean => error instanceof UploadError
`

const packed = z.tuple([
  z.object({ filename: z.string(), size: z.number(), files: z.array(z.object({ path: z.string() })) }),
])

const root = process.cwd()
const work = mkdtempSync(join(tmpdir(), 'halftone-package-'))
const empty = join(work, 'empty')
const say = (text: string) => process.stdout.write(`${text}\n`)

/** Runs a program to its end; throws with all it has said unless it ends with 0. */
function run(directory: string, [program, ...args]: readonly [string, ...string[]]): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: directory, encoding: 'utf8' })
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(' ')}: ${status}\n${stdout}${stderr}`)
  return stdout
}

/** The tarball of the last commit. */
function pack(): string {
  const clone = join(work, 'clone')
  run(work, ['git', 'clone', '--quiet', root, clone])
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  const output = run(clone, ['npm', 'pack', '--json', '--silent', '--pack-destination', work])
  const [{ filename, size, files }] = packed.parse(JSON.parse(output.slice(output.indexOf('['))))
  const paths = files.map(({ path }) => path)
  assert.deepEqual(
    paths.filter((path) => !WANTED.test(path) && !ABOUT.includes(path)),
    [],
    'what is in the tarball and should not be',
  )
  const missing = [...ABOUT, ...NEEDED.map((file) => `dist/${file}`)].filter((path) => !paths.includes(path))
  assert.deepEqual(missing, [], 'what is missing in the tarball')
  assert.ok(size <= MAX_PACKED_BYTES, `${size} bytes, ${MAX_PACKED_BYTES} at most`)
  say(`packed: ${paths.length} files, ${Math.round(size / 1000)} KB`)
  return join(work, filename)
}

function install(tarball: string): void {
  mkdirSync(empty)
  run(empty, ['npm', 'init', '--yes'])
  run(empty, ['npm', 'pkg', 'set', 'type=module'])
  run(empty, ['npm', 'install', '--omit=dev', '--no-audit', '--no-fund', tarball])
  const licence = readFileSync(join(empty, 'node_modules', 'halftone', 'LICENSE'), 'utf8')
  assert.match(licence, /^MIT License/)
  assert.equal(
    run(empty, ['npm', 'pkg', 'get', 'license', '--prefix', 'node_modules/halftone']).trim(),
    '"MIT"',
  )
  say('installed in an empty folder')
}

/** Types of both entries, in strict programs as Node and as bundlers resolve them. */
function compile(): void {
  writeFileSync(join(empty, 'program.ts'), PROGRAM)
  writeFileSync(join(empty, 'page.ts'), PAGE)
  // A dependency may have brought types of its own.
  mkdirSync(join(empty, 'node_modules', '@types'), { recursive: true })
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(empty, 'node_modules', '@types', 'node'))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const strict = ['--strict', '--target', 'es2023', '--types', 'node', '--noUncheckedSideEffectImports']
  run(empty, [tsc, ...strict, '--module', 'nodenext', 'program.ts'])
  const bundled = ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2023,dom,dom.iterable']
  run(empty, [tsc, ...strict, ...bundled, '--noEmit', 'page.ts'])
  say('its types resolve, for Node and for bundlers')
}

async function look(url: string, expected: RegExp): Promise<Headers> {
  const answer = await fetch(url)
  const body = Buffer.from(await answer.arrayBuffer()).toString('latin1')
  assert.equal(answer.status, 200, `${url}: ${body.slice(0, 500)}`)
  assert.match(body, expected, url)
  return answer.headers
}

/** Everything on this machine, and beside it a gateway on the same bucket, as a command and as an import. */
async function tryOut(): Promise<void> {
  const started = await startProgram(empty, ['start'], /Open (http:\S+)\/ or try/)
  try {
    const picture = '/img/items/demo-1/320.webp'
    await look(`${started.found}${picture}`, /^RIFF....WEBP/s)
    await look(`${started.found}/`, /demo-8/)
    await look(`${started.found}/halftone.js`, /export/)
    const data = join(empty, 'data')
    assert.ok(existsSync(join(data, 'origin')), 'the data is in the folder where it was started')
    say('npx halftone start: pictures, page and browser module')

    const [, endpoint = ''] = /Bucket: (http:\S+)/.exec(await started.line(/Bucket: http/)) ?? []
    const [id = '', secret = ''] = readFileSync(join(data, 'origin-credentials'), 'utf8').trim().split(':')
    const bucket = {
      ...FREE_PORTS,
      HALFTONE_BUCKET: 'halftone',
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
    }
    const served = await startProgram(empty, ['serve'], /"url":"(http:[^"]+)".*"msg":"listening"/, bucket)
    const headers = await look(`${served.found}${picture}`, /^RIFF....WEBP/s)
    assert.equal(headers.get('cache-status'), 'memory; fwd=miss, bucket; hit')
    await served.stop()
    await served.line(/"msg":"stopped"/)
    say('npx halftone serve: what the other has stored')
    importIt(bucket)
  } finally {
    await started.stop()
  }
}

function importIt(bucket: Readonly<Record<string, string>>): void {
  const key = 'a key to sign sizes with'
  const { stdout, stderr } = spawnSync(process.execPath, ['program.js'], {
    cwd: empty,
    env: { ...process.env, ...bucket, KEY: key, HALFTONE_SIGNING_KEYS: key, HALFTONE_LOG_LEVEL: 'silent' },
    encoding: 'utf8',
  })
  assert.equal(stdout, '200 image/webp\n', stderr)
  say("import … from 'halftone': a gateway inside a program, and a signed size")
}

function refuseWithoutBucket(): void {
  const { status, stderr } = spawnSync('npx', ['halftone', 'serve'], { cwd: empty, encoding: 'utf8' })
  assert.equal(status, 78)
  assert.match(stderr, /HALFTONE_BUCKET/)
  say('npx halftone serve without a bucket: exit code 78')
}

try {
  const tarball = pack()
  run(work, ['npx', '--yes', PUBLINT, tarball, '--strict'])
  say('publint: nothing')
  // It is for `import` alone, which Node 20 and later and every bundler know.
  run(work, ['npx', '--yes', '-p', TYPES_WRONG, 'attw', tarball, '--profile', 'esm-only'])
  say('Are the types wrong: no')
  install(tarball)
  compile()
  refuseWithoutBucket()
  await tryOut()
} finally {
  rmSync(work, { recursive: true, force: true })
}
