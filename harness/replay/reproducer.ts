import type { Op } from '../../addon/index.js'
import { exportOf, exportsTable, onDisk, type OnDisk } from '../agent/guest/file-systems.js'
import type { Scenario } from '../scenario/scenario.js'
import { knobsOf } from '../scenario/stressors.js'
import { shellComment } from '../shell-word.js'
import { witnessOf } from './shell-witness.js'

export interface Reproduction {
  readonly scenario: Scenario
  readonly signature: string
  readonly seed: number
  /** Lines about where it was found, and how often; for the head. */
  readonly about: readonly string[]
}

type Load = NonNullable<Scenario['churn']>
type FileSystem = Scenario['exports'][number]

/** How much longer than fctorture's clients a shell gets, which needs a process for each operation: 18 a second beside 260. */
const slower = 14
const root = '/srv/fct'
const nfsOptions = 'proto=tcp,nolock,noac,lookupcache=none,nosharecache,soft,timeo=100,retrans=3'
const table = '/etc/exports.d/repro.exports'

function folderOf(name: FileSystem): string {
  return exportOf(name).folder
}

/** A scenario for somebody who has nothing but a shell, nfs-utils and fctorture.ko. */
export function reproducerOf({ scenario, signature, seed, about }: Reproduction): string {
  const lines = [
    '#!/bin/sh',
    '# Provokes a bug of nfsd’s file cache. For a machine that may crash: it exports and mounts on itself.',
    ...[signature, ...about].map(shellComment),
    ...leftOut(scenario).map((what) => `# Left out, for a shell cannot: ${what}.`),
    '# Usage: reproducer.sh [fctorture.ko]. Exit status: 1 it showed, 0 it did not, 2 set-up failed.',
    '# It ends as soon as it shows. A machine may die of the bug first: watch its console.',
    'set -u',
    'ko=${1:-fctorture.ko} tree=/sys/kernel/debug/fctorture',
    'stop=$(mktemp -u)',
    `seconds=\${SECONDS_OF_LOAD:-${String(Math.ceil(slower * scenario.seconds))}}`,
    'die() { echo "reproducer: $*" >&2; exit 2; }',
    '',
    ...server(scenario),
    '',
    ...testModule(),
    '',
    ...filesOf(scenario),
    '',
    ...clientMounts(scenario),
    '',
    ...knobs(scenario, seed),
    '',
    `trap 'touch "$stop"; echo 0 > $tree/run & exit 1' USR1`,
    ...witnessOf(signature).start,
    '# Before the load: where it is wanted, nfsd’s text is patched.',
    'echo 1 > $tree/run || die "the stressors do not start"',
    ...loads(scenario),
    ...(scenario.disturb.includes('restart') ? restarts(scenario) : []),
    'sleep "$seconds" > /dev/null 2>&1 & wait $!',
    ...end(scenario, witnessOf(signature).end),
  ]
  return lines.join('\n') + '\n'
}

function leftOut({ clients, churn, disturb, stressors }: Scenario): string[] {
  const operations = [clients, churn].flatMap((load) => Object.keys(load?.mix ?? {}) as Op[])
  return [
    ...new Set(operations.filter((op) => commands[op] === undefined)),
    ...(disturb.includes('namespace') ? ['an nfsd of another network namespace'] : []),
    ...((stressors.purge?.foreign_percent ?? 0) > 0 ? ['purges in another namespace'] : []),
  ]
}

function server({ exports, delegations, nfsdThreads }: Scenario): string[] {
  const disks = (Object.keys(onDisk) as OnDisk[]).filter((name) => exports.includes(name))
  const standing = exports.filter((name) => name !== 'nfs')
  return [
    `mkdir -p ${root} /etc/exports.d /run/rpc_pipefs /var/lib/nfs/nfsdcld`,
    `mount -t tmpfs -o size=512m tmpfs ${root} || die "no tmpfs"`,
    ...disks.flatMap(makeDisk),
    'modprobe -a nfsd nfsv3 nfsv4 || die "no nfsd"',
    'mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd',
    'mountpoint -q /run/rpc_pipefs || mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs',
    '# Otherwise clients wait for the end of a grace period; lockd takes no line end.',
    'for name in nlm_timeout nlm_grace_period; do printf 3 > /sys/module/lockd/parameters/$name; done',
    ...(delegations
      ? []
      : ['echo 0 > /proc/sys/fs/leases-enable # else NFSv3 clients wait 5 s for a delegation to come back']),
    'pgrep -x rpcbind > /dev/null || rpcbind -w; pgrep -x nfsdcld > /dev/null || nfsdcld -p /run/rpc_pipefs',
    ...exportAll(standing),
    `rpc.nfsd ${String(nfsdThreads)} || die "nfsd does not start"`,
    'pgrep -x rpc.mountd > /dev/null || rpc.mountd',
    ...(exports.includes('nfs') ? reexport([...standing, 'nfs']) : []),
  ]
}

