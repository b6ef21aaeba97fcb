/** The namespaces of elements and attributes that a drawing keeps. */
export const SVG_NAMESPACE = 'http://www.w3.org/2000/svg'
export const XLINK_NAMESPACE = 'http://www.w3.org/1999/xlink'
export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** All elements that draw, move or name something. What is inside of any other goes with it. */
export const ELEMENTS: readonly string[] = words(`
  svg g defs symbol use switch a title desc view style
  path rect circle ellipse line polyline polygon text tspan textPath image
  linearGradient radialGradient stop pattern clipPath mask marker
  filter feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting
  feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage
  feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence
  animate set animateTransform animateMotion mpath
`)

/** Elements that change an attribute of another one over time. */
export const ANIMATIONS: ReadonlySet<string> = new Set([
  'animate',
  'set',
  'animateTransform',
  'animateMotion',
])

/** Attributes that name something in the drawing, or a picture. */
export const REFERENCES: ReadonlySet<string> = new Set(['href', 'xlink:href'])

/** Attributes that can be set by an animation, too: how something looks and where it is. */
const LOOKS = words(`
  alignment-baseline baseline-shift clip clip-path clip-rule color color-interpolation color-interpolation-filters
  color-rendering cursor d direction display dominant-baseline fill fill-opacity fill-rule filter flood-color
  flood-opacity font-family font-size font-size-adjust font-stretch font-style font-variant font-weight
  glyph-orientation-horizontal glyph-orientation-vertical image-rendering kerning letter-spacing lighting-color
  marker-end marker-mid marker-start mask mask-type mix-blend-mode opacity overflow paint-order pointer-events
  shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
  stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration text-orientation text-rendering
  transform transform-origin unicode-bidi vector-effect visibility word-spacing writing-mode
  amplitude azimuth baseFrequency bias clipPathUnits cx cy diffuseConstant divisor dx dy edgeMode elevation exponent
  filterUnits fr fx fy gradientTransform gradientUnits height in in2 intercept isolation k1 k2 k3 k4 kernelMatrix
  kernelUnitLength lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits
  method mode numOctaves offset operator order orient pathLength patternContentUnits patternTransform patternUnits
  points pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY result
  rotate rx ry scale seed side slope spacing specularConstant specularExponent spreadMethod startOffset stdDeviation
  stitchTiles surfaceScale tableValues targetX targetY textLength viewBox width x x1 x2 xChannelSelector y y1 y2
  yChannelSelector z
`)

/** What the attribute of an animation may name: nothing that refers to anything else, and no style sheet. */
export const ANIMATED: ReadonlySet<string> = new Set(LOOKS)

/** All attributes that are kept, of any element. Values are looked at by themselves. */
export const ATTRIBUTES: readonly string[] = [
  ...LOOKS,
  ...words(`
    id class style lang xml:lang xml:space media type systemLanguage requiredExtensions version baseProfile role
    href xlink:href
    attributeName attributeType begin dur end min max restart repeatCount repeatDur fill calcMode values keyTimes
    keySplines keyPoints from to by additive accumulate origin path
    zoomAndPan
  `),
]
