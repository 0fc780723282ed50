/* Shows what the server tells of a campaign, row by row (store/history-records.ts: ProgressRow). All text goes in as text. */
;(() => {
  const $ = (id) => document.getElementById(id)
  const count = (number) => number.toLocaleString('en-US', { maximumFractionDigits: 0 })
  const mostEnded = 50
  const mostFindings = 200
  const mostPlaces = 300

  let state = begin(0)
  function begin(campaign) {
    return {
      campaign,
      planned: 0,
      done: 0,
      failed: 0,
      without: 0,
      found: 0,
      outcome: '',
      guests: new Map(),
      times: [],
      rates: [],
    }
  }

  function element(name, content, attributes = {}) {
    const made = document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
    made.append(...[content].flat())
    return made
  }

  const keyOf = ({ cell, seed, attempt }) => `${cell} ${seed} ${attempt}`

  const takers = {
    'campaign-started': ({ planned, done }) => Object.assign(state, { planned, done }),
    'campaign-resumed': ({ planned, done }) => Object.assign(state, { planned, done, guests: new Map() }),
    'run-started': (event) => void state.guests.set(keyOf(event), { ...event, phase: 'starts', rates: null }),
    phase: (event) => change(event, { phase: event.phase }),
    load: (event) => change(event, { phase: 'load', rates: event.rates }),
    finding: (event, at) => {
      state.found++
      const line = [
        element('strong', event.signature),
        ` ${event.says} `,
        element(
          'span',
          `${event.cell}, seed ${event.seed}, after ${event.second.toFixed(1)} s of load, ${at.slice(11, 19)}`,
          { class: 'dim' },
        ),
      ]
      $('live-findings').prepend(element('li', line))
      if ($('live-findings').children.length > mostFindings) $('live-findings').lastChild.remove()
    },
    'run-ended': (event) => {
      state.guests.delete(keyOf(event))
      state.done++
      if (event.verdict === 'FAIL') state.failed++
      if (event.verdict === 'ERROR' || event.verdict === 'INCONCLUSIVE') state.without++
      const verdict = element('a', event.verdict, {
        class: `verdict ${event.verdict}`,
        href: `run-${event.run}.html`,
      })
      const cells = [
        element('td', event.cell),
        element('td', String(event.seed), { class: 'number' }),
        element('td', verdict),
      ]
      $('live-ended').prepend(element('tr', cells))
      if ($('live-ended').children.length > mostEnded) $('live-ended').lastChild.remove()
    },
    'run-lost': (event) => void state.guests.delete(keyOf(event)),
    'campaign-ended': ({ outcome }) => Object.assign(state, { outcome, guests: new Map() }),
  }

  function change(event, what) {
    const guest = state.guests.get(keyOf(event))
    if (guest) Object.assign(guest, what)
  }

  function take({ campaign, at, event }) {
    if (campaign !== state.campaign) {
      state = begin(campaign)
      for (const id of ['live-findings', 'live-ended']) $(id).replaceChildren()
    }
    takers[event.kind]?.(event, at)
    if (event.kind === 'load') note(at)
    redraw()
  }

  /* The sum over all guests, once a second at most. */
  function note(at) {
    const second = Math.floor(Date.parse(at) / 1000)
    const sum = { clients: 0, stressors: 0 }
    for (const { rates } of state.guests.values()) {
      sum.clients += rates?.clients ?? 0
      for (const rate of Object.values(rates?.stressors ?? {})) sum.stressors += rate
    }
    if (state.times.at(-1) === second) state.rates[state.rates.length - 1] = sum
    else {
      state.times.push(second)
      state.rates.push(sum)
    }
    if (state.times.length > mostPlaces) {
      state.times.shift()
      state.rates.shift()
    }
  }

  function showGuest({ cell, seed, attempt, phase, rates, loadSeconds }) {
    const again = attempt > 1 ? `, attempt ${attempt}` : ''
    const parts = [element('h3', cell), element('p', `seed ${seed}${again}: ${phase}`, { class: 'dim' })]
    if (rates) {
      const { seconds, clients, stressors, traceBytes } = rates
      const done = element('progress', [], {
        class: 'bar',
        value: String(Math.min(seconds, loadSeconds)),
        max: String(loadSeconds),
        'aria-label': 'seconds of load',
      })
      const each = Object.entries(stressors).map(([name, rate]) => `${name} ${count(rate)}`)
      const line = `${seconds.toFixed(0)} of ${loadSeconds} s · per second: clients ${count(clients)}, ${each.join(', ')} · ${(traceBytes / 1e6).toFixed(1)} MB of trace`
      parts.push(done, element('p', line))
    }
    return element('div', parts, { class: 'guest' })
  }

  let isWaiting = false
  function redraw() {
    if (isWaiting) return
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      show()
    }, 100)
  }

  function show() {
    const { planned, done, failed, without, found, guests, outcome, times, rates } = state
    $('live-campaign').hidden = false
    $('live-state').textContent =
      outcome === '' ? 'A campaign goes on.' : `The campaign has ended: ${outcome}.`
    $('live-progress').max = Math.max(planned, done, 1)
    $('live-progress').value = done
    $('live-done').textContent = `${count(done)} of ${count(planned)}`
    for (const [id, number] of [
      ['failed', failed],
      ['without', without],
      ['running', guests.size],
      ['found', found],
    ])
      $(`live-${id}`).textContent = count(number)
    const shown = [...guests.values()].map(showGuest)
    $('live-guests').replaceChildren(...(shown.length > 0 ? shown : [element('p', 'None at the moment.')]))
    if (times.length < 2) return
    const from = times[0]
    globalThis.fctCharts.draw($('live-chart'), {
      x: times.map((time) => time - from),
      series: [
        { label: 'clients', values: rates.map(({ clients }) => clients) },
        { label: 'stressors', values: rates.map(({ stressors }) => stressors) },
      ],
    })
  }

  const events = new EventSource('events')
  events.onmessage = ({ data }) => take(JSON.parse(data))
  events.onopen = () => {
    if (state.campaign === 0) $('live-state').textContent = 'No campaign has been told of yet.'
  }
  events.onerror = () => {
    $('live-state').textContent = 'The server does not answer; trying again …'
  }
})()
