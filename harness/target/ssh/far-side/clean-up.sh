# Undoes all that a run has left, whatever it came to; $1 is its folder. Prints what could not be undone.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
place=$1
case $place in
/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
[ -d "$place" ] || exit 0
was() { grep -qxF -- "$2" "$place/before/$1"; }
gone() { # a process: asked, then made to end
	kill "$1" 2>/dev/null || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.2
	done
	kill -9 "$1" 2>/dev/null
}

for name in agent kmsg; do
	[ -f "$place/$name.pid" ] && gone "$(cat "$place/$name.pid")"
done
pkill -9 -f "^unshare --net" 2>/dev/null
tac /proc/mounts | cut -d ' ' -f 2 | grep -E '^/mnt/fct(-ns)?(/|$)' | while read -r mount; do
	was mounts "$mount" || umount -f "$mount" || umount -l "$mount"
done
[ -d /sys/kernel/debug/fctorture ] && echo 0 > /sys/kernel/debug/fctorture/run
[ -d /sys/kernel/tracing/instances/fctorture ] && rmdir /sys/kernel/tracing/instances/fctorture
grep -qw ^fctorture /proc/modules && rmmod fctorture
netconsole=/sys/kernel/config/netconsole/fctorture
[ -d $netconsole ] && { echo 0 > $netconsole/enabled; rmdir $netconsole; } 2>/dev/null
grep -qw ^netconsole /proc/modules && ! was modules netconsole && rmmod netconsole
was mounts /sys/kernel/config || umount /sys/kernel/config 2>/dev/null
rm -f /etc/exports.d/fctorture.exports
exportfs -r 2>/dev/null
[ -f /proc/fs/nfsd/threads ] && ! was modules nfsd && echo 0 > /proc/fs/nfsd/threads
for daemon in rpc.mountd nfsdcld rpcbind rpc.statd; do
	for pid in $(pgrep -x "$daemon"); do
		was daemons "$pid" || gone "$pid"
	done
done
tac /proc/mounts | cut -d ' ' -f 2 | grep -E '^(/srv/fct(-ns)?(/|$)|/proc/fs/nfsd$|/run/rpc_pipefs$)' | while read -r mount; do
	was mounts "$mount" || umount "$mount"
done
for file in nlm_timeout nlm_grace_period; do
	[ -f "$place/before/$file" ] && cat "$place/before/$file" > "/sys/module/lockd/parameters/$file"
done
# As often as modules can stand on each other.
for _ in 1 2 3 4 5 6 7 8; do
	cut -d ' ' -f 1,3 /proc/modules | grep -vxF -f "$place/before/modules" | while read -r module users; do
		[ "$users" = 0 ] && ! was modules "$module" && case $module in
		nfsd | lockd | grace | nfs_acl | auth_rpcgss | sunrpc | nfs | nfsv3 | nfsv4 | nfs_ssc | rpcsec_gss_krb5 | fscache | netfs | loop | configfs) rmmod "$module" 2>/dev/null ;;
		esac
	done
done
for folder in /srv/fct /srv/fct-ns /mnt/fct /mnt/fct-ns; do
	[ -d "$folder" ] && ! was folders "$folder" && find "$folder" -xdev -depth -type d -empty -delete
done

say() { printf '%s\n' "$1"; }
[ -d /sys/kernel/tracing/instances/fctorture ] && say 'the tracing instance fctorture'
[ -d $netconsole ] && say 'a target of netconsole'
grep -qw ^fctorture /proc/modules && say 'the module fctorture'
cut -d ' ' -f 2 /proc/mounts | grep -E '^/(srv|mnt)/fct(-ns)?(/|$)' | sed 's/^/the mount /'
grep -qw ^nfsd /proc/modules && ! was modules nfsd && say 'the module nfsd'
rm -rf "$place"
