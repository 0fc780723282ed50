# What a machine is, a line for each thing. Changes nothing.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
say() { printf '%s\t%s\n' "$1" "$2"; }
first() { head -n 1 "$1" 2>/dev/null; }
has() { command -v "$1" >/dev/null 2>&1; }

release=$(uname -r)
say arch "$(uname -m)"
say release "$release"
say user "$(id -u)"
say cpus "$(nproc)"
say memoryKiB "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
say commandLine "$(first /proc/cmdline)"
say lockdown "$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null)"
say moduleSignatures "$(first /sys/module/module/parameters/sig_enforce)"
grep -qw ibt /proc/cpuinfo && ! grep -qw ibt=off /proc/cmdline && say ibt yes
[ -f "/lib/modules/$release/build/Makefile" ] && say headers yes
has make && has gcc && say compiler yes
has pahole && say pahole yes
[ -f /sys/kernel/btf/nfsd ] || [ -f /sys/kernel/btf/vmlinux ] && say btf yes
[ -d /sys/kernel/tracing/instances ] && say tracefs yes
[ -d /sys/kernel/debug/tracing ] && say debugfs yes
modinfo nfsd >/dev/null 2>&1 && say nfsd yes
say node "$(node --version 2>/dev/null)"
say nfsdThreads "$(first /proc/fs/nfsd/threads)"
say exports "$(exportfs 2>/dev/null | wc -l)"
for program in rpc.nfsd exportfs rpc.mountd rpcbind nfsdcld mount.nfs mkfs.ext4 ip unshare; do
	has "$program" || say lacks "$program"
done
say nfsMounts "$(grep -c -E '^[^ ]+ [^ ]+ nfs4? ' /proc/mounts)"
say freeKiB "$(df -Pk /var/tmp | awk 'NR == 2 { print $4 }')"
grep -qw fctorture /proc/modules && say fctorture yes
say panic "$(first /proc/sys/kernel/panic)"
say kernelNotes "$(sha256sum < /sys/kernel/notes | cut -d ' ' -f 1)"
say nfsdFile "$(modinfo -n nfsd 2>/dev/null | xargs -r sha256sum | cut -d ' ' -f 1)"
