# A kernel for this machine, step by step. What it refuses it says as "refused CODE why", with what was printed in the next lines.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 2>&1
refuse() {
	printf 'refused %s\n' "$*"
	exit 1
}
has() { command -v "$1" > /dev/null; }

begin() { # RELEASE WAY HASH KIB_OF_MODULES
	modules=/lib/modules/$1
	[ "$(uname -r)" != "$1" ] || refuse FCT_DEPLOY_RELEASE_TAKEN "it runs $1 already; a kernel of another name is needed"
	[ ! -e "$modules" ] || [ -e "$modules/.fctorture" ] || refuse FCT_DEPLOY_RELEASE_TAKEN "it has a kernel $1 of its own"
	case $2 in
	kexec) can_kexec ;;
	grub) can_boot_once ;;
	*) exit 2 ;;
	esac
	has mkinitramfs || has dracut || refuse FCT_DEPLOY_LACKS 'it has neither mkinitramfs (package initramfs-tools) nor dracut'
	rm -rf "$modules"
	free=$(df -Pk /lib/modules | awk 'NR == 2 { print $4 }')
	[ "$free" -gt "$4" ] || refuse FCT_DEPLOY_DISK_FULL "its /lib/modules has $((free / 1024)) MiB left, and the modules take $(($4 / 1024)) MiB"
	umask 077
	folder=$(mktemp -d /var/tmp/fctorture.XXXXXXXXXX) || refuse FCT_DEPLOY_REFUSED 'nothing can be written below /var/tmp'
	umask 022
	if ! mkdir -p "$modules" || ! echo "$3" > "$modules/.fctorture"; then
		rm -rf "$folder"
		refuse FCT_DEPLOY_REFUSED 'nothing can be written below /lib/modules'
	fi
	echo "$folder"
}

can_kexec() {
	has kexec || refuse FCT_DEPLOY_LACKS 'it has no kexec (package kexec-tools)'
	output=$(kexec --version 2>&1) || refuse "FCT_DEPLOY_LACKS its kexec does not work
$output"
	[ "$(cat /proc/sys/kernel/kexec_load_disabled 2> /dev/null)" = 0 ] || refuse FCT_DEPLOY_REFUSED 'its kernel may not load another one (kernel.kexec_load_disabled)'
}

load() { # RELEASE WAY FOLDER
	cd "$3" || exit 1
	if [ -f nfsd.ko ]; then
		mkdir -p "/lib/modules/$1/updates" && mv nfsd.ko "/lib/modules/$1/updates/nfsd.ko" && depmod "$1" || exit 1
	fi
	[ -f "/lib/modules/$1/modules.dep" ] || depmod "$1" || exit 1
	# Not update-initramfs: it keeps a list of what it has made, and tells the boot loader.
	if has mkinitramfs; then
		output=$(mkinitramfs -o "$3/initrd" "$1" 2>&1)
	else
		output=$(dracut --kver "$1" "$3/initrd" 2>&1)
	fi
	[ -s initrd ] || refuse "FCT_DEPLOY_INITRAMFS no initramfs could be made there
$output"
	words="$(cat /proc/cmdline) $(cat append)"
	if [ "$2" = grub ]; then
		write_entry "$words"
		return
	fi
	# Nothing writes there before the jump; to check the sums of all anew takes minutes where code is translated.
	output=$(kexec -l -i vmlinuz --initrd=initrd --command-line="$words" 2>&1) ||
		refuse "FCT_DEPLOY_KEXEC its kernel does not take this one (a signature may be wanted: KEXEC_SIG)
$output"
}

jump() { # RELEASE WAY FOLDER
	[ "$2" != grub ] || boot_entry_next
	rm -rf "$3"
	sync
	# As soon as the server of this connection has ended, our answer has gone.
	setsid sh -c 'tail -s 0.1 -f --pid="$1" /dev/null
		case $2 in
		kexec) [ -d /run/systemd/system ] && systemctl kexec || kexec -e ;;
		# GRUB reads what is on the disk, and no journal.
		grub) reboot || { fsfreeze -f /boot/grub; echo b > /proc/sysrq-trigger; } ;;
		esac' sh "$PPID" "$2" > /dev/null 2>&1 < /dev/null &
}

undo() { # RELEASE WAY [FOLDER]
	[ -z "$3" ] || rm -rf "$3"
	[ "$(uname -r)" = "$1" ] && exit 0
	remove_entry
	! has kexec || kexec -u 2> /dev/null
	[ -e "/lib/modules/$1/.fctorture" ] && rm -rf "/lib/modules/$1"
	sync
}

clear() {
	remove_entry
	for mark in /lib/modules/*/.fctorture; do
		[ -e "$mark" ] || continue
		release=$(basename "$(dirname "$mark")")
		[ "$(uname -r)" = "$release" ] || { rm -rf "/lib/modules/$release" && echo "$release"; }
	done
	sync
}

case ${2-} in
*/* | .*) exit 2 ;; # no name of a folder below /lib/modules
esac
case $1:${4-} in
begin:* | clear: | undo:) ;;
*:/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
"$@"
