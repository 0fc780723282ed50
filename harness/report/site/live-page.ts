import { markup } from '../markup.js'
import { sitePage, type SiteOptions } from './layout.js'

/** What goes on: `browser/live.js` fills it from the server's events. */
export function livePage(options: SiteOptions): Iterable<string> {
  const body = markup`<p id="live-state" role="status">Connecting …</p>
<noscript><p>What goes on is shown by a script; the other pages need none.</p></noscript>
<div id="live-campaign" hidden>
<p><progress class="bar" id="live-progress" value="0" max="1" aria-label="runs done"></progress></p>
<dl class="figures">
<div><dt>runs done</dt><dd id="live-done">0</dd></div>
<div><dt>failed</dt><dd id="live-failed">0</dd></div>
<div><dt>no verdict</dt><dd id="live-without">0</dd></div>
<div><dt>running</dt><dd id="live-running">0</dd></div>
<div><dt>findings told</dt><dd id="live-found">0</dd></div>
</dl>
</div>
<section><h2>Guests</h2><div class="guests" id="live-guests"></div></section>
<section><h2>Useful operations per second</h2><div class="chart" id="live-chart"></div></section>
<section><h2>Findings as they come</h2><ul id="live-findings" aria-live="polite"></ul></section>
<section><h2>Runs that ended</h2><div class="wide" tabindex="0"><table class="list"><thead><tr><th>cell</th><th class="number">seed</th><th>verdict</th></tr></thead><tbody id="live-ended"></tbody></table></div></section>
`
  return sitePage(
    { title: 'Live', path: 'live.html', scripts: ['uplot.js', 'charts.js', 'live.js'] },
    [body],
    options,
  )
}
