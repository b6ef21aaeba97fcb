import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include'
import { Construct } from 'constructs'

export type TemplateName = 'bucket' | 'roles' | 'service' | 'edge' | 'alarms'

/**
 * One of the templates of `deploy/cloudformation` as a construct: the same resources under the same names. What it has
 * no parameter for is left out of `settings`, so that all templates can be handed the same.
 */
export class HalftoneTemplate extends Construct {
  /** The resources by their names in the template, to be added to or overridden. */
  readonly included: CfnInclude

  constructor(scope: Construct, name: TemplateName, settings: Readonly<Record<string, unknown>>) {
    super(scope, name)
    const templateFile = fileURLToPath(new URL(`../cloudformation/${name}.yaml`, import.meta.url))
    const known = parametersOf(templateFile)
    const parameters = Object.fromEntries(Object.entries(settings).filter(([given]) => known.has(given)))
    this.included = new CfnInclude(this, 'Template', { templateFile, parameters })
  }

  /** What the template tells others, by its name there. */
  output(name: string): string {
    return String(this.included.getOutput(name).value)
  }
}

function parametersOf(file: string): ReadonlySet<string> {
  const [, section = ''] = readFileSync(file, 'utf8').split(/^Parameters:$/m)
  const [lines = ''] = section.split(/^\S/m)
  return new Set([...lines.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name))
}
