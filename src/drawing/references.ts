const WITHIN = /^#[^\s"'()\\]*$/

/** Whether an address names a part of the drawing itself. */
export function isWithin(address: string): boolean {
  return WITHIN.test(address)
}

const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|avif);base64,[a-z0-9+/=\s]*$/i

/** Whether an address is a picture made of pixels, as a whole. A drawing inside a drawing could hide anything. */
export function isInlinePicture(address: string): boolean {
  return PICTURE.test(address)
}

const FONT =
  /^data:(?:font\/(?:woff2?|[ot]tf|sfnt)|application\/(?:x-)?font-[a-z0-9-]+)(?:;charset=[a-z0-9-]+)?;base64,[a-z0-9+/=\s]*$/i

/** Whether an address is a font, as a whole. */
export function isInlineFont(address: string): boolean {
  return FONT.test(address)
}
