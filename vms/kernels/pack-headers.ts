import { mkdir } from 'node:fs/promises'
import { runProgram } from '../program.js'

/** What a build outside of the tree reads of the source. */
const fromSource = [
  ...[
    '--include=/Makefile',
    '--include=/Kbuild',
    '--include=/Kconfig',
    '--include=/include/***',
    '--include=/scripts/***',
  ],
  ...[
    '--include=/tools/',
    '--include=/tools/include/***',
    '--include=/tools/objtool/***',
    '--include=/tools/scripts/***',
  ],
  ...[
    '--include=/arch/',
    '--include=/arch/x86/',
    '--include=/arch/x86/include/***',
    '--include=/arch/x86/Makefile*',
  ],
  // And what nfsd.ko is built from: the kernel may be named as an image later.
  ...['--include=/fs/', '--include=/fs/nfsd/***', '--include=/fs/internal.h'],
  ...[
    '--include=/Documentation/',
    '--include=/Documentation/sunrpc/',
    '--include=/Documentation/sunrpc/xdr/***',
  ],
  ...['--include=/arch/x86/entry/', '--include=/arch/x86/entry/syscalls/***', '--include=/arch/x86/Kbuild'],
]

/** What it reads of what was built: programs of the host, generated headers, exported symbols, the configuration. */
const fromObjects = [
  ...['--include=/.config', '--include=/Module.symvers', '--include=/include/***', '--include=/scripts/***'],
  ...['--include=/arch/', '--include=/arch/x86/', '--include=/arch/x86/include/***'],
  ...['--include=/tools/', '--include=/tools/objtool/', '--include=/tools/objtool/objtool'],
]

/** Source and objects as one folder for `make -C`, without all that only the kernel itself needs. */
export async function packHeaders(
  source: string,
  objects: string,
  into: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(into, { recursive: true })
  const failure = { code: 'FCT_KERNEL_BUILD', doing: 'packing the headers' } as const
  const unwanted = [
    '--exclude=*.o',
    '--exclude=.*.cmd',
    '--exclude=*.a',
    '--exclude=/scripts/dtc/include-prefixes',
  ]
  for (const [tree, parts] of [
    [source, fromSource],
    [objects, fromObjects],
  ] as const) {
    const args = ['--archive', ...unwanted, ...parts, '--exclude=*', `${tree}/`, `${into}/`]
    await runProgram('rsync', args, failure, { signal })
  }
}
