/** What we use of jstat, which brings no types. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      /** Natural logarithm of the beta function. */
      readonly betaln: (a: number, b: number) => number
      /** Quantile of Beta(a, b). */
      readonly ibetainv: (p: number, a: number, b: number) => number
    }
  }
  export default library
}
