/** What runs kernels, as plans and `Cell.target` name it. */
export const targetNames = ['qemu'] as const

/** How long run folders are kept. */
export interface RetentionPolicy {
  /** Those that found nothing. */
  readonly days: number
  readonly findingDays: number
  /** Of all of them. */
  readonly gigabytes: number
}
