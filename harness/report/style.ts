/**
 * The report's style sheet: no font, image or script from anywhere; light or dark as the reader's system is.
 */
export const style = `
:root {
  color-scheme: light dark;
  --text: #1c1e21; --back: #ffffff; --dim: #5b6168; --line: #d8dbdf; --code: #f4f5f7;
  --pass: #17753a; --fail: #b3202c; --doubt: #8a5a00; --mark: #ffe3e0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e6e9; --back: #16181b; --dim: #9aa1a9; --line: #363a40; --code: #1f2226;
    --pass: #58c07f; --fail: #ff7b72; --doubt: #e3b341; --mark: #4a2022;
  }
}
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; }
body { color: var(--text); background: var(--back); }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
.PASS { color: var(--pass); } .FAIL, h3 { color: var(--fail); } .INCONCLUSIVE, .ERROR { color: var(--doubt); }
.dim { color: var(--dim); } a { color: inherit; }
table { border-collapse: collapse; }
td, th { padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }
td, th { border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { overflow: auto; padding: .8rem; background: var(--code); font: 13px/1.4 ui-monospace, monospace; }
pre.console { max-height: 40rem; }
mark { background: var(--mark); color: inherit; }
.wide { overflow-x: auto; } code { background: var(--code); padding: .1rem .3rem; }
table.life { font: 13px/1.3 ui-monospace, monospace; white-space: nowrap; }
tr.broken { background: var(--mark); font-weight: bold; }
`
