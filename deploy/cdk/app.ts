import { App, Stack, Tags } from 'aws-cdk-lib'
import { HalftoneTemplate, type TemplateName } from './halftone.ts'

/** What differs from one deployment to the next: the names of the parameters of the templates. */
export type Settings = Readonly<Record<string, string | number | readonly string[]>>

const EDGE_REGION = 'us-east-1'

/** A stack for each template; what one tells, the next of its region is given. */
export function createApp(app: App, region: string, settings: Settings) {
  const ofHalftone = Object.entries(settings)
  const construct = (name: TemplateName, given: Readonly<Record<string, unknown>>, at = region) => {
    const stack = new Stack(app, `halftone-${name}`, {
      env: { region: at, ...(settings['account'] && { account: String(settings['account']) }) },
    })
    Tags.of(stack).add('Program', 'halftone')
    return new HalftoneTemplate(stack, name, Object.fromEntries([...ofHalftone, ...Object.entries(given)]))
  }
  const bucket = construct('bucket', {})
  const events = { EventsQueueArn: bucket.output('EventsQueueArn') }
  const BucketName = bucket.output('BucketName')
  const roles = construct('roles', { BucketName, ...events })
  const service = construct('service', {
    BucketName,
    EventsQueueUrl: bucket.output('EventsQueueUrl'),
    GatewayRoleArn: roles.output('GatewayRoleArn'),
    ExecutionRoleArn: roles.output('ExecutionRoleArn'),
  })
  // In another region: the VPC origin, which conditions ask for, is a setting that is known once the service is there.
  const edge = construct('edge', { ShieldRegion: region }, EDGE_REGION)
  const alarms = construct('alarms', {
    Namespace: 'halftone-service',
    BalancerName: service.output('BalancerName'),
    TargetsName: service.output('TargetsName'),
    DeadEventsName: bucket.output('DeadEventsName'),
  })
  return { bucket, roles, service, edge, alarms }
}
