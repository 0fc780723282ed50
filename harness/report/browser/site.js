/* Filters of tables, and the comparison of two nights. All text goes in as text. */
;(() => {
  const count = (number) => number.toLocaleString('en-US')

  /* What is chosen stands behind the # of the address, so that it can be sent to others. */
  const chosen = new URLSearchParams(location.hash.includes('=') ? location.hash.slice(1) : '')
  const remember = (form) => {
    for (const { name, value } of form.elements) {
      if (!name) continue
      if (value === '') chosen.delete(name)
      else chosen.set(name, value)
    }
    history.replaceState(null, '', `#${chosen}`)
  }
  const restore = (form) => {
    for (const field of form.elements)
      if (field.name && chosen.has(field.name)) field.value = chosen.get(field.name)
  }

  function filter(form) {
    const rows = document.querySelectorAll(`[data-filtered="${form.dataset.filters}"] > tbody > tr`)
    const wanted = (name) => form.elements[name]?.value ?? ''
    const words = wanted('text').toLowerCase().split(/\s+/).filter(Boolean)
    let shown = 0
    for (const row of rows) {
      row.searched ??= row.textContent.toLowerCase()
      const isShown =
        words.every((word) => row.searched.includes(word)) &&
        ['', row.dataset.kernel].includes(wanted('kernel')) &&
        (wanted('verdict') === '' || (row.dataset.verdict ?? '').split(' ').includes(wanted('verdict')))
      row.hidden = !isShown
      if (isShown) shown++
    }
    form.querySelector('output').textContent =
      shown === rows.length ? `${count(rows.length)} rows` : `${count(shown)} of ${count(rows.length)} rows`
  }

  for (const form of document.querySelectorAll('form[data-filters]')) {
    restore(form)
    filter(form)
    form.addEventListener('input', () => {
      filter(form)
      remember(form)
    })
    form.addEventListener('submit', (event) => event.preventDefault())
  }

  function element(name, content, attributes = {}) {
    const made = document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
    made.append(...[content].flat())
    return made
  }

  const names = { P: 'PASS', F: 'FAIL', I: 'INCONCLUSIVE', E: 'ERROR' }
  const mostRows = 500

  function table(heads, rows) {
    const body = rows.slice(0, mostRows).map((cells) =>
      element(
        'tr',
        cells.map((cell) => element('td', cell)),
      ),
    )
    const head = element(
      'thead',
      element(
        'tr',
        heads.map((name) => element('th', name)),
      ),
    )
    const made = element('div', element('table', [head, element('tbody', body)], { class: 'list' }), {
      class: 'wide',
    })
    return rows.length > mostRows ? [made, element('p', `and ${count(rows.length - mostRows)} more`)] : [made]
  }

  function section(title, heads, rows, none) {
    return element('section', [
      element('h2', title),
      ...(rows.length > 0 ? table(heads, rows) : [element('p', none)]),
    ])
  }

  function verdict(letter) {
    return letter === '.'
      ? 'did not run'
      : element('span', names[letter], { class: `verdict ${names[letter]}` })
  }

  /* By signature: in how many of its runs, over all cells that ran in both nights. */
  function compare({ signatures, cells, nights }, from, to, isWanted) {
    const found = signatures.flatMap(({ signature, page, found: byNight }) => {
      const sum = (night) =>
        byNight[night].reduce(([hits, trials], [, more, of]) => [hits + more, trials + of], [0, 0])
      const [before, after] = [sum(from), sum(to)]
      const isSame = before[0] * after[1] === after[0] * before[1]
      if (isSame || !isWanted(signature)) return []
      const kind =
        before[0] === 0
          ? 'appeared'
          : after[0] === 0
            ? 'not seen'
            : after[0] * before[1] > before[0] * after[1]
              ? 'more often'
              : 'less often'
      const rate = ([hits, trials]) => `${count(hits)} of ${count(trials)}`
      return [[element('a', signature, { href: page }), kind, rate(before), rate(after)]]
    })
    const changed = cells.flatMap((cell, at) => {
      const [before, after] = [nights[from].verdicts[at], nights[to].verdicts[at]]
      return before === after || !isWanted(cell) ? [] : [[cell, verdict(before), verdict(after)]]
    })
    return { found, changed }
  }

  function showDiff(form) {
    const data = JSON.parse(document.getElementById('diff-data').textContent)
    const place = document.getElementById('diff')
    const [from, to] = ['from', 'to'].map((name) => Number(form.elements[name].value))
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean)
    const isWanted = (text) => words.every((word) => text.toLowerCase().includes(word))
    const { found, changed } = compare(data, from, to, isWanted)
    const nights = [from, to].map((night) =>
      element('a', data.nights[night].name, { href: data.nights[night].page }),
    )
    place.replaceChildren(
      element('p', ['from ', nights[0], ' to ', nights[1]]),
      section(
        'Signatures',
        ['signature', '', 'from', 'to'],
        found,
        'Each signature was found as often in both.',
      ),
      section(
        'Verdicts of cells',
        ['cell', 'from', 'to'],
        changed,
        'Each cell had the same verdict in both.',
      ),
    )
  }

  const form = document.getElementById('diff-form')
  if (form) {
    restore(form)
    showDiff(form)
    form.addEventListener('input', () => {
      showDiff(form)
      remember(form)
    })
    form.addEventListener('submit', (event) => event.preventDefault())
  }
})()
