#!/usr/bin/env node
// Starts fctorture from what `npm run setup` has built.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/harness/main.js', import.meta.url)
if (existsSync(fileURLToPath(main))) {
  await import(main.href)
} else {
  console.error(
    'FCT_NOT_BUILT: fctorture is not built yet\nnpm run setup installs what is missing and builds it.',
  )
  process.exitCode = 128
}
