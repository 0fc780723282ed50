/**
 * The style sheet of every page: no font, image or script from anywhere; light or dark as the reader's system is, and light on paper.
 */
export const style = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --back: #ffffff; --dim: #59636e; --line: #d9dee3; --code: #f5f6f8; --card: #fafbfc;
  --pass: #17753a; --fail: #b3202c; --doubt: #8a5a00; --mark: #ffe3e0; --link: #0b5cad; --band: #4a7ab52e;
  --pass-back: #e3f4e8; --fail-back: #fde6e4; --doubt-back: #fbf0d6;
  --series-1: #2563a8; --series-2: #b4530a; --series-3: #1b7a4b; --series-4: #8a3ffc;
  --series-5: #a8324a; --series-6: #0e7c86; --series-7: #6b5b00; --series-8: #5b6770;
}
@media screen and (prefers-color-scheme: dark) {
  :root:not(.paper) {
    --text: #e4e6e9; --back: #14171a; --dim: #9aa4ae; --line: #32383f; --code: #1c2025; --card: #191d21;
    --pass: #58c07f; --fail: #ff7b72; --doubt: #e3b341; --mark: #4a2022; --link: #79b8ff; --band: #79b8ff30;
    --pass-back: #16301f; --fail-back: #3b1a1c; --doubt-back: #352a10;
    --series-1: #6cb0f5; --series-2: #f0a35e; --series-3: #63c794; --series-4: #c29bff;
    --series-5: #f58aa0; --series-6: #4fc4cf; --series-7: #d3c04a; --series-8: #a5b0ba;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { scroll-padding-top: 3rem; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 78rem; padding: 1.25rem 1.5rem 4rem; font: 15px/1.5 system-ui, sans-serif; }
body { color: var(--text); background: var(--back); overflow-wrap: break-word; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .4rem .8rem; background: var(--back); z-index: 3; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 0 0 .4rem; font-weight: 650; }
h2 { font-size: 1.1rem; margin: 0 0 .6rem; font-weight: 650; }
h3 { font-size: .98rem; margin: 0 0 .2rem; font-weight: 600; }
p { margin: .3rem 0 .7rem; }
section { padding: 1.3rem 0 .6rem; border-top: 1px solid var(--line); }
header { padding-bottom: .6rem; }
.dim { color: var(--dim); font-size: .9em; }
.verdict { padding: .08em .5em; border-radius: 4px; font-size: .8em; letter-spacing: .02em; white-space: nowrap; }
.verdict.PASS { color: var(--pass); background: var(--pass-back); }
.verdict.FAIL { color: var(--fail); background: var(--fail-back); }
.verdict.INCONCLUSIVE, .verdict.ERROR { color: var(--doubt); background: var(--doubt-back); }
nav { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: .5rem 0; background: var(--back); }
nav { font-size: .92em; border-bottom: 1px solid var(--line); } nav + main > section:first-child { border-top: 0; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
nav a[aria-current] { color: var(--text); font-weight: 600; }
dl.figures { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: .8rem 0; }
dl.figures div { display: flex; flex-direction: column-reverse; }
dl.figures dt { color: var(--dim); font-size: .85em; } dl.figures dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
ul.reasons { margin: .4rem 0; padding-left: 1.2rem; }
.finding { border-left: 3px solid var(--fail); padding: .1rem 0 .1rem .9rem; margin: 0 0 1.4rem; }
.finding h3 { color: var(--fail); } .finding .number { color: var(--dim); font-weight: 400; margin-right: .3em; }
table { border-collapse: collapse; font-size: .93em; margin: 0 0 .8rem; }
td, th { padding: .22rem 1.1rem .22rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } thead th { color: var(--dim); font-weight: 500; vertical-align: bottom; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
table.pairs { width: 100%; table-layout: fixed; } table.pairs th { width: 17rem; font-weight: 400; color: var(--dim); }
table.pairs td { overflow-wrap: anywhere; }
pre, code { font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; background: var(--code); border-radius: 3px; }
code { padding: .1rem .3rem; overflow-wrap: anywhere; } pre { overflow: auto; padding: .8rem; margin: 0 0 .8rem; max-height: 30rem; }
pre.console { max-height: 44rem; } .finding pre { max-height: 20rem; margin: 0; }
mark { background: var(--mark); color: inherit; } mark:target { outline: 2px solid var(--fail); }
.wide { overflow-x: auto; max-width: 100%; }
details { margin: .3rem 0 .8rem; } summary { cursor: pointer; color: var(--dim); font-size: .92em; width: fit-content; }
details[open] > summary { margin-bottom: .4rem; }
table.life { font: 12.5px/1.3 ui-monospace, "DejaVu Sans Mono", monospace; white-space: nowrap; }
tr.broken { background: var(--mark); font-weight: bold; }
figure { margin: 0 0 1.4rem; } figcaption { font-weight: 600; font-size: .95em; margin-bottom: .3rem; }
.chart { min-height: 15rem; width: 100%; overflow: hidden; }
.uplot { font-family: inherit; width: 100%; }
.u-legend.u-inline { text-align: left; font-size: .85em; margin: .1rem 0 0 3.6rem; display: flex; flex-wrap: wrap; }
.u-legend td.u-value { font-variant-numeric: tabular-nums; min-width: 3.5em; }
.u-legend td, .u-legend th { border: 0; padding: .1rem .3rem; font-weight: 400; } .u-legend tr[hidden] { display: none; }
.u-select { background: color-mix(in srgb, var(--link) 18%, transparent); }
@media (max-width: 40rem) {
  body { padding: .8rem .9rem 3rem; } h1 { font-size: 1.2rem; }
  nav { flex-wrap: nowrap; overflow-x: auto; white-space: nowrap; }
  table.pairs th { width: 38%; } dl.figures { gap: .4rem 1.4rem; } .u-legend.u-inline { margin-left: 0; }
}
@media print {
  :root { color-scheme: light; print-color-adjust: exact; }
  nav, .skip { display: none; } body { max-width: none; padding: 0; font-size: 11px; }
  pre, pre.console, .finding pre { max-height: none; white-space: pre-wrap; overflow-wrap: anywhere; }
  .wide { overflow: visible; } svg.life { max-width: 100%; height: auto; }
  details::details-content { content-visibility: visible; display: block; } summary { list-style: none; }
  section, figure { break-inside: avoid-page; } #console, #parameters, .finding, section:has(details) { break-inside: auto; }
}
`
