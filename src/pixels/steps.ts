import type { Sharp } from 'sharp'
import type { FocalPoint, RenderingSettings } from '../transform/rendering-settings.ts'
import type { TransformSpec } from '../transform/spec.ts'
import { keepsAlpha } from './encoders.ts'
import { type Crop, cropAround, type Sides } from './geometry.ts'
import type { Header } from './inspect.ts'

/** What the steps work from: the source as inspected, what is asked, and the sides that it comes to. */
export interface Plan {
  readonly header: Header
  readonly spec: TransformSpec
  readonly target: Sides
  /** Where to cut a box out, when that is known before. */
  readonly crop?: Crop | undefined
  readonly settings: RenderingSettings
}

/** One thing that happens to a picture. A step that has nothing to do returns its input. */
type Step = (pipeline: Sharp, plan: Plan) => Sharp

/** Where a box is cut out around a focal point; `undefined` where there is none, or no box. */
export function plannedCrop(
  source: Sides,
  spec: TransformSpec,
  focus: FocalPoint | undefined,
): Crop | undefined {
  return spec.fit === 'cover' && focus ? cropAround(source, spec, focus) : undefined
}

/** Through the embedded profile, which then goes with all other metadata: sharp writes none unless asked. */
export const toSrgb: Step = (pipeline, { header }) => {
  const converted = pipeline.toColourspace('srgb')
  // sharp takes 16-bit pictures to Display P3 first, and leaves them there unless a profile is asked for.
  return header.isDeep && header.profile ? converted.withIccProfile('srgb', { attach: false }) : converted
}

const orient: Step = (pipeline, { header }) => {
  return header.facts.orientation === 1 ? pipeline : pipeline.autoOrient()
}

const linearise: Step = (pipeline, { settings }) => {
  return settings.linearLight ? pipeline.pipelineColourspace('scrgb') : pipeline
}

/** Brings a picture, turned already, to its sides. */
export const resize: Step = (pipeline, { header, spec, target, crop, settings }) => {
  const { width, height } = header.facts
  // What the decoder has shrunk by itself was not averaged in linear light.
  const fastShrinkOnLoad = !settings.linearLight
  if (crop) {
    const { scaled, left, top } = crop
    return pipeline.resize({ ...scaled, fit: 'fill', fastShrinkOnLoad }).extract({ left, top, ...target })
  }
  if (spec.fit === 'cover') {
    return pipeline.resize({ ...target, fit: 'cover', position: settings.crop, fastShrinkOnLoad })
  }
  if (target.width === width && target.height === height) return pipeline
  // Both sides are given, so that they do not depend on how far the decoder has already shrunk the picture.
  return pipeline.resize({ ...target, fit: 'fill', fastShrinkOnLoad })
}

const flatten: Step = (pipeline, { header, spec, settings }) => {
  const loses = header.facts.hasAlpha && !keepsAlpha(spec.format)
  return loses ? pipeline.flatten({ background: settings.background }) : pipeline
}

/** All that happens to the pixels of a still picture between decoding and encoding, in order. */
export const STEPS: readonly Step[] = [orient, toSrgb, linearise, resize, flatten]

/** The same for a picture that stays in its own colours, with its profile. */
export const STEPS_IN_OWN_COLOURS: readonly Step[] = [orient, resize, flatten]
