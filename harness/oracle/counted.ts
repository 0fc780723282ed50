interface Bounds {
  /** Between the begin of the load and its end. */
  readonly least: number
  /** In the whole trace. */
  readonly most: number
}

/** How often what nfsd counts stands in the trace. */
export interface Counted {
  /** nfsd_file_acquire with an nfsd_file. */
  readonly acquisitions: Bounds
  /** nfsd_file_gc_disposed. */
  readonly evictions: Bounds
}
