import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { packageRoot } from '../../harness/folders.js'

const addon = process.env['FCTORTURE_ADDON'] ?? join(packageRoot, 'build', 'Release', 'fctorture.node')

it('depends on nothing that the root file system of guests lacks', async () => {
  const { stdout } = await execa('readelf', ['--dynamic', '--wide', addon])
  const needed = [...stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name)
  expect(needed.sort()).toEqual(['libc.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libstdc++.so.6'])
})

it("has zlib and zstd to itself, so that node's zlib does not take its place", async () => {
  const { stdout } = await execa('nm', ['--dynamic', addon])
  expect(stdout).toContain(' napi_register_module_v')
  expect(stdout).not.toMatch(/ (inflate|uncompress|ZSTD_decompress)\w*$/m)
})
