import { BarChart, LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
])

const WIDTH = 860
/** Title, legend and the axis. */
const FRAME_HEIGHT = 120
const LIGHT = '#a9c9e4'
const DARK = '#1c5d99'
const GREY = '#b8b8b8'

/** One line of a chart, with a name to its left. */
export interface RangeRow {
  readonly name: string
  readonly from: number
  readonly to: number
  /** Where the dots are, in the order of the legend. */
  readonly dots: readonly number[]
  /** To the right of the line. */
  readonly label: string
}

export interface RangeChart {
  readonly title: string
  readonly axis: { readonly name: string; readonly type: 'value' | 'log' }
  /** What the dots mean. */
  readonly dots: readonly string[]
  /** Where a line stands that all are compared with. */
  readonly mark?: number
  readonly rows: readonly RangeRow[]
}

/** A line from the least to the most for each row, with dots on it; nothing when there are no rows. */
export function rangeChart({ title, axis, dots, mark, rows }: RangeChart): string | undefined {
  if (rows.length === 0) return undefined
  const ranges = rows.map(({ from, to }, row) => ({
    type: 'line',
    symbol: 'none',
    lineStyle: { color: LIGHT, width: 8, cap: 'round' },
    data: [
      [from, row],
      [to, row],
    ],
  }))
  const labels = {
    type: 'scatter',
    symbolSize: 0,
    data: rows.map(({ to, label }, row) => ({
      value: [to, row],
      label: { show: true, position: 'right', distance: 12, formatter: label, color: '#333' },
    })),
  }
  const marks = mark !== undefined && {
    markLine: {
      symbol: 'none',
      lineStyle: { color: '#888' },
      label: { show: false },
      data: [{ xAxis: mark }],
    },
  }
  const points = dots.map((name, index) => ({
    type: 'scatter',
    name,
    symbolSize: 10,
    z: 3,
    itemStyle: { color: index === 0 ? DARK : '#fff', borderColor: DARK, borderWidth: 2, opacity: 1 },
    data: rows.map((row, at) => [row.dots[index], at]),
    ...(index === 0 && marks),
  }))
  return draw(rows.length * 26, {
    ...frame(title, dots),
    xAxis: { type: axis.type, name: axis.name, nameLocation: 'middle', nameGap: 30 },
    yAxis: namesAxis(rows),
    series: [...ranges, labels, ...points],
  })
}

export interface BarRow {
  readonly name: string
  /** In the order of the legend. */
  readonly values: readonly number[]
}

export interface BarsChart {
  readonly title: string
  readonly axis: string
  /** What the bars of a row are. */
  readonly bars: readonly [string, string]
  readonly rows: readonly BarRow[]
}

/** Two bars for each row, with their values; nothing when there are no rows. */
export function barsChart({ title, axis, bars, rows }: BarsChart): string | undefined {
  if (rows.length === 0) return undefined
  return draw(rows.length * 40, {
    ...frame(title, bars),
    xAxis: { type: 'value', name: axis, nameLocation: 'middle', nameGap: 30 },
    yAxis: namesAxis(rows),
    series: bars.map((name, index) => ({
      type: 'bar',
      name,
      itemStyle: { color: index === 0 ? DARK : GREY },
      label: { show: true, position: 'right', color: '#333' },
      data: rows.map(({ values }) => values[index]),
    })),
  })
}

function frame(title: string, legend: readonly string[]): EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 16, top: 10, textStyle: { fontSize: 15 } },
    legend: { data: [...legend], left: 12, top: 36, itemGap: 24 },
    grid: { left: 150, right: 150, top: 68, bottom: 52 },
  }
}

function namesAxis(rows: readonly { readonly name: string }[]): object {
  return { type: 'category', inverse: true, axisTick: { show: false }, data: rows.map(({ name }) => name) }
}

/** Equal options, equal bytes: what numbers the charts of a process and is for a pointer is left out. */
function draw(rowsHeight: number, option: EChartsCoreOption): string {
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: FRAME_HEIGHT + rowsHeight,
  })
  try {
    chart.setOption({ ...option })
    return chart
      .renderToSVGString()
      .replaceAll(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
      .replaceAll(/\bzr\d+-/g, '')
      .replaceAll(/<style[\s\S]*?<\/style>\n?/g, '')
  } finally {
    chart.dispose()
  }
}
