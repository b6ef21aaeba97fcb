import type { Sharp } from 'sharp'
import type { TransformSpec } from '../transform/spec.ts'
import { keepsAlpha } from './encoders.ts'
import type { Sides } from './geometry.ts'
import type { Facts } from './messages.ts'

/** What the steps work from: the source as inspected, what is asked, and the sides that it comes to. */
export interface Plan {
  readonly facts: Facts
  readonly spec: TransformSpec
  readonly target: Sides
}

/** One thing that happens to a picture. A step that has nothing to do returns its input. */
type Step = (pipeline: Sharp, plan: Plan) => Sharp

const orient: Step = (pipeline, { facts }) => (facts.orientation === 1 ? pipeline : pipeline.autoOrient())

/** Through the embedded profile, which then goes with all other metadata: sharp writes none unless asked. */
const toSrgb: Step = (pipeline) => pipeline.toColourspace('srgb')

const resize: Step = (pipeline, { facts, spec, target }) => {
  if (spec.fit === 'cover') return pipeline.resize({ ...target, fit: 'cover', position: 'attention' })
  if (target.width === facts.width && target.height === facts.height) return pipeline
  // Both sides are given, so that they do not depend on how far the decoder has already shrunk the picture.
  return pipeline.resize({ ...target, fit: 'fill' })
}

const flatten: Step = (pipeline, { facts, spec }) => {
  return facts.hasAlpha && !keepsAlpha(spec.format) ? pipeline.flatten({ background: '#ffffff' }) : pipeline
}

/** All that happens to the pixels of a picture between decoding and encoding, in order. */
export const STEPS: readonly Step[] = [orient, toSrgb, resize, flatten]
