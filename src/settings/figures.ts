import { z } from 'zod'

/** Whether figures are written to the log for CloudWatch. */
export const figuresSettings = {
  HALFTONE_EMF_NAMESPACE: z
    .string()
    .regex(
      /^(?!AWS\/)[A-Za-z0-9._/#:-]{1,255}$/,
      'up to 255 of A-Z a-z 0-9 . _ / # : -, not beginning with AWS/',
    )
    .optional(),
}
