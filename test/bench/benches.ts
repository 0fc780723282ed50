import { bisectBench } from './bisect.js'
import { guestsBench } from './guests.js'
import { kernelsBench } from './kernels.js'
import { moduleBench } from './module.js'
import { oracleBench } from './oracle.js'
import { reproduceBench } from './reproduce.js'
import type { Bench } from './run-bench.js'
import { siteBench } from './site.js'
import { slurmBench } from './slurm.js'
import { storeBench } from './store.js'
import { tracesBench } from './traces.js'

/** Those without guests first. */
export const benches: readonly Bench[] = [
  ...[tracesBench, oracleBench, bisectBench, storeBench, siteBench, slurmBench],
  ...[moduleBench, guestsBench, reproduceBench, kernelsBench],
]
