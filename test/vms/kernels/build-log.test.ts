import { expect, it } from 'vitest'
import { findFirstError, findMissingPackage } from '../../../vms/kernels/build-log.js'

it.each([
  [
    "a compiler's",
    "  CC [M]  fs/nfsd/vfs.o\nfs/nfsd/filecache.c:17:2: error: unknown type name 'foo'\nfs/nfsd/x.c:1:1: error: later\nmake[3]: *** [x] Error 1\n",
    "fs/nfsd/filecache.c:17:2: error: unknown type name 'foo'",
  ],
  [
    "the linker's",
    "ld: net/core/dev.o: in function `a':\ndev.c:(.text+0x5): undefined reference to `b'\nmake: *** [vmlinux] Error 1\n",
    "dev.c:(.text+0x5): undefined reference to `b'",
  ],
  [
    "modpost's",
    'ERROR: modpost: "nfsd_gone" [fs/nfsd/nfsd.ko] undefined!\nmake[1]: *** [modules] Error 1\n',
    'ERROR: modpost: "nfsd_gone" [fs/nfsd/nfsd.ko] undefined!',
  ],
  [
    "make's",
    "make: *** No rule to make target 'bzImage'.  Stop.\n",
    "make: *** No rule to make target 'bzImage'.  Stop.",
  ],
  [
    "the shell's",
    '/bin/sh: 1: flex: not found\nmake: *** [lexer] Error 127\n',
    '/bin/sh: 1: flex: not found',
  ],
])('finds %s first error', (_, log, error) => {
  expect(findFirstError(log)).toBe(error)
})

it('finds no error in a log without one', () => {
  expect(findFirstError('  CC      init/main.o\n  LD      vmlinux\n')).toBeUndefined()
})

it.each([
  ['/bin/sh: 1: flex: not found', 'flex'],
  ['/bin/sh: 1: bc: not found', 'bc'],
  ['scripts/sign-file.c:25:10: fatal error: openssl/opensslv.h: No such file or directory', 'libssl-dev'],
  ['tools/objtool/elf.h:10:10: fatal error: gelf.h: No such file or directory', 'libelf-dev'],
])('names the package that %s asks for', (log, name) => {
  expect(findMissingPackage(log)).toBe(name)
  expect(findMissingPackage('fs/nfsd/filecache.c:17:2: error: no such field')).toBeUndefined()
})
