import { markup, type Markup } from '../markup.js'
import { jsonBlock } from '../page.js'
import { nightName, nightPage } from './layout.js'
import { worstOf, type Tally } from './tally.js'

/** Nights that can be compared: the newest. */
const mostNights = 30

const letters = { PASS: 'P', FAIL: 'F', INCONCLUSIVE: 'I', ERROR: 'E' } as const

/**
 * Two nights, chosen by the reader: `browser/site.js` compares them by this data. `verdicts` has a letter per cell, a dot where it
 * did not run; `found` by signature the hits and trials of each cell.
 */
export function* diffContent({ nights, cells, signatures }: Tally): Generator<Markup> {
  const shown = nights.slice(-mostNights).toReversed()
  if (shown.length < 2) {
    yield markup`<p>It takes two nights.</p>`
    return
  }
  const option = (index: number, chosen: number): Markup => {
    const night = shown[index]
    if (night === undefined) return markup``
    return chosen === index
      ? markup`<option value="${index}" selected>${nightName(night)}</option>`
      : markup`<option value="${index}">${nightName(night)}</option>`
  }
  const options = (chosen: number): Markup[] => shown.map((_, index) => option(index, chosen))
  yield markup`<form class="filters" id="diff-form">
<label>from<select name="from">${options(1)}</select></label>
<label>to<select name="to">${options(0)}</select></label>
<label>cell or signature has<input type="search" name="text" autocomplete="off"></label>
</form>
<div id="diff" aria-live="polite"><noscript><p>Comparing needs scripts; without them each night has its page.</p></noscript></div>
`
  const places = new Map(cells.map(({ key }, place) => [key, place]))
  yield jsonBlock('diff-data', {
    nights: shown.map((night) => ({
      name: nightName(night),
      page: nightPage(night),
      verdicts: cells.map((cell) => letterOf(cell.nights.get(night.index)?.verdicts)).join(''),
    })),
    cells: cells.map(({ key }) => key),
    signatures: signatures.flatMap(({ signature, page, cells: found }) => {
      const inNights = shown.map(({ index }) =>
        [...found].flatMap(([key, hits]) => {
          const place = places.get(key) ?? -1
          const { all = 0, partial = 0 } = hits.get(index) ?? {}
          const trials = (cells[place]?.nights.get(index)?.whole ?? 0) + partial
          return trials === 0 ? [] : [[place, all, trials]]
        }),
      )
      return inNights.every((night) => night.every(([, hits]) => hits === 0))
        ? []
        : [{ signature, page, found: inNights }]
    }),
  })
}

function letterOf(counts: Parameters<typeof worstOf>[0] | undefined): string {
  return counts === undefined ? '.' : letters[worstOf(counts)]
}
