const mostRemembered = 4096

/** A function of few different values, each computed once; of many it forgets, so that memory stays bounded. */
export function remembered<Key, Result>(make: (key: Key) => Result): (key: Key) => Result {
  const known = new Map<Key, { result: Result }>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found.result
    if (known.size === mostRemembered) known.clear()
    const result = make(key)
    known.set(key, { result })
    return result
  }
}
