/** What we use of jstat, which brings no types. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      /** Natural logarithm of the beta function. */
      betaln(this: void, a: number, b: number): number
      /** Quantile of Beta(a, b). */
      ibetainv(this: void, p: number, a: number, b: number): number
    }
  }
  export default library
}
