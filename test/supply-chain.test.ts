import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const exact = z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/, 'an exact version'))
const packageFile = z.object({ dependencies: exact, devDependencies: exact, overrides: exact })
const lockFile = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
})

/** Licences that a program under the MIT licence may be used with; those that ask for more are named in docs/licences.md. */
const ALLOWED = new Set([
  '(MPL-2.0 OR Apache-2.0)',
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND LGPL-3.0-or-later',
  'Apache-2.0 AND LGPL-3.0-or-later AND MIT',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
])

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))
const { packages } = lockFile.parse(readJson('package-lock.json'))
const locked = Object.entries(packages).filter(([path]) => path !== '')
const shipped = locked.filter(([, { dev }]) => dev !== true)
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

describe('the packages that are installed', () => {
  test('are named by exact versions', () => {
    expect(Object.keys(packageFile.parse(readJson('package.json')).dependencies).length).toBeGreaterThan(20)
  })

  test('come from the registry, and are what was locked, byte by byte', () => {
    const unlocked = locked.filter(([, { integrity, link, resolved }]) => {
      const isElsewhere = resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')
      return link === true || isElsewhere || !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')
    })
    expect(locked.length).toBeGreaterThan(100)
    expect(unlocked).toEqual([])
  })

  test('need no script of theirs to be run: the gate installs without any', () => {
    const withScript = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    // It has its program from a package of its own; the script only makes it start faster.
    expect(withScript.map(([path]) => nameOf(path))).toEqual(['esbuild'])
    expect(withScript.every(([, { dev }]) => dev === true)).toBe(true)
    expect(readFileSync('.ci/run', 'utf8')).toMatch(/^npm ci --ignore-scripts /m)
  })
})

describe('the packages that are shipped', () => {
  const rows = shipped.map(([path, { version, license }]) => ({ name: nameOf(path), version, license }))

  test('have licences that allow it', () => {
    expect(rows.filter(({ license }) => license === undefined || !ALLOWED.has(license))).toEqual([])
  })

  test('are listed with their licences: docs/licences.md', async () => {
    const table = [
      ...new Set(rows.map((row) => `| ${row.name} | ${row.version} | ${row.license} |`)),
    ].toSorted()
    await expect(`${HEAD}\n${table.join('\n')}\n`).toMatchFileSnapshot('../docs/licences.md')
  })

  test('are all in the bill of materials: npm run sbom', () => {
    const printed: unknown = JSON.parse(
      execFileSync('npm', ['run', '--silent', 'sbom'], { encoding: 'utf8' }),
    )
    const { components } = bom.parse(printed)
    const listed = components.map(
      ({ name, group, version }) => `${group ? `${group}/` : ''}${name}@${version}`,
    )
    expect(listed.toSorted()).toEqual(
      [...new Set(rows.map(({ name, version }) => `${name}@${version}`))].toSorted(),
    )
  })
})

/** CycloneDX 1.5 as far as it is looked at; components of npm have a purl, and a hash each. */
const bom = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  components: z.array(
    z.object({
      name: z.string(),
      group: z.string().optional(),
      version: z.string(),
      purl: z.string().startsWith('pkg:npm/'),
      hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string() })).min(1),
    }),
  ),
})

const HEAD = `# Licences

What is installed with Halftone, which itself is under the [MIT licence](../LICENSE). Written by \`npx vitest run test/supply-chain.test.ts --update\` from the lock file.
Packages under the LGPL are libvips and what it is built of, as shared libraries that may be replaced: \`@img/sharp-libvips-…\`, of which one is installed, by the platform.
The same as a bill of materials, CycloneDX in JSON, with a hash of each package: \`npm run sbom\`.

| package | version | licence |
|---|---|---|`
