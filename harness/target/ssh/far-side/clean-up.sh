# Undoes all that a run has left, whatever it came to; $1 is its folder. Prints what could not be undone.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
place=$1
case $place in
/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
[ -d "$place" ] || exit 0
netconsole=/sys/kernel/config/netconsole/fctorture
tracing=/sys/kernel/tracing/instances/fctorture
was() { grep -qxF -- "$2" "$place/before/$1"; }
loaded() { grep -q "^$1 " /proc/modules; }
mounts() { tac /proc/mounts | cut -d ' ' -f 2 | grep -E "$1"; }
say() { printf '%s\n' "$1"; }
gone() { # a process: asked, then made to end
	kill "$1" 2> /dev/null || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$1" 2> /dev/null || return 0
		sleep 0.2
	done
	kill -9 "$1" 2> /dev/null
}

end_ours() {
	for name in agent kmsg; do
		[ -f "$place/$name.pid" ] || continue
		pid=$(cat "$place/$name.pid")
		gone "$pid"
		# Its session: what it had begun, and not what has made a session of its own.
		pkill -9 -s "$pid"
	done
	mounts '^/mnt/fct(-ns)?(/|$)' | while read -r mount; do
		was mounts "$mount" || umount -f "$mount" || umount -l "$mount"
	done
	[ -d /sys/kernel/debug/fctorture ] && echo 0 > /sys/kernel/debug/fctorture/run
	[ -d $tracing ] && rmdir $tracing
	loaded fctorture && rmmod fctorture
	[ -d $netconsole ] && { echo 0 > $netconsole/enabled; rmdir $netconsole; } 2> /dev/null
	loaded netconsole && ! was modules netconsole && rmmod netconsole
	was mounts /sys/kernel/config || umount /sys/kernel/config 2> /dev/null
}

# Only the agent starts a server; before it has come, whatever serves is somebody else's.
end_server() {
	[ -f "$place/agent.pid" ] || return 0
	[ -f /proc/fs/nfsd/threads ] && echo 0 > /proc/fs/nfsd/threads
	for daemon in rpc.mountd nfsdcld rpcbind rpc.statd; do
		for pid in $(pgrep -x "$daemon"); do
			was daemons "$pid" || gone "$pid"
		done
	done
	mounts '^(/srv/fct(-ns)?(/|$)|/proc/fs/nfsd$|/run/rpc_pipefs$)' | while read -r mount; do
		was mounts "$mount" || umount "$mount"
	done
	for file in nlm_timeout nlm_grace_period; do
		[ -f "$place/before/$file" ] && cat "$place/before/$file" > "/sys/module/lockd/parameters/$file"
	done
	[ -f "$place/before/leases" ] && cat "$place/before/leases" > /proc/sys/fs/leases-enable
	return 0
}

unload_modules() {
	# As often as modules can stand on each other.
	for _ in 1 2 3 4 5 6 7 8; do
		cut -d ' ' -f 1,3 /proc/modules | while read -r module users; do
			[ "$users" = 0 ] && ! was modules "$module" && case $module in
			nfsd | lockd | grace | nfs_acl | auth_rpcgss | sunrpc | nfs | nfsv3 | nfsv4 | nfs_ssc | rpcsec_gss_krb5 | fscache | netfs | loop | configfs) rmmod "$module" 2> /dev/null ;;
			esac
		done
	done
}

remove_files() {
	was folders /var/lib/nfs/nfsdcld || rm -rf /var/lib/nfs/nfsdcld
	for folder in /srv/fct /srv/fct-ns /mnt/fct /mnt/fct-ns /etc/exports.d /run/rpc_pipefs; do
		[ -d "$folder" ] && ! was folders "$folder" && find "$folder" -xdev -depth -type d -empty -delete
	done
}

boot=$(cat /proc/sys/kernel/random/boot_id)
exports=/etc/exports.d/fctorture.exports
was boot "$boot" && end_ours
[ -f $exports ] && rm -f $exports && exportfs -r 2> /dev/null
# What runs in another boot is the machine's own, whatever its numbers.
was boot "$boot" && end_server && unload_modules
remove_files
[ -d $tracing ] && say 'the tracing instance fctorture'
[ -d $netconsole ] && say 'a target of netconsole'
loaded fctorture && say 'the module fctorture'
mounts '^/(srv|mnt)/fct(-ns)?(/|$)' | sed 's/^/the mount /'
loaded nfsd && ! was modules nfsd && was boot "$boot" && say 'the module nfsd'
rm -rf "$place"
# What is reset a moment later would have it again.
sync -f /var/tmp
