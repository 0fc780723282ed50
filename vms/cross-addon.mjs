import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const triplet = 'aarch64-linux-gnu'
/** Whose headers and archives the addon is made with; Debian's cross compiler brings none. */
const libraries = ['libxxhash-dev', 'libzstd-dev', 'zlib1g-dev']

/**
 * Builds the addon for arm64 on a machine of another kind, with Debian's cross compiler. What is downloaded for it, and what is
 * built on the way, is in a folder of its own, and gone afterwards.
 *
 * @param root The repository's.
 * @param addon Path of the file that is made.
 * @param nodeHeaders As --nodedir wants it; undefined: node-gyp downloads them.
 * @param run Runs a program: what it does, for people; file; arguments; more environment. Throws if it fails.
 */
export function crossBuildAddon({ root, addon, nodeHeaders, run }) {
  const scratch = mkdtempSync(join(tmpdir(), 'fct-cross-'))
  try {
    const system = downloadLibraries(scratch, run)
    const tree = copyTree(root, join(scratch, 'tree'))
    const headers = nodeHeaders === undefined ? [] : [`--nodedir=${nodeHeaders}`]
    run(
      'node-gyp for arm64',
      join(root, 'node_modules', '.bin', 'node-gyp'),
      ['rebuild', `--directory=${tree}`, '--arch=arm64', '--jobs=2', ...headers],
      {
        CC: `${triplet}-gcc`,
        CXX: `${triplet}-g++`,
        CXXFLAGS: `-I${system}/usr/include -I${system}/usr/include/${triplet}`,
        LDFLAGS: `-L${system}/usr/lib/${triplet}`,
      },
    )
    mkdirSync(dirname(addon), { recursive: true })
    run('strip for arm64', `${triplet}-strip`, [
      '--strip-unneeded',
      '-o',
      addon,
      join(tree, 'build', 'Release', 'fctorture.node'),
    ])
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** From this host's own mirrors, signatures checked, and without a trace in its own lists of packages. */
function downloadLibraries(scratch, run) {
  const folder = (name) => {
    mkdirSync(join(scratch, name, 'partial'), { recursive: true })
    return join(scratch, name)
  }
  const settings = [
    'APT::Architecture=arm64',
    'APT::Architectures=arm64',
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    `Dir::State::Lists=${folder('lists')}`,
    'Dir::State::Status=/dev/null',
    `Dir::Cache::Archives=${folder('archives')}`,
    `Dir::Cache::pkgcache=`,
    `Dir::Cache::srcpkgcache=`,
  ].flatMap((setting) => ['-o', setting])
  const packages = join(scratch, 'packages')
  const system = join(scratch, 'system')
  mkdirSync(packages)
  run('loading the package lists of arm64', 'apt-get', ['-qq', ...settings, 'update'])
  run('downloading libraries for arm64', 'env', [
    '-C',
    packages,
    'apt-get',
    '-qq',
    ...settings,
    'download',
    ...libraries,
  ])
  for (const name of readdirSync(packages))
    run('unpacking libraries for arm64', 'dpkg-deb', ['-x', join(packages, name), system])
  return system
}

/** What node-gyp builds, away from what is built for this machine. */
function copyTree(root, tree) {
  for (const name of ['binding.gyp', 'package.json', join('addon', 'src'), join('kmod', 'fct_uapi.h')])
    cpSync(join(root, name), join(tree, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  return tree
}
