/** What had been done up to a second of load; counters since its begin. */
export interface LoadSample {
  /** Guest seconds since the load began. */
  readonly second: number
  /** Operations of clients, by name. */
  readonly operations: Readonly<Record<string, number>>
  /** Useful calls of stressors, by name. */
  readonly stressors: Readonly<Record<string, number>>
  /** Open windows, by pair. */
  readonly exposure: Readonly<Record<string, number>>
}