function makeDisk(name: OnDisk): string[] {
  const { mib, make } = onDisk[name]
  return [
    `modprobe -a loop ${name}; image=$(mktemp); truncate -s ${String(mib)}M "$image"; ${make.join(' ')} "$image"`,
    `mkdir ${folderOf(name)}; mount -o loop "$image" ${folderOf(name)} || die "no ${name}"`,
  ]
}

function exportAll(names: readonly FileSystem[]): string[] {
  const lines = exportsTable(names.map(exportOf), ['127.0.0.1']).trimEnd().split('\n')
  return [
    ...lines.map((line, index) => `echo "${line}" ${index === 0 ? '>' : '>>'} ${table}`),
    'exportfs -ra',
  ]
}

function reexport(all: readonly FileSystem[]): string[] {
  return [
    `mkdir -m 777 ${folderOf('nfs')} ${folderOf('ext4')}/again`,
    `mount -t nfs -o vers=4.1,proto=tcp,nolock,nosharecache,soft 127.0.0.1:/ext4/again ${folderOf('nfs')} || die "no NFS"`,
    ...exportAll(all),
  ]
}

/** Where nfsd keeps its fields, for a module that was built without its headers. */
function testModule(): string[] {
  return [
    'layout() {',
    '  for type in nfsd_file svc_fh; do',
    '    pahole --btf_base /sys/kernel/btf/vmlinux -C $type /sys/kernel/btf/nfsd',
    '  done | sed -nE \\',
    String.raw`    -e 's/.*[ *](nf_(inode|file|flags|ref|may|lru)|fh_(dentry|export));.*\/\* *([0-9]+) .*/off_\1=\4/p' \ `.trimEnd(),
    String.raw`    -e '/svc_fh \{/,$s/.*size: ([0-9]+),.*/size_svc_fh=\1/p'`,
    String.raw`  sed -nE 's/.*1(UL)? *<< *\(?([0-9]+)\)*, *"GC".*/bit_gc=\2/p' \ `.trimEnd(),
    '    /sys/kernel/tracing/events/nfsd/nfsd_file_put/format',
    '}',
    '# shellcheck disable=SC2046 # each line is a parameter',
    'insmod "$ko" $(layout 2> /dev/null) || die "the kernel refuses $ko"',
  ]
}

function filesOf({ exports, clients }: Scenario): string[] {
  return [
    '# shellcheck disable=SC2043 # it may be one',
    `for folder in ${exports.map(folderOf).join(' ')}; do`,
    '  mkdir -m 777 "$folder/files" "$folder/churn"',
    `  for n in $(seq 0 ${String(clients.files - 1)}); do`,
    `    head -c ${String(clients.size)} /dev/zero > "$folder/files/f$n"`,
    '    echo "$folder/files/f$n" > $tree/targets || die "no target"',
    '  done',
    'done',
  ]
}

function clientMounts({ exports, versions }: Scenario): string[] {
  const mounts = versions.flatMap((version) =>
    exports.map((name) => {
      const path = version === '3' ? folderOf(name) : name === 'tmpfs' ? '/' : `/${name}`
      const folder = `/mnt/fct/${name}-v${version}`
      return `mkdir -p ${folder}; mount -t nfs -o vers=${version},$options 127.0.0.1:${path} ${folder} || die "no mount"`
    }),
  )
  return [`options=${nfsOptions}`, ...mounts]
}

function knobs({ stressors, inject }: Scenario, seed: number): string[] {
  const lines = Object.entries(knobsOf(stressors, inject)).flatMap(([folder, values]) => {
    const pairs = Object.entries(values).map(([name, value]) => `${name}=${String(value)}`)
    return pairs.length === 0 ? [] : [`set_knobs ${folder} ${pairs.join(' ')}`]
  })
  return [
    '# What this kernel cannot do has no file, or takes nothing; "cat $tree/capabilities" says why.',
    'set_knobs() {',
    '  folder=$1; shift',
    '  for pair; do',
    '    echo "${pair#*=}" > "$tree/$folder/${pair%%=*}" || echo "reproducer: $folder/$pair cannot be set" >&2',
    '  done',
    '}',
    `echo ${String(seed)} > $tree/seed`,
    ...lines,
  ]
}

