import { encode, paint } from '../support/pictures.ts'

const XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

const svg = (content: string, attributes = '') =>
  `<svg ${XMLNS} width="120" height="90" viewBox="0 0 120 90" ${attributes}>${content}</svg>`

/** A picture made of pixels, as a data URL. */
async function inline(format: 'png' | 'jpg' | 'webp'): Promise<string> {
  const bytes = await encode(
    paint(12, 9, (x, y) => [x * 20, y * 25, 120]),
    format,
  )
  return `data:image/${format === 'jpg' ? 'jpeg' : format};base64,${bytes.toString('base64')}`
}

const INKSCAPE = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- Created with a drawing program -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:svg="http://www.w3.org/2000/svg" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
  xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"
  xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" width="120" height="90" version="1.1" sodipodi:docname="a.svg">
  <sodipodi:namedview pagecolor="#ffffff" inkscape:zoom="0.35"/>
  <metadata><rdf:RDF><dc:title>Somebody</dc:title></rdf:RDF></metadata>
  <defs><linearGradient id="body"><stop style="stop-color:#ff0000;stop-opacity:1" offset="0"/>
    <stop style="stop-color:#0000ff;stop-opacity:0.5" offset="1"/></linearGradient>
    <linearGradient xlink:href="#body" id="title" x1="0" x2="120" gradientUnits="userSpaceOnUse"/></defs>
  <g inkscape:label="Layer 1" inkscape:groupmode="layer" transform="translate(5,5)">
    <path sodipodi:nodetypes="cc" style="fill:url(#title);fill-rule:evenodd;stroke:#000000;stroke-width:2.5px" d="M 5,5 90,10 C 100,40 60,80 10,70 Z"/></g></svg>`

/** Drawings as people and programs make them. */
export const HARMLESS: Readonly<Record<string, () => string | Promise<string>>> = {
  shapes: () =>
    svg(`<rect x="5" y="5" width="40" height="30" rx="6" fill="tomato" stroke="#123" stroke-width="3"/>
      <circle cx="80" cy="30" r="20" fill="rgb(20, 120, 200)" fill-opacity=".6"/><ellipse cx="40" cy="65" rx="30" ry="12"/>
      <polygon points="80,60 110,60 95,85" fill="hsl(120, 60%, 40%)"/><polyline points="5,80 30,60 60,85" fill="none" stroke="red" stroke-dasharray="4 2"/>
      <line x1="0" y1="0" x2="120" y2="90" stroke="rgba(0,0,0,.4)" stroke-linecap="round"/>`),
  gradients: () =>
    svg(`<defs><linearGradient id="a" gradientTransform="rotate(30)"><stop offset="0%" stop-color="red"/><stop offset="1" stop-color="#00f"/></linearGradient>
      <radialGradient id="b" xlink:href="#a" cx=".5" cy=".5" r=".5" fx=".3" spreadMethod="reflect"/></defs>
      <rect width="60" height="90" fill="url(#a)"/><rect x="60" width="60" height="90" fill="url('#b') none"/>`),
  'a pattern': () =>
    svg(`<pattern id="p" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="skewX(20)"><circle cx="5" cy="5" r="3" fill="green"/></pattern>
      <rect width="120" height="90" fill="url(#p)" stroke="url(#p)"/>`),
  'masks and clips': () =>
    svg(`<mask id="m" maskUnits="userSpaceOnUse"><rect width="120" height="90" fill="white"/><circle cx="40" cy="40" r="20"/></mask>
      <clipPath id="c" clipPathUnits="userSpaceOnUse"><path d="M10 10h90v60H10z" clip-rule="evenodd"/></clipPath>
      <g clip-path="url(#c)"><rect width="120" height="90" fill="purple" mask="url(#m)"/></g>`),
  filters: () =>
    svg(`<filter id="f" x="-20%" y="-20%" width="140%" height="140%"><feGaussianBlur in="SourceAlpha" stdDeviation="3" result="b"/>
      <feOffset in="b" dx="4" dy="4" result="o"/><feComponentTransfer in="o" result="t"><feFuncA type="linear" slope=".5"/></feComponentTransfer>
      <feMerge><feMergeNode in="t"/><feMergeNode in="SourceGraphic"/></feMerge></filter>
      <filter id="g"><feTurbulence type="fractalNoise" baseFrequency=".05" numOctaves="2" seed="3"/><feColorMatrix type="matrix" values="1 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 .5 0"/>
      <feComposite operator="in" in2="SourceGraphic"/></filter>
      <rect x="10" y="10" width="40" height="40" fill="orange" filter="url(#f)"/><circle cx="85" cy="50" r="25" filter="url(#g)"/>`),
  lights: () =>
    svg(`<filter id="l" color-interpolation-filters="sRGB"><feDiffuseLighting surfaceScale="3" diffuseConstant="1" lighting-color="#fc8"><feDistantLight azimuth="45" elevation="40"/></feDiffuseLighting></filter>
      <rect x="10" y="10" width="90" height="70" rx="10" filter="url(#l)"/>`),
  text: () =>
    svg(`<text x="5" y="20" font-family="DejaVu Sans, sans-serif" font-size="14" font-weight="bold">Sm\u00f8rrebr\u00f8d &amp; &lt;b&gt;</text>
      <text x="5" y="45" xml:space="preserve">a   b<tspan dy="5" fill="red">c</tspan></text>
      <path id="w" d="M5 70q30 -25 60 0t60 0" fill="none"/><text font-size="10"><textPath href="#w" startOffset="10%">along a way</textPath></text>`),
  'use and symbol': () =>
    svg(`<symbol id="location" viewBox="0 0 10 10"><path d="M0 0h10v10z"/></symbol><g id="forms"><circle r="6"/></g>
      <use href="#location" width="40" height="40" fill="teal"/><use xlink:href="#forms" x="80" y="30"/><use href="#forms" transform="translate(30 70) scale(2)" fill="red"/>`),
  classes: () =>
    svg(`<style>.st0{fill:#f80}.st1,.st2>rect:nth-child(2){fill:none;stroke:#08f;stroke-width:4px}#x:not(.y){opacity:.5}
      @media (min-width:1px){.st3{fill:rgb(0 128 0 / 50%);transform:rotate(5deg)}}</style>
      <rect class="st0" width="60" height="40"/><circle class="st1" cx="90" cy="30" r="20"/><g class="st2"><rect width="5" height="5"/><rect x="20" y="50" width="30" height="30"/></g>
      <rect id="x" class="st3" x="70" y="50" width="40" height="30"/>`),
  'a style sheet in CDATA, with custom properties': () =>
    svg(`<style type="text/css"><![CDATA[ svg > rect { --size: calc(2px + 3px); --c: #a0a; fill: var(--c); stroke-width: var(--size); stroke: color-mix(in srgb, red, blue) }
      @supports (fill: red) { circle { fill: url(#g) } } ]]></style><linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="lime"/></linearGradient>
      <rect x="5" y="5" width="50" height="40"/><circle cx="90" cy="50" r="25"/>`),
  'style attributes': () =>
    svg(`<rect width="60" height="60" style="fill:url(#n);stroke:black;mix-blend-mode:multiply"/><linearGradient id="n"><stop style="stop-color:rgb(255,0,0)"/><stop offset="1" style="stop-color: #00f; stop-opacity: .3"/></linearGradient>
      <circle cx="70" cy="50" r="30" style="fill: gold; clip-path: circle(20px at 70px 50px); filter: drop-shadow(2px 2px 1px #000)"/>`),
  'pictures inside': async () =>
    svg(`<image href="${await inline('png')}" width="60" height="45"/><image xlink:href="${await inline('jpg')}" x="60" width="60" height="45" preserveAspectRatio="none"/>
      <image href="\n${await inline('png')}\n" y="45" width="60" height="45" style="image-rendering:pixelated"/>
      <filter id="f" primitiveUnits="userSpaceOnUse"><feImage href="${await inline('png')}" width="50" height="40"/></filter><rect x="60" y="45" width="60" height="45" filter="url(#f)"/>`),
  markers: () =>
    svg(`<marker id="m" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker>
      <path d="M10 10L100 20L60 80" fill="none" stroke="blue" marker-start="url(#m)" marker-mid="url(#m)" marker-end="url(#m)"/>`),
  'animations that have not begun': () =>
    svg(`<rect width="40" height="40" fill="red"><animate attributeName="opacity" values="0;1;0" dur="2s" begin="indefinite" repeatCount="indefinite"/>
      <animateTransform attributeName="transform" type="rotate" from="0 20 20" to="360 20 20" dur="3s" begin="indefinite"/></rect>
      <circle r="5" cx="60" cy="60"><set attributeName="fill" to="green" begin="0s"/></circle>`),
  'a switch by language, and links': () =>
    svg(`<switch><g systemLanguage="xx"><rect width="120" height="90"/></g><g><rect width="60" height="45" fill="cyan"/></g></switch>
      <a href="https://example.com/" target="_blank"><title>Elsewhere</title><circle cx="90" cy="60" r="20" fill="magenta"/></a>`),
  'what a drawing program writes': () => INKSCAPE,
  'all by a prefix': () =>
    `<s:svg xmlns:s="http://www.w3.org/2000/svg" xmlns:k="http://www.w3.org/1999/xlink" width="120" height="90"><s:g s:id="no"><s:circle id="c" cx="40" cy="40" r="30" fill="olive"/></s:g>
      <s:use k:href="#c" x="40" opacity=".5"/><s:style>circle { stroke: black }</s:style></s:svg>`,
  'a root inside of the root': () =>
    svg(
      `<svg x="20" y="10" width="60" height="60" viewBox="0 0 10 10" preserveAspectRatio="xMidYMid slice" overflow="visible"><path d="M0,0 5,10 10,0Z" fill="currentColor" paint-order="stroke"/></svg>`,
      'color="navy" fill="none"',
    ),
}
