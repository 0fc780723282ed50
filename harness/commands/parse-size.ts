import { InvalidArgumentError } from 'commander'

const units = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** "20G" as bytes; K, M, G, T are powers of 1024. */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT]?)(?:iB|B)?$/i.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('It must be a size such as 500M or 20G.')
  return Math.round(Number(number) * units[(unit ?? '').toUpperCase() as keyof typeof units])
}

/** Bytes for people: "1.4 GiB". */
export function formatSize(bytes: number): string {
  const unit = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find((name) => bytes >= sizes[name])
  return unit === undefined ? `${String(bytes)} B` : `${(bytes / sizes[unit]).toFixed(1)} ${unit}`
}

const sizes = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }
