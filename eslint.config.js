import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Folders on the way up (what happened) must not know the way down (what to do): they run anywhere on a stored trace. */
const wayDown = [
  'target',
  'agent',
  'store',
  'commands',
  'scenario',
  'bisect',
  'replay',
  'selftest',
  'serve',
  'vms',
].map((folder) => `**/${folder}/**`)

const browserGlobals = Object.fromEntries(
  [
    'addEventListener',
    'clearTimeout',
    'devicePixelRatio',
    'document',
    'EventSource',
    'getComputedStyle',
    'history',
    'location',
    'matchMedia',
    'setInterval',
    'setTimeout',
    'URLSearchParams',
  ].map((name) => [name, 'readonly']),
)

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'prebuilds/', 'node_modules/', 'test-results/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 400 }],
      'max-params': ['error', 5],
    },
  },
  {
    files: ['decode', 'oracle', 'verdict', 'report', 'export'].map((folder) => `harness/${folder}/**`),
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: wayDown, message: 'The way up must not import the way down.' }] },
      ],
    },
  },
  {
    files: ['harness/agent/guest/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/oracle/**', '**/verdict/**', '**/target/**', '**/vms/**'],
              message: 'The agent runs alone in the target.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['harness/report/browser/**'],
    languageOptions: { sourceType: 'script', globals: browserGlobals },
  },
  {
    files: ['test/**'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
