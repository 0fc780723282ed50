import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const folders = (...names) => names.map((name) => `**/${name}/**`)

const wayUp = ['decode', 'oracle', 'verdict', 'report', 'export']

/** Of campaign/ what is pure: nights, and how they are judged. */
const pureNights = [
  'nights',
  'rate',
  'judge-nights',
  'judge-series',
  'count-nights',
  'change-point',
  'describe-judgement',
]

/** Folders on the way up (what happened) must not know the way down (what to do): they run anywhere on a stored trace. */
const wayDown = [
  ...folders(
    'target',
    'agent',
    'store',
    'commands',
    'scenario',
    'bisect',
    'replay',
    'selftest',
    'serve',
    'doctor',
    'help',
  ),
  ...folders('campaign', 'vms'),
  ...pureNights.map((name) => `!**/campaign/${name}.js`),
]

/** What a folder must never import, as its README says. Of the lines that fit a file the last one holds, alone. */
const boundaries = [
  {
    files: ['harness/*/**'],
    ignores: ['harness/commands/**'],
    never: folders('commands'),
    why: 'Only the command line and the library import commands.',
  },
  {
    files: [
      ...wayUp.map((folder) => `harness/${folder}/**`),
      ...pureNights.map((name) => `harness/campaign/${name}.ts`),
    ],
    never: wayDown,
    why: 'The way up must not import the way down.',
  },
  {
    files: ['harness/agent/guest/**'],
    never: folders(...wayUp, 'target', 'store', 'scenario', 'campaign', 'commands', 'vms'),
    why: 'The agent runs alone in the target.',
  },
  {
    files: ['harness/target/**', 'harness/scenario/**'],
    never: folders(...wayUp, 'commands', 'campaign'),
    why: 'The way down must not import the way up.',
  },
  {
    files: ['harness/store/**'],
    never: folders('target', 'commands', 'vms'),
    why: 'What is kept knows nothing of how it came about.',
  },
  {
    files: ['harness/serve/**'],
    never: folders('report', 'store', 'commands'),
    why: 'Pages are made elsewhere.',
  },
  {
    files: ['vms/**'],
    never: ['**/harness/**', '!**/harness/fct-error.js', '!**/harness/folders.js'],
    why: 'Of the harness, guests know errors and folders.',
  },
  {
    files: ['addon/**'],
    never: folders('harness', 'vms'),
    why: 'The addon knows nothing of what events mean.',
  },
]

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
  ...boundaries.map(({ never, why, ...where }) => ({
    ...where,
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: never, message: why }] }],
      // The rule above does not see import().
      'no-restricted-syntax': ['error', 'ImportExpression'],
    },
  })),
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
