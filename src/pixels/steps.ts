import type { Sharp } from 'sharp'
import type { Layer } from '../retouch/compose.ts'
import { isCut } from '../retouch/geometry.ts'
import type { Layout } from '../retouch/layout.ts'
import type { CropStrategy, RenderingSettings } from '../transform/rendering-settings.ts'
import type { EditedSize, TransformSpec } from '../transform/spec.ts'
import { keepsAlpha } from './encoders.ts'
import type { Header } from './inspect.ts'

/** What the steps work from: the source as inspected, what is asked, and all sides that it comes to. */
export interface Plan {
  readonly header: Header
  readonly spec: TransformSpec
  readonly layout: Layout
  readonly settings: RenderingSettings
  /** What is drawn over the finished picture. */
  readonly layers: readonly Layer[]
}

/** One thing that happens to a picture. A step that has nothing to do returns its input. */
type Step = (pipeline: Sharp, plan: Plan) => Sharp

/** How a box is cut out where its place is not known before. */
export function strategyOf({ edits }: EditedSize, settings: RenderingSettings): CropStrategy {
  return edits?.gravity?.by === 'entropy' ? 'entropy' : settings.crop
}

/** A step that looks at the source alone. */
type SourceStep = (pipeline: Sharp, source: Pick<Plan, 'header'>) => Sharp

/** Through the embedded profile, which then goes with all other metadata: sharp writes none unless asked. */
export const toSrgb: SourceStep = (pipeline, { header }) => {
  const converted = pipeline.toColourspace('srgb')
  // sharp takes 16-bit pictures to Display P3 first, and leaves them there unless a profile is asked for.
  return header.isDeep && header.profile ? converted.withIccProfile('srgb', { attach: false }) : converted
}

/** As the picture is to be seen. */
export const orient: SourceStep = (pipeline, { header }) => {
  return header.facts.orientation === 1 ? pipeline : pipeline.autoOrient()
}

const linearise: Step = (pipeline, { settings }) => {
  return settings.linearLight ? pipeline.pipelineColourspace('scrgb') : pipeline
}

/** Brings a picture, trimmed and turned already, to its sides. */
export const resize: Step = (pipeline, { spec, layout, settings }) => {
  const { base, target, crop } = layout
  // What the decoder has shrunk by itself was not averaged in linear light.
  const fastShrinkOnLoad = !settings.linearLight
  if (crop) {
    const { scaled, left, top } = crop
    return pipeline.resize({ ...scaled, fit: 'fill', fastShrinkOnLoad }).extract({ left, top, ...target })
  }
  if (isCut(spec)) {
    const position = strategyOf(spec, settings)
    return pipeline.resize({ ...target, fit: 'cover', position, fastShrinkOnLoad })
  }
  if (target.width === base.width && target.height === base.height) return pipeline
  // Both sides are given, so that they do not depend on how far the decoder has already shrunk the picture.
  return pipeline.resize({ ...target, fit: 'fill', fastShrinkOnLoad })
}

const flatten: Step = (pipeline, { header, spec, settings }) => {
  const loses = header.facts.hasAlpha && !keepsAlpha(spec.format)
  return loses ? pipeline.flatten({ background: settings.background }) : pipeline
}

/** All that happens to the pixels of a still picture between decoding and encoding, in order. */
export const STEPS: readonly Step[] = [orient, toSrgb, linearise, resize, flatten]

/** The same for a picture that is retouched when it has its size: what is transparent is seen to then. */
export const STEPS_TO_SIZE: readonly Step[] = [orient, toSrgb, linearise, resize]

/** The same for a picture that stays in its own colours, with its profile. */
export const STEPS_IN_OWN_COLOURS: readonly Step[] = [orient, resize, flatten]