/** What the load engine's operations are in a shell; each needs a process, so that they are fewer. */
const commands: Partial<Record<Op, string>> = {
  read: 'dd if="$f" of=/dev/null bs=4096 count=1 iflag=direct',
  scan: 'cat "$f" > /dev/null',
  write: 'dd if=/dev/zero of="$f" bs=4096 count=1 conv=notrunc',
  append: 'dd if=/dev/zero of="$f" bs=512 count=1 oflag=append conv=notrunc',
  truncate: 'truncate -s 100 "$f"; truncate -s "$size" "$f"',
  copy: 'cp "$f" "${f%/*}/f0"',
  unlink: 'rm -f "$f"; truncate -s "$size" "$f"',
  rename: 'truncate -s "$size" "$f.$$"; mv "$f.$$" "$f"',
  link: 'ln "$f" "$f.l.$$"; rm -f "$f.l.$$"',
  lock: 'flock -n "$f" true',
}

function loads({ clients, churn }: Scenario): string[] {
  return [
    'loads=',
    ...loadOf('files', clients),
    ...(churn === undefined ? [] : loadOf('churn', churn)),
    'for mount in /mnt/fct/*; do',
    ...threadsOf('files', clients),
    ...(churn === undefined ? [] : threadsOf('churn', churn)),
    'done',
  ]
}

function loadOf(folder: string, { files, size, mix }: Load): string[] {
  const weights = Object.entries(mix).filter(([op, weight]) => weight > 0 && commands[op as Op] !== undefined)
  const least = Math.min(...weights.map(([, weight]) => weight))
  const rounds = weights.flatMap(([op, weight]) =>
    Array.from({ length: Math.min(8, Math.round(weight / least)) }, () => op),
  )
  return [
    `load_${folder}() {`,
    ...(rounds.some((op) => commands[op as Op]?.includes('$size')) ? [`  size=${String(size)}`] : []),
    '  n=0',
    '  while [ ! -e "$stop" ]; do',
    `    for op in ${rounds.join(' ')}; do`,
    `      n=$(((n + 1) % ${String(files)})) f=$1/${folder}/f$n`,
    '      case $op in',
    ...weights.map(([op]) => `      ${op}) ${commands[op as Op] ?? ''} ;;`),
    '      esac',
    '    done',
    '  done > /dev/null 2>&1',
    '}',
  ]
}

function threadsOf(folder: string, { threads }: Load): string[] {
  return Array.from({ length: threads }, () => `  load_${folder} "$mount" & loads="$loads $!"`)
}

function restarts({ nfsdThreads }: Scenario): string[] {
  return [
    'restart() {',
    '  while [ ! -e "$stop" ]; do',
    '    echo 0 > /proc/fs/nfsd/threads; sleep 1; echo "tcp 2049" > /proc/fs/nfsd/portlist',
    `    echo ${String(nfsdThreads)} > /proc/fs/nfsd/threads; sleep 3`,
    '  done',
    '}',
    'restart & loads="$loads $!"',
  ]
}

/**
 * Until the laundrette has had its time; then nfsd goes, for what is left over shows only then. What the bug has stopped for good
 * must not keep the script from its end.
 */
function end({ quietSeconds, exports }: Scenario, witness: readonly string[]): string[] {
  return [
    'end() {',
    "  trap '' ALRM; kill $alarm 2> /dev/null",
    ...witness.map((line) => `  ${line}`),
    '  exit 0',
    '}',
    `patience=\${SECONDS_TO_END:-${String(Math.ceil(quietSeconds) + 60)}}`,
    `trap 'echo "reproducer: not all of it ends within $patience s" >&2; end' ALRM`,
    '(sleep "$patience"; kill -ALRM $$) > /dev/null 2>&1 & alarm=$!',
    '# shellcheck disable=SC2086 # a word for each process',
    'echo 0 > $tree/run & touch "$stop"; wait $! $loads; rm -f "$stop"',
    '{',
    `  sleep ${String(quietSeconds)}`,
    '  umount /mnt/fct/*',
    ...(exports.includes('nfs') ? [`  echo > $tree/targets; umount ${folderOf('nfs')}`] : []),
    '  rpc.nfsd 0; sleep 2',
    '} > /dev/null 2>&1 & wait $!',
    'end',
  ]
}
