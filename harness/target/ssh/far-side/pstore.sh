# Prints the kernel messages that outlived a crash since our folder, $1, was made: "== NAME", then the record. Removes them from
# the store.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
place=$1
case $place in
/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
store=/sys/fs/pstore
[ -d "$store" ] || exit 0
grep -q " $store pstore " /proc/mounts || { mount -t pstore pstore "$store" && mounted=yes; }
show() {
	printf '== %s\n' "${1##*/}"
	cat "$1"
	echo
}
for file in "$store"/dmesg-*; do
	[ -f "$file" ] || continue
	grep -qxF -- "${file##*/}" "$place/before/pstore" 2>/dev/null && continue
	show "$file" && rm -f "$file"
done
# systemd-pstore takes them away at boot.
find /var/lib/systemd/pstore -type f -name 'dmesg-*' -newer "$place/before/modules" 2>/dev/null | while read -r file; do
	show "$file"
done
[ "$mounted" = yes ] && umount "$store"
exit 0
