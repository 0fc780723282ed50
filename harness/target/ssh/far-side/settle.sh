# Makes a folder of our own, with what the machine was like before us in it, and prints its path.
set -e
umask 077
place=$(mktemp -d /var/tmp/fctorture.XXXXXXXXXX)
mkdir "$place/before" "$place/down" "$place/kmod" "$place/under-test"
cat /proc/sys/kernel/random/boot_id > "$place/before/boot"
cut -d ' ' -f 1 /proc/modules > "$place/before/modules"
cut -d ' ' -f 2 /proc/mounts > "$place/before/mounts"
# A store that is full takes the next record under a name that it had before.
store=/sys/fs/pstore
if [ -d $store ]; then
	grep -q " $store pstore " /proc/mounts || mount -t pstore pstore $store
	(cd $store && cksum dmesg-* 2> /dev/null) > "$place/before/pstore" || :
	grep -qxF $store "$place/before/mounts" || umount $store
fi
for file in nlm_timeout nlm_grace_period; do
	cat "/sys/module/lockd/parameters/$file" > "$place/before/$file" 2> /dev/null || rm -f "$place/before/$file"
done
cat /proc/sys/fs/leases-enable > "$place/before/leases"
for daemon in rpcbind nfsdcld rpc.mountd rpc.statd; do
	pgrep -x "$daemon" >> "$place/before/daemons" || :
done
for folder in /srv/fct /srv/fct-ns /mnt/fct /mnt/fct-ns /etc/exports.d /run/rpc_pipefs /var/lib/nfs/nfsdcld; do
	[ -e "$folder" ] && echo "$folder" >> "$place/before/folders"
done
: >> "$place/before/daemons"
: >> "$place/before/folders"
printf '%s\n' "$place"
