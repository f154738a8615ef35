// Draws the large chart from the data in the page. A bucket is a horizontal step, as wide as its time. Shaded: periods
// without snapshots, whose growth is spread evenly, and incomplete buckets. Events are marked at their instant.
/* global uPlot */

const figure = document.getElementById('chart')
const tip = document.getElementById('chart-tip')
const zoomOut = document.getElementById('zoom-out')
const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent)
const locale = document.documentElement.dataset.locale
const HEIGHT = 360
const BADGE = 16
const DASHES = [[], [], [], [6, 3], [2, 3], [8, 3, 2, 3], [4, 4], [1, 3]]
const DAY_S = 86_400

// ---- data: each step is drawn from the start to the end of its bucket

const starts = data.edges.map(([start]) => start)
const end = data.edges.at(-1)[1]
const full = { min: starts[0], max: end }
const plotted = [[...starts, end], ...data.series.map(({ values }) => [...values, null])]
const lastIndex = starts.length - 1

// ---- colours, read from the style sheet, so that they follow the theme

const probe = document.createElement('i')
probe.hidden = true
document.body.append(probe)
function color(name) {
  probe.style.color = `var(--${name})`
  return getComputedStyle(probe).color
}

// ---- numbers and instants

const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(locale, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const shortPercent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
const written = (kind, value) =>
  value == null ? 'unknown' : kind === 'rate' ? percent.format(value) : count.format(value)
const inZone = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: data.timezone, ...options })
const clock = inZone({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const dayMonth = inZone({ day: 'numeric', month: 'short' })
const monthName = inZone({ month: 'short' })
const yearName = inZone({ year: 'numeric' })

function timeTicks(_plot, splits, _axis, _space, stepS) {
  let lastYear
  return splits.map((seconds) => {
    const at = new Date(seconds * 1000)
    const time = clock.format(at)
    if (stepS < DAY_S && time !== '00:00') return time
    const year = yearName.format(at)
    const name = (stepS >= 28 * DAY_S ? monthName : dayMonth).format(at)
    const text = year === lastYear ? name : `${name}\n${year}`
    lastYear = year
    return text
  })
}

// ---- shading and marks

const gaps = data.marks.filter(({ kind }) => kind === 'gap')
const shades = gaps.map(({ at, until }) => ({ from: at, to: until, kind: 'spread' }))
data.edges.forEach(([from, to], i) => {
  const isKnownWhere = gaps.some(({ at, until }) => at < to && until > from)
  if (data.spread[i] && !isKnownWhere) shades.push({ from, to, kind: 'spread' })
  else if (data.coverage[i] < 0.9999) shades.push({ from, to, kind: 'open' })
})

function stripes(kind) {
  const size = 8 * devicePixelRatio
  const tile = new OffscreenCanvas(size, size)
  const brush = tile.getContext('2d')
  brush.strokeStyle = color(kind === 'spread' ? 'spread' : 'open')
  brush.lineWidth = (kind === 'spread' ? 2 : 1) * devicePixelRatio
  brush.beginPath()
  for (const shift of [-size, 0, size]) {
    brush.moveTo(shift, size)
    brush.lineTo(shift + size, 0)
  }
  brush.stroke()
  return tile
}

function drawShades(plot) {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const kind of ['open', 'spread']) {
    ctx.fillStyle = ctx.createPattern(stripes(kind), 'repeat')
    for (const shade of shades) {
      if (shade.kind !== kind) continue
      const left = plot.valToPos(shade.from, 'x', true)
      ctx.fillRect(left, bbox.top, plot.valToPos(shade.to, 'x', true) - left, bbox.height)
    }
  }
  ctx.restore()
}

/** The visible marks, in groups of those that would overlap. */
function clusters(plot) {
  const { min, max } = plot.scales.x
  const seen = data.marks
    .filter(({ at }) => at >= min && at <= max)
    .toSorted((one, other) => one.at - other.at)
  const groups = []
  for (const mark of seen) {
    const x = plot.valToPos(mark.at, 'x', true)
    const group = groups.at(-1)
    if (group && x - group.x < (BADGE + 2) * devicePixelRatio) group.marks.push(mark)
    else groups.push({ x, marks: [mark] })
  }
  return groups
}

function drawMarks(plot) {
  const { ctx, bbox } = plot
  const size = BADGE * devicePixelRatio
  ctx.save()
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.font = `bold ${11 * devicePixelRatio}px system-ui, sans-serif`
  for (const { x, marks } of clusters(plot)) {
    const isOneKind = marks.every(({ kind }) => kind === marks[0].kind)
    const paint = color(isOneKind ? `mark-${marks[0].kind}` : 'mark-several')
    ctx.strokeStyle = paint
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.fillStyle = paint
    ctx.fillRect(x - size / 2, bbox.top - size - 2 * devicePixelRatio, size, size)
    ctx.fillStyle = color('mark-text')
    const text =
      marks.length === 1
        ? marks[0].letter
        : isOneKind && marks.length < 10
          ? marks[0].letter + marks.length
          : '+'
    ctx.fillText(text, x, bbox.top - size / 2 - 2 * devicePixelRatio)
  }
  ctx.restore()
}

/** Draws a step for each known bucket. Unknown buckets are gaps, also between known ones. */
function steps(plot, index) {
  const { scale } = plot.series[index]
  const stroke = new Path2D()
  const fill = new Path2D()
  const zero = plot.valToPos(0, scale, true)
  let isKnownBefore = false
  data.edges.forEach(([from, to], i) => {
    const value = plotted[index][i]
    const isKnown = value != null
    if (isKnown) {
      const left = plot.valToPos(from, 'x', true)
      const right = plot.valToPos(to, 'x', true)
      const y = plot.valToPos(value, scale, true)
      if (isKnownBefore) stroke.lineTo(left, y)
      else stroke.moveTo(left, y)
      stroke.lineTo(right, y)
      fill.rect(left, Math.min(y, zero), right - left, Math.abs(zero - y))
    }
    isKnownBefore = isKnown
  })
  return { stroke, fill: data.series.length === 1 ? fill : null, flags: 1 }
}

// ---- the tooltip

let shownIndex = null

function showTip(plot) {
  const { left, top, idx } = plot.cursor
  if (idx == null || left < 0) {
    tip.hidden = true
    shownIndex = null
    return
  }
  if (idx !== shownIndex) {
    shownIndex = idx
    tip.replaceChildren(...tipLines(Math.min(idx, lastIndex)))
  }
  tip.hidden = false
  placeTip(plot, left, top)
}

function line(className, text) {
  const element = document.createElement('div')
  element.className = className
  element.textContent = text
  return element
}

function tipLines(i) {
  const [from, to] = data.edges[i]
  const lines = [line('when', data.labels[i])]
  data.series.forEach(({ label, kind, values }, s) => {
    const element = line('value', `${label}: ${written(kind, values[i])}`)
    const swatch = document.createElement('span')
    swatch.className = `swatch line-${s + 1}`
    element.prepend(swatch)
    lines.push(element)
  })
  if (data.spread[i]) lines.push(line('note', 'no snapshots for a long time: what grew is spread evenly'))
  if (data.coverage[i] < 0.9999)
    lines.push(
      line(
        'note',
        `${percent.format(data.coverage[i])} of this time is between the first and the newest snapshot`,
      ),
    )
  for (const mark of data.marks) {
    if (touches(mark, from, to)) lines.push(line(`event ${mark.kind}`, `${mark.title}: ${mark.text}`))
  }
  return lines
}

function touches({ kind, at, until }, from, to) {
  if (kind === 'gap') return at < to && until > from
  // Also in the bucket where the metric came back, as all of its growth counts there.
  if (kind === 'unreported') return at < to && until >= from
  return at >= from && at < to
}

function placeTip(plot, left, top) {
  const box = figure.getBoundingClientRect()
  const over = plot.over.getBoundingClientRect()
  const x = over.left + left
  const isRight = x > (box.left + box.right) / 2
  tip.style.top = `${over.top + scrollY + Math.min(top, over.height - 40)}px`
  tip.style.left = isRight ? '' : `${x + 14 + scrollX}px`
  tip.style.right = isRight ? `${root().clientWidth - x + 14}px` : ''
}

const root = () => document.documentElement

// ---- zoom, stored in the address

function zoomFromAddress() {
  const [min, max] = (new URLSearchParams(location.search).get('zoom') ?? '').split('-').map(Number)
  return min >= full.min && max <= full.max && min < max ? { min, max } : full
}

function onScale(plot, key) {
  if (key !== 'x') return
  const { min, max } = plot.scales.x
  const isZoomed = min > full.min || max < full.max
  zoomOut.hidden = !isZoomed
  const address = new URL(location.href)
  if (isZoomed) address.searchParams.set('zoom', `${Math.round(min)}-${Math.round(max)}`)
  else address.searchParams.delete('zoom')
  if (address.href !== location.href) history.replaceState(null, '', address)
}

// ---- the plot

function axes(kinds) {
  const common = {
    stroke: color('muted'),
    font: '12px system-ui, sans-serif',
    ticks: { stroke: color('line'), width: 1, size: 5 },
  }
  const grid = { stroke: color('line'), width: 1 }
  const scaleAxes = kinds.map((kind, i) => ({
    ...common,
    scale: kind,
    side: i === 0 ? 3 : 1,
    grid: i === 0 ? grid : { show: false },
    size: 58,
    values: (_plot, splits) => splits.map((value) => (kind === 'rate' ? shortPercent : short).format(value)),
  }))
  return [{ ...common, grid: { show: false }, values: timeTicks, space: 70, size: 46 }, ...scaleAxes]
}

const yRange = (_plot, min, max) =>
  min == null ? [0, 1] : uPlot.rangeNum(Math.min(0, min), Math.max(0, max), 0.08, true)

function draw(width) {
  const kinds = [...new Set(data.series.map(({ kind }) => kind))]
  const isAlone = data.series.length === 1
  const series = data.series.map(({ label, kind }, i) => ({
    label,
    scale: kind,
    stroke: color(`line-${i + 1}`),
    fill: isAlone ? color('area') : undefined,
    width: 1.75,
    dash: DASHES[i],
    paths: steps,
    points: { show: false },
    spanGaps: false,
  }))
  const options = {
    width,
    height: HEIGHT,
    padding: [BADGE + 10, 24, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), data.timezone),
    scales: {
      x: { time: true, ...zoomFromAddress() },
      ...Object.fromEntries(kinds.map((kind) => [kind, { range: yRange }])),
    },
    axes: axes(kinds),
    series: [{}, ...series],
    legend: { show: false },
    cursor: {
      points: { show: false },
      y: false,
      drag: { x: true, y: false },
      // The bucket under the pointer, not the nearest edge of one.
      dataIdx: (plot, _series, _nearest, x) => {
        let index = plot.valToIdx(x)
        if (plotted[0][index] > x) index--
        return Math.max(0, Math.min(index, lastIndex))
      },
    },
    hooks: { drawClear: [drawShades], draw: [drawMarks], setCursor: [showTip], setScale: [onScale] },
  }
  return new uPlot(options, plotted, figure)
}

