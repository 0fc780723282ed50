/*
 * Draws the charts of a page with uPlot. A chart is a figure with data-chart, and a JSON block of that id (report/chart.ts
 * says what stands in it). Nothing here makes markup of text.
 */
globalThis.fctCharts = (() => {
  const uPlot = globalThis.uPlot
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const printed = matchMedia('print')
  /* A4 and Letter between their margins, CSS pixels. */
  const paperWidth = 680
  const drawn = new Map()
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  /* Not by colour alone: each has its own dashes, too. */
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]]

  const format = (value) =>
    value === null || value === undefined
      ? ''
      : Math.abs(value) > 0 && Math.abs(value) < 0.01
        ? value.toExponential(1)
        : value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 })

  function axes(spec) {
    const look = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 } }
    const ticks = { stroke: colour('--line'), width: 1, size: 4 }
    const font = '12px system-ui, sans-serif'
    const names = (_, splits) => splits.map((at) => spec.names[at] ?? '')
    const x = spec.names
      ? { values: names, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500], space: 80 }
      : {
          values: (_, splits) =>
            splits.map((at) => `${at.toLocaleString('en-US', { maximumFractionDigits: 2 })} s`),
          space: 60,
        }
    const y = { values: (_, splits) => splits.map(format), size: 62 }
    return [x, y].map((axis) => ({ ...look, ticks, font, ...axis }))
  }

  function seriesOf({ label, band, points }, index) {
    const stroke = colour(`--series-${(index % 8) + 1}`)
    const width = band === undefined ? 1.5 : 0
    return {
      label,
      stroke: band === undefined ? stroke : 'transparent',
      width,
      dash: points === true ? [] : dashes[Math.floor(index / 2) % dashes.length],
      points: { show: points === true, size: 6, fill: stroke, stroke },
      value: (_, value) => format(value),
    }
  }

  /* Moments of the run: phases and findings. */
  function drawMarks(spec) {
    return (chart) => {
      const { ctx, bbox } = chart
      const ratio = devicePixelRatio
      let free = -Infinity
      let row = 0
      ctx.save()
      ctx.font = `${11 * ratio}px system-ui, sans-serif`
      ctx.textBaseline = 'top'
      ctx.textAlign = 'left'
      for (const { x, label, kind } of spec.marks ?? []) {
        const at = Math.round(chart.valToPos(x, 'x', true))
        if (at < bbox.left || at > bbox.left + bbox.width) continue
        row = at < free ? (row + 1) % 4 : 0
        const isFinding = kind === 'finding'
        ctx.strokeStyle = ctx.fillStyle = colour(isFinding ? '--fail' : '--dim')
        ctx.lineWidth = (isFinding ? 2 : 1) * ratio
        ctx.setLineDash(isFinding ? [] : [4 * ratio, 4 * ratio])
        ctx.beginPath()
        ctx.moveTo(at, bbox.top)
        ctx.lineTo(at, bbox.top + bbox.height)
        ctx.stroke()
        const width = ctx.measureText(label).width
        const isLate = at + width > bbox.left + bbox.width
        ctx.fillText(label, at + (isLate ? -width - 4 * ratio : 4 * ratio), bbox.top + (2 + 13 * row) * ratio)
        free = Math.max(free, at + width + 8 * ratio)
      }
      ctx.restore()
    }
  }

  function optionsOf(spec, width) {
    const bands = spec.series.flatMap(({ band }, index) =>
      band === 'high' ? [{ series: [index + 1, index + 2], fill: colour('--band') }] : [],
    )
    return {
      width,
      height: spec.height ?? 220,
      legend: { show: !spec.series.some(({ band }) => band !== undefined), markers: { width: 2 } },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false },
        y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.05] },
      },
      axes: axes(spec),
      bands,
      series: [
        {
          label: spec.names ? 'night' : 'second',
          value: (_, at) => (spec.names ? (spec.names[at] ?? '') : (at?.toFixed(2) ?? '')),
        },
        ...spec.series.map(seriesOf),
      ],
      hooks: { draw: [drawMarks(spec)] },
    }
  }

  /* uPlot's legend hears the mouse only. */
  function makeLegendReachable(chart) {
    for (const [index, head] of [...chart.root.querySelectorAll('.u-series th')].entries()) {
      if (index === 0) continue
      head.tabIndex = 0
      head.setAttribute('role', 'button')
      head.setAttribute('aria-pressed', 'true')
      const told = () => head.setAttribute('aria-pressed', String(chart.series[index].show))
      head.addEventListener('click', () => setTimeout(told))
      head.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        head.click()
      })
    }
  }

  const isPaper = () => document.documentElement.classList.contains('paper')

  function widthOf(figure) {
    return Math.max(240, Math.min(isPaper() ? paperWidth : Infinity, Math.floor(figure.clientWidth)))
  }

  function draw(figure, spec) {
    drawn.get(figure)?.chart.destroy()
    const data = [spec.x, ...spec.series.map(({ values }) => values)]
    const chart = new uPlot(optionsOf(spec, widthOf(figure)), data, figure)
    chart.root.querySelector('canvas').setAttribute('aria-hidden', 'true')
    makeLegendReachable(chart)
    drawn.set(figure, { chart, spec })
  }

  function drawAll() {
    for (const figure of document.querySelectorAll('[data-chart]')) {
      const block = document.getElementById(figure.dataset.chart)
      draw(figure, JSON.parse(block.textContent))
    }
  }

  const again = () => {
    for (const [figure, { spec }] of drawn) draw(figure, spec)
  }
  dark.addEventListener('change', again)
  /* What is drawn keeps the colours and the size that it was drawn with. */
  const goTo = (paper) => {
    if (paper === isPaper()) return
    document.documentElement.classList.toggle('paper', paper)
    again()
  }
  addEventListener('beforeprint', () => goTo(true))
  addEventListener('afterprint', () => goTo(false))
  printed.addEventListener('change', () => goTo(printed.matches))
  let waiting
  addEventListener('resize', () => {
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      for (const [figure, { chart, spec }] of drawn)
        chart.setSize({ width: widthOf(figure), height: spec.height ?? 220 })
    }, 100)
  })
  return { draw, drawAll }
})()
globalThis.fctCharts.drawAll()
