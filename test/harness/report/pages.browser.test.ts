import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSite } from '../../../harness/commands/report-site.js'
import { HistoryPages } from '../../../harness/commands/serve-pages.js'
import { packageRoot } from '../../../harness/folders.js'
import { renderHtml } from '../../../harness/report/html.js'
import { startServer } from '../../../harness/serve/server.js'
import { HistoryReader } from '../../../harness/store/history.js'
import { HistoryWriter } from '../../../harness/store/history-writer.js'
import { writeSyntheticHistory } from '../../bench/synthetic-history.js'
import { extras, failed, life } from './sample-run.js'

const poison = `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">`
const shots = join(packageRoot, 'test-results', 'pages')
const folder = mkdtempSync(join(tmpdir(), 'fct-pages-'))
const database = join(folder, 'history.sqlite')
const phone = { viewport: { width: 360, height: 740 } }

let browser: Browser
let report: string
let site: string

beforeAll(async () => {
  mkdirSync(shots, { recursive: true })
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  report = join(folder, 'report.html')
  const [finding] = failed.findings
  const hostile = { ...finding!, signature: poison, evidence: poison }
  const lives = new Map([...extras.lives, [poison, { ...life, object: poison, inode: poison }]])
  const document = { ...failed, findings: [...failed.findings, hostile] }
  writeFileSync(report, renderHtml(document, { ...extras, lives, console: `${extras.console}\n${poison}` }))
  writeSyntheticHistory(database, { cells: 21, nights: 12, seeds: 2, signatures: 4, poison })
  site = join(folder, 'site')
  await writeSite(database, site)
})

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

/** Opens a page and fails with whatever the browser complains of. */
async function visit(
  address: string,
  options: BrowserContextOptions,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ offline: address.startsWith('file:'), ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))
  await page.goto(address)
  await look(page)
  expect(await page.title()).not.toBe('owned')
  expect(await page.locator('img').count()).toBe(0)
  expect(complaints).toEqual([])
  await context.close()
}

function inSite(path: string): string {
  return pathToFileURL(join(site, path)).href
}

/** How many of a page's canvases have something drawn on them. */
function drawnCharts(page: Page): Promise<[number, number]> {
  return page.evaluate(`(() => {
    const all = [...document.querySelectorAll('canvas')]
    const isDrawn = (canvas) =>
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0)
    return [all.length, all.filter(isDrawn).length]
  })()`)
}

function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth')
}

function background(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor')
}

function visibleRows(page: Page): Promise<number> {
  return page.locator('table.matrix tbody tr:visible').count()
}

describe('report.html in a browser', () => {
  it('draws its charts without a network or a complaint', async () => {
    await visit(pathToFileURL(report).href, {}, async (page) => {
      expect(await drawnCharts(page)).toEqual([4, 4])
      await page.screenshot({ path: join(shots, 'report.png'), fullPage: true })
    })
  })

  it('is dark where the reader is, and fits a phone', async () => {
    await visit(pathToFileURL(report).href, { ...phone, colorScheme: 'dark' }, async (page) => {
      expect(await background(page)).toBe('rgb(20, 23, 26)')
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      await page.screenshot({ path: join(shots, 'report-phone-dark.png'), fullPage: true })
    })
  })

  it('is read and worked with keys alone', async () => {
    await visit(pathToFileURL(report).href, {}, async (page) => {
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe('to the content')
      const summary = page.locator('summary', { hasText: 'the life as a table' }).first()
      await summary.focus()
      await page.keyboard.press('Enter')
      expect(await page.locator('table.life').first().isVisible()).toBe(true)
      const series = page.locator('[data-chart="chart-events"] th[role=button]').first()
      await series.focus()
      await page.keyboard.press('Enter')
      await expect.poll(() => series.getAttribute('aria-pressed')).toBe('false')
    })
  })
})

/** The lines of the first chart: how many of its pixels have the colour of those on light ground, and on dark; CSS pixels. */
function ink(page: Page): Promise<{ light: number; dark: number; width: number }> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('canvas')
    // A copy is read: one that is read again and again is complained of.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')
    copy.drawImage(canvas, 0, 0)
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
    const count = (...colour) => {
      let sum = 0
      for (let at = 0; at < data.length; at += 4)
        sum += data[at + 3] === 255 && colour.every((value, channel) => data[at + channel] === value)
      return sum
    }
    const { width } = canvas.getBoundingClientRect()
    return { light: count(0xd9, 0xde, 0xe3), dark: count(0x32, 0x38, 0x3f), width }
  })()`)
}

describe('a page on paper', () => {
  it('is light and whole, with its charts, and without what only a screen can use', async () => {
    await visit(pathToFileURL(report).href, { colorScheme: 'dark' }, async (page) => {
      const onScreen = await ink(page)
      const details = page.locator('table.life').first()
      expect(await background(page)).toBe('rgb(20, 23, 26)')
      expect(await details.isVisible()).toBe(false)
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await background(page)).toBe('rgb(255, 255, 255)')
      expect(await page.locator('nav').first().isVisible()).toBe(false)
      expect(await details.isVisible()).toBe(true)
      // One that scrolls on the screen is shown to its end.
      const hidden = `[...document.querySelectorAll('pre')].filter((pre) => pre.scrollHeight > pre.clientHeight + 1).length`
      expect(await page.evaluate(hidden)).toBe(0)
      await expect.poll(async () => (await ink(page)).width).toBeLessThanOrEqual(680)
      expect(onScreen).toMatchObject({ light: 0 })
      expect(onScreen.dark).toBeGreaterThan(100)
      const onPaper = await ink(page)
      expect(onPaper).toMatchObject({ dark: 0 })
      expect(onPaper.light).toBeGreaterThan(100)
      expect(await drawnCharts(page)).toEqual([4, 4])
      await page.screenshot({ path: join(shots, 'report-print.png'), fullPage: true })
      await page.emulateMedia({ media: 'screen', colorScheme: 'dark' })
      await expect.poll(() => ink(page)).toEqual(onScreen)
    })
  })

  it('is printed as it is shown so, also where the reader is dark', async () => {
    await visit(pathToFileURL(report).href, { colorScheme: 'dark' }, async (page) => {
      await page.evaluate(`addEventListener('beforeprint', () => {
        const canvases = [...document.querySelectorAll('canvas')]
        globalThis.printed = {
          isPaper: document.documentElement.classList.contains('paper'),
          widest: Math.max(...canvases.map((canvas) => canvas.getBoundingClientRect().width)),
        }
      })`)
      const before = await ink(page)
      const pdf = await page.pdf({
        format: 'A4',
        margin: { left: '1cm', right: '1cm' },
        printBackground: true,
      })
      writeFileSync(join(shots, 'report.pdf'), pdf)
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
      expect(await page.evaluate('printed')).toEqual({ isPaper: true, widest: 680 })
      await expect.poll(() => ink(page)).toEqual(before)
    })
  })

  it('has all nights of the matrix', async () => {
    await visit(inSite('index.html'), {}, async (page) => {
      await page.emulateMedia({ media: 'print' })
      expect(await page.locator('.filters').first().isVisible()).toBe(false)
      expect(await page.locator('details a[href="night-1.html"]').isVisible()).toBe(true)
      await page.screenshot({ path: join(shots, 'matrix-print.png'), fullPage: true })
    })
  })
})

describe('the site in a browser', () => {
  it('shows every kind of page without a complaint, on a phone, too', async () => {
    for (const path of ['index.html', 'signatures.html', 'diff.html', 'night-12.html']) {
      await visit(inSite(path), phone, async (page) => {
        expect([path, await overflow(page)]).toEqual([path, 0])
        await page.screenshot({ path: join(shots, `phone-${path}.png`) })
      })
    }
  })

  it('draws trends, and leads to the page of a signature', async () => {
    await visit(inSite('signatures.html'), { colorScheme: 'dark' }, async (page) => {
      const [all, drawn] = await drawnCharts(page)
      expect(all).toBeGreaterThan(1)
      expect(drawn).toBe(all)
      await page.screenshot({ path: join(shots, 'signatures-dark.png'), fullPage: true })
      await page.locator('[data-filtered=signatures] a').first().click()
      expect(await page.locator('main').textContent()).toContain('npx fctorture minimise /nowhere/')
      await page.waitForLoadState()
      expect(await drawnCharts(page)).toEqual([1, 1])
      await page.screenshot({ path: join(shots, 'signature-dark.png'), fullPage: true })
    })
  })

  it('filters the matrix by words and verdict, and keeps what was chosen in the address', async () => {
    await visit(inSite('index.html'), {}, async (page) => {
      await page.screenshot({ path: join(shots, 'matrix.png'), fullPage: true })
      expect(await visibleRows(page)).toBe(21)
      await page.fill('input[name=text]', 'close01 6.1')
      expect(await visibleRows(page)).toBe(1)
      await page.reload()
      expect(await visibleRows(page)).toBe(1)
      await page.fill('input[name=text]', '')
      await page.selectOption('select[name=verdict]', 'FAIL')
      const failing = await visibleRows(page)
      expect(failing).toBeGreaterThan(0)
      expect(failing).toBeLessThan(21)
      expect(await page.locator('output').first().textContent()).toBe(`${String(failing)} of 21 rows`)
    })
  })

  it('compares two nights of the reader', async () => {
    await visit(inSite('diff.html'), {}, async (page) => {
      await page.selectOption('select[name=from]', '11')
      expect(await page.locator('#diff').textContent()).toContain(
        'from 2026-01-01 02:00 nightly to 2026-01-12',
      )
      expect(await page.locator('#diff tbody tr').count()).toBeGreaterThan(0)
      await page.selectOption('select[name=from]', '0')
      expect(await page.locator('#diff').textContent()).toContain('Each cell had the same verdict in both.')
    })
  })
})

describe('the live page in a browser', () => {
  it('shows what is written while it is open', async () => {
    const history = new HistoryReader(database)
    const writer = new HistoryWriter(database)
    const server = await startServer(new HistoryPages(history), { port: 0 })
    const { id } = writer.beginCampaign({
      name: 'nightly',
      started: '2026-02-01T02:00:00Z',
      seed: 3,
      plan: {},
    })
    const place = { cell: `debian:6.1 stock CLOSE01 qemu ${poison}`, seed: 7, attempt: 1 }
    writer.tell(id, { kind: 'campaign-started', planned: 4, done: 0 })
    await visit(`${server.address}live.html`, {}, async (page) => {
      const textOf = (selector: string): Promise<string | null> => page.locator(selector).textContent()
      await expect.poll(() => textOf('#live-done'), { timeout: 60_000 }).toBe('0 of 4')
      writer.tell(id, { kind: 'run-started', loadSeconds: 30, ...place })
      for (const seconds of [1, 2, 3]) {
        const rates = { seconds, clients: 900 * seconds, stressors: { close: 50 }, traceBytes: 2e6 }
        writer.tell(id, { kind: 'load', rates, ...place })
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
      writer.tell(id, { kind: 'finding', signature: poison, says: poison, second: 3, ...place })
      await expect.poll(() => textOf('#live-findings'), { timeout: 60_000 }).toContain(poison)
      await expect.poll(() => textOf('#live-guests'), { timeout: 60_000 }).toContain('clients 2,700')
      await expect.poll(() => drawnCharts(page), { timeout: 60_000 }).toEqual([1, 1])
      await page.screenshot({ path: join(shots, 'live.png'), fullPage: true })
      writer.tell(id, { kind: 'run-ended', verdict: 'FAIL', run: 1, ...place })
      await expect.poll(() => textOf('#live-failed'), { timeout: 60_000 }).toBe('1')
    })
    await server.close()
    writer.close()
    history.close()
  })
})
