import { readFileSync } from 'node:fs'
import { splitConsole } from '../../../harness/oracle/console/split-console.js'
import type { ObjectLife } from '../../../harness/oracle/object-life.js'
import type { ReportExtras } from '../../../harness/report/extras.js'
import type { ResultDocument } from '../../../harness/verdict/result.js'
import { fixturesFolder } from '../fixtures.js'

/* A run that passed and one that failed, with all that a report shows of them. */

export const splatText = readFileSync(`${fixturesFolder('consoles')}/warn-lru-not-empty.txt`, 'utf8')
export const splats = splitConsole(splatText)

export const passed: ResultDocument = {
  schema: 1,
  verdict: 'PASS',
  exit: 0,
  run: 'runs/20260101T000000Z-CLOSE01-42',
  scenario: 'CLOSE01',
  seed: 42,
  kernel: {
    name: 'debian:6.1',
    release: '6.1.0-56-amd64',
    hash: 'abc',
    flavour: 'lru-holds-ref',
    build: { kernel: 'package', nfsd: 'rebuilt alone', reason: 'the patches touch fs/nfsd only' },
    profile: 'stock',
    patches: ['fix.patch'],
  },
  target: { kind: 'qemu', accel: 'tcg' },
  guestSeconds: 30,
  events: { produced: 123_456, read: 123_456, lost: 0, unexplained: 0 },
  stressors: { close: { called: 9000, useful: 3000, raced: 12 } },
  exposure: { 'close*acquire': 12_345, 'close*gc': 7, 'gc*gc': 0 },
  rules: {
    applied: ['free-at-zero'],
    notApplied: [{ id: 'idle-disposed', reason: 'only 1.0 s without load' }],
  },
  findings: [],
  live: { gaveUp: null, withdrawn: [] },
  reasons: [],
}

export const failed: ResultDocument = {
  ...passed,
  verdict: 'FAIL',
  exit: 1,
  events: { produced: null, read: 99, lost: null, unexplained: null },
  findings: [
    {
      rule: 'event-after-free',
      signature: 'event-after-free: nfsd_file_put after nfsd_file_free',
      count: 3,
      firstGuestSecond: 3.14,
      object: '0xffff888004100100#2',
      evidence: 'nfsd_file_put on an object that had been freed\n>  3.140 nfsd_file_put <0>',
    },
    {
      rule: 'console-splat',
      signature: `console-splat: ${splats[0]?.signature ?? ''}`,
      count: 1,
      firstGuestSecond: 31.4,
      evidence: splats[0]?.text ?? '',
    },
  ],
  reasons: [
    { code: 'FCT_ORACLE_FINDING', message: 'event-after-free: nfsd_file_put after nfsd_file_free (3 times)' },
    { code: 'FCT_TRACE_UNACCOUNTED', message: 'the target could not say how many events it had produced' },
  ],
}

export const step = {
  row: 6,
  second: 3.139,
  stamp: '6',
  cpu: 0,
  pid: 51,
  comm: '',
  list: 'none',
  isBroken: false,
} as const
export const life: ObjectLife = {
  object: '0xffff888004100100#2',
  key: 'nfsd_file',
  inode: '0xffff888005200100',
  count: 9002,
  parts: [
    { leftOut: 9000 },
    { ...step, operation: 'nfsd_file_free', ref: 0, flags: 'GC' },
    {
      ...step,
      second: 3.14,
      pid: 212,
      comm: 'nfsd<0>',
      isBroken: true,
      operation: 'nfsd_file_put',
      ref: -1,
      flags: '',
    },
  ],
}

export const extras: ReportExtras = {
  reportPath: 'runs/1/report.html',
  operations: { read: 3000, write: 150 },
  errors: { 'rename ESTALE': 2 },
  pairs: ['close*acquire'],
  notes: [{ id: 'free-at-zero', note: 'seen through a note' }],
  parameters: { 'close.gap_us': 200 },
  repeat: 'npx fctorture run CLOSE01 --seed 42',
  lives: new Map([['event-after-free: nfsd_file_put after nfsd_file_free', life]]),
  console: splatText,
  splats,
  timeline: {
    events: {
      binMs: 500,
      fromMs: 1000,
      tracepoints: [
        { name: 'nfsd_file_acquire', counts: [5, 10, 0] },
        { name: 'nfsd_file_put', counts: [4, 0, 11] },
      ],
      cpus: [
        { counts: [9, 0, 0], lost: [0, 70, 7], unknownGaps: 0 },
        { counts: [0, 10, 11], lost: [0, 0, 0], unknownGaps: 2 },
      ],
    },
    phases: [
      { phase: 'load', row: 0, ms: 1000 },
      { phase: 'quiet', row: 20, ms: 2000 },
    ],
    moduleSecond: 20,
    samples: [
      { second: 1, operations: { read: 100 }, stressors: { close: 10 }, exposure: {} },
      { second: 3, operations: { read: 500 }, stressors: { close: 10 }, exposure: { 'close*acquire': 8 } },
    ],
  },
}
