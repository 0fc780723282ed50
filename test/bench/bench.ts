/**
 * `npm run bench -- [NAME...] [--out FOLDER]`: speeds beside those of peers, and what the issues ask for. Never a test: a machine
 * under load is no defect.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Argument, Command } from 'commander'
import { messageOf } from '../../harness/fct-error.js'
import { dataFolder } from '../../harness/folders.js'
import { runApart } from './apart.js'
import { benches } from './benches.js'
import { renderChart } from './chart.js'
import { renderDocument, type BenchRun } from './document.js'
import { describeMachine, formatMachine } from './machine.js'
import type { Outcome } from './run-bench.js'
import { cellsOf, renderTable } from './table.js'

const program = fileURLToPath(new URL('one.js', import.meta.url))
const names = benches.map(({ name }) => name)

async function measure(wanted: readonly string[], out: string): Promise<void> {
  const run = { began: new Date().toISOString(), machine: await describeMachine() }
  const folder = out === '' ? join(dataFolder(), 'bench', run.began.replace(/[-:]|\.\d+/g, '')) : out
  await mkdir(folder, { recursive: true })
  const outcomes: Outcome[] = []
  for (const name of wanted.length === 0 ? names : wanted) {
    process.stderr.write(`${name} ...\n`)
    outcomes.push(
      await runApart(program, name, (row) => {
        process.stderr.write(`  ${cellsOf(row).filter(Boolean).join(', ')}\n`)
      }),
    )
    // Each time: hours lie between the first and the last.
    await write(folder, run, outcomes)
  }
  process.stdout.write(`${renderTable(outcomes)}\n${formatMachine(run.machine)}\n${folder}\n`)
  if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1
}

async function write(folder: string, run: BenchRun, outcomes: readonly Outcome[]): Promise<void> {
  await writeFile(join(folder, 'bench.json'), renderDocument(run, outcomes))
  await writeFile(join(folder, 'bench.svg'), renderChart(run, outcomes))
}

await new Command('npm run bench --')
  .description('Measures beside peers. Exit status 1: something could not be measured.')
  .addArgument(new Argument('[bench...]', 'in this order; all if none is named').choices(names))
  .option('--out <folder>', "for bench.json and bench.svg, instead of a new one among fctorture's data", '')
  .action(async (wanted: string[], { out }: { out: string }) => measure(wanted, out))
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`)
    process.exitCode = 1
  })
