import type { Finding } from './findings.js'
import type { LifeReader } from './life-reader.js'
import { isStep, type ObjectLife } from './object-life.js'

/** What `--explain` names: a finding by its number from 1 on, or an object by its address. */
export type Named =
  { readonly finding: number } | { readonly address: bigint; readonly generation: number | undefined }

/** @returns undefined if the text names neither */
export function parseNamed(text: string): Named | undefined {
  if (/^\d{1,4}$/.test(text)) return { finding: Number(text) }
  const [, digits, generation] = /^(?:0x)?([0-9a-f]{5,16})(?:#(\d{1,9}))?$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  return {
    address: BigInt(`0x${digits}`),
    generation: generation === undefined ? undefined : Number(generation),
  }
}

/** Whole lives at an address, with the steps marked that findings accuse. */
export function explainAddress(
  reader: LifeReader,
  { address, generation }: Extract<Named, { address: bigint }>,
  findings: readonly Finding[],
): ObjectLife[] {
  const broken = findings.flatMap(({ life }) => (life ? brokenRows(life) : []))
  return reader.find(address, generation).map((life) => reader.read(life, broken, true))
}

/** The whole life that a finding is about. */
export function explainFinding(reader: LifeReader, life: ObjectLife): ObjectLife {
  const [row = -1] = brokenRows(life)
  return reader.read(reader.rowsAround(row), [row], true)
}

/** Those of the steps that broke a rule. */
export function brokenRows({ parts }: ObjectLife): number[] {
  return parts
    .filter(isStep)
    .filter(({ isBroken }) => isBroken)
    .map(({ row }) => row)
}
