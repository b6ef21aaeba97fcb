import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { EDGE_ORIGIN, EDGE_TAG_HEADER } from '../../src/cdn/distribution.ts'
import { createApp } from './app.ts'

const { context } = JSON.parse(readFileSync(new URL('cdk.json', import.meta.url), 'utf8'))
// Where CDK_OUTDIR says so, the stacks are left there for other validators.
const app = new App()
const templates = createApp(app, context.region, { ...context.settings, account: '123456789012' })
const assembly = app.synth()
const templateOf = (name: keyof typeof templates) =>
  Template.fromJSON(assembly.getStackByName(`halftone-${name}`).template)

describe('the stacks', () => {
  for (const name of Object.keys(templates) as (keyof typeof templates)[]) {
    test(`${name} has all that it needs`, () => {
      const open = Object.entries(templateOf(name).findParameters('*')).filter(
        ([, { Default }]) => Default === undefined,
      )
      assert.deepEqual(Object.fromEntries(open), {})
    })
  }

  test('the bucket is private, versioned and encrypted', () => {
    templateOf('bucket').hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: { BlockPublicPolicy: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
    })
    templateOf('bucket').resourceCountIs('AWS::S3::BucketPolicy', 2)
  })

  test('the distribution keeps its tags and its secret, which CDK has no words for', () => {
    templateOf('edge').hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        CacheTagConfig: { HeaderName: EDGE_TAG_HEADER },
        Origins: Match.arrayWith([
          Match.objectLike({
            Id: 'gateway',
            ConnectionAttempts: EDGE_ORIGIN.connectionAttempts,
            OriginCustomHeaders: [
              {
                HeaderName: EDGE_ORIGIN.secretHeader,
                HeaderValue: Match.objectLike({ 'Fn::Sub': Match.anyValue() }),
              },
            ],
          }),
        ]),
      },
    })
  })

  test('scaling follows the wait of the stack whose log it comes from', () => {
    templateOf('service').hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        CustomizedMetricSpecification: { MetricName: 'QueueWait', Namespace: { Ref: 'AWS::StackName' } },
      },
    })
    templateOf('alarms').hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'QueueWait',
      Namespace: Stack.of(templates.service).stackName,
    })
  })

  test('the edge is where CloudFront keeps certificates and logs', () => {
    assert.equal(Stack.of(templates.edge).region, 'us-east-1')
  })
})
