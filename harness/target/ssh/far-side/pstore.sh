# Prints the kernel messages that outlived a crash since our folder, $1, was made: "== NAME", then the record; removes them.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
place=$1
case $place in
/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
take() {
	printf '== %s\n' "${1##*/}"
	cat "$1" && rm -f "$1"
	echo
}
store=/sys/fs/pstore
if [ -d $store ]; then
	grep -q " $store pstore " /proc/mounts || { mount -t pstore pstore $store && mounted=yes; }
	cd $store || exit 1
	for file in dmesg-*; do
		[ -f "$file" ] || continue
		grep -qxF -- "$(cksum "$file")" "$place/before/pstore" 2> /dev/null || take "$file"
	done
	cd /
	[ "$mounted" = yes ] && umount $store
fi
# systemd-pstore takes them away at boot.
find /var/lib/systemd/pstore -type f -name 'dmesg-*' -newer "$place/before/modules" 2> /dev/null | while read -r file; do
	take "$file"
	rmdir "${file%/*}" 2> /dev/null
done
exit 0
