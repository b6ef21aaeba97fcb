/**
 * What is shipped, as a bill of materials on standard output: CycloneDX in JSON, by npm out of the lock file. npm's own
 * `--omit dev` leaves out what is shipped and used by our tools as well, so that is done here, by its mark.
 */
import { execFileSync } from 'node:child_process'
import { z } from 'zod'

const DEVELOPMENT = 'cdx:npm:package:development'

const bom = z.looseObject({
  components: z.array(
    z.looseObject({
      'bom-ref': z.string(),
      properties: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
    }),
  ),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
})

const whole = bom.parse(
  JSON.parse(
    execFileSync(
      'npm',
      ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] },
    ),
  ),
)
const isTool = ({ properties = [] }: (typeof whole.components)[number]) =>
  properties.some(({ name }) => name === DEVELOPMENT)
const tools = new Set(whole.components.filter(isTool).map((component) => component['bom-ref']))
const shipped = {
  ...whole,
  components: whole.components.filter((component) => !isTool(component)),
  dependencies: whole.dependencies
    .filter(({ ref }) => !tools.has(ref))
    .map((entry) => ({ ...entry, dependsOn: entry.dependsOn?.filter((ref) => !tools.has(ref)) })),
}
process.stdout.write(`${JSON.stringify(shipped, null, 2)}\n`)