let plot

function redraw() {
  plot?.destroy()
  plot = draw(figure.clientWidth)
}

const key = document.createElement('ul')
key.className = 'key'
key.setAttribute('aria-label', 'Lines')
data.series.forEach(({ label }, i) => {
  const item = document.createElement('li')
  const swatch = document.createElement('span')
  swatch.className = `swatch line-${i + 1}`
  item.append(swatch, label)
  key.append(item)
})
figure.before(key)
figure.replaceChildren()
redraw()

new ResizeObserver(() => {
  if (plot && plot.width !== figure.clientWidth) plot.setSize({ width: figure.clientWidth, height: HEIGHT })
}).observe(figure)
addEventListener('themechange', redraw)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
zoomOut.addEventListener('click', () => plot.setScale('x', full))

// ---- keyboard

function moveTo(index) {
  const i = Math.max(0, Math.min(index, lastIndex))
  const [from, to] = data.edges[i]
  const { min, max } = plot.scales.x
  if (from < min || to > max) {
    const shift = from < min ? from - min : to - max
    plot.setScale('x', { min: min + shift, max: max + shift })
  }
  plot.setCursor({ left: plot.valToPos((from + to) / 2, 'x'), top: plot.over.clientHeight / 3 })
}

function zoomBy(factor) {
  const { min, max } = plot.scales.x
  const i = Math.min(shownIndex ?? Math.floor(lastIndex / 2), lastIndex)
  const middle = (data.edges[i][0] + data.edges[i][1]) / 2
  const half = Math.max(((max - min) * factor) / 2, data.edges[i][1] - data.edges[i][0])
  plot.setScale('x', { min: Math.max(full.min, middle - half), max: Math.min(full.max, middle + half) })
}

const KEYS = {
  ArrowLeft: () => moveTo((shownIndex ?? lastIndex + 1) - 1),
  ArrowRight: () => moveTo((shownIndex ?? -1) + 1),
  Home: () => moveTo(0),
  End: () => moveTo(lastIndex),
  '+': () => zoomBy(0.5),
  '-': () => zoomBy(2),
  0: () => plot.setScale('x', full),
  Escape: () => plot.setCursor({ left: -10, top: -10 }),
}

figure.addEventListener('keydown', (event) => {
  const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key]
  if (!act) return
  event.preventDefault()
  act()
})
figure.addEventListener('blur', () => plot.setCursor({ left: -10, top: -10 }))
