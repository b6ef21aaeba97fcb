import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { groupBy, type Point } from './summary.ts'

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

const WIDTH = 1000
const HEIGHT = 640
/** Further right there are only photographs as PNG, which would press all else into a corner. */
const MOST_BITS = 4

/** Hues of the formats; curves of one format differ by shade and dash. */
const COLOURS: Readonly<Record<string, readonly string[]>> = {
  jpg: ['#8c510a', '#bf812d', '#dfa94e', '#5c3506'],
  webp: ['#00441b', '#1b7837', '#41ab5d', '#8fd18a', '#66a61e', '#b3de69'],
  avif: ['#08306b', '#2171b5', '#4fa3dd', '#9ecae1', '#6a51a3', '#9e9ac8', '#d457a6', '#e7298a'],
  png: ['#b2182b', '#ef6548', '#fc9272'],
}
const DASHES = ['solid', 'dashed', 'dotted'] as const

/** Bytes against score as an SVG: a line for each series, a diamond for each format as it is served. */
export function plotSvg(title: string, all: readonly Point[]): string {
  const points = all.filter(({ bitsPerPixel }) => bitsPerPixel <= MOST_BITS)
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      title: { text: title, left: 'center', top: 8, textStyle: { fontSize: 16 } },
      legend: { type: 'plain', orient: 'vertical', right: 12, top: 48 },
      grid: { left: 64, right: 240, top: 48, bottom: 56 },
      xAxis: {
        type: 'log',
        logBase: 2,
        name: 'bits a pixel',
        nameLocation: 'middle',
        nameGap: 32,
        ...logLimits(points),
      },
      yAxis: { type: 'value', name: 'SSIMULACRA2', scale: true },
      series: linesOf(points),
    })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

function linesOf(points: readonly Point[]) {
  const curves = groupBy(points, ({ series }) => series)
  const drawn = new Map<string, number>()
  return [...curves].map(([name, curve]) => {
    const { format, setting } = curve[0] ?? { format: '', setting: '' }
    const isServed = setting === 'as served'
    const turn = isServed ? 0 : (drawn.get(format) ?? 0)
    if (!isServed) drawn.set(format, turn + 1)
    const colours = COLOURS[format] ?? ['#333']
    const color = colours[turn % colours.length]
    return {
      name,
      type: 'line' as const,
      symbol: isServed ? 'diamond' : 'circle',
      symbolSize: isServed ? 16 : 6,
      itemStyle: { color },
      lineStyle: { color, width: 1.5, type: DASHES[turn % DASHES.length] ?? 'solid' },
      data: curve.map(({ bitsPerPixel, score }) => [bitsPerPixel, score]),
    }
  })
}

/** Powers of two around all points. */
function logLimits(points: readonly Point[]): { min: number; max: number } {
  const logs = points.map(({ bitsPerPixel }) => Math.log2(bitsPerPixel))
  return { min: 2 ** Math.floor(Math.min(...logs)), max: 2 ** Math.ceil(Math.max(...logs)) }
}
