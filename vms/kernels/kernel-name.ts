import { findKernel, readCatalogue, type CatalogueEntry } from './catalogue.js'
import { UsageError } from '../../harness/fct-error.js'

/** A kernel's name, read: which provider has it, and what the provider has to know. */
export type KernelName =
  | { readonly provider: 'debian'; readonly entry: CatalogueEntry }
  | { readonly provider: 'tree'; readonly name: string }
  | { readonly provider: 'image'; readonly name: string }

/**
 * Reads `debian:6.1`, `tree:PATH[@REV]`, `image:PATH` or `host`. What the path leads to is not looked at.
 *
 * @throws UsageError FCT_KERNEL_UNKNOWN with the nearest name
 */
export function readKernelName(name: string): KernelName {
  if (/^tree:./.test(name)) return { provider: 'tree', name }
  if (/^image:./.test(name) || name === 'host') return { provider: 'image', name }
  if (/^(tree|image):?$/.test(name)) {
    throw new UsageError('FCT_KERNEL_UNKNOWN', `${JSON.stringify(name)} lacks a path`, forms())
  }
  return { provider: 'debian', entry: findKernel(name, forms()) }
}

function forms(): string {
  return `Known: ${[...readCatalogue().keys()].join(', ')}; tree:PATH[@REVISION], image:PATH, host`
}
