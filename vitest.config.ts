import { defineConfig } from 'vitest/config'

const minute = 60_000

/** The programs under test print for a reader without a terminal, whatever CI or FORCE_COLOR say outside. */
const env = { NO_COLOR: '1' }

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          env,
          include: ['test/{vms,harness,addon,kmod,bench}/**/*.test.ts'],
          testTimeout: 3 * minute,
          hookTimeout: 3 * minute,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // What is too long for npm test: `npm run check:full`.
        test: {
          name: 'full',
          env,
          include: ['test/full/**/*.test.ts'],
          testTimeout: 60 * minute,
          hookTimeout: 60 * minute,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Guests need both cores: one after the other, and after everything else.
        test: {
          name: 'guest',
          env,
          include: ['test/guest/**/*.test.ts'],
          testTimeout: 10 * minute,
          hookTimeout: 10 * minute,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
