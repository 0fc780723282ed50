# A kernel for this machine, step by step. What it refuses it says as "refused CODE why", with what was printed in the next lines.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 2>&1
refuse() {
	printf 'refused %s\n' "$*"
	exit 1
}
has() { command -v "$1" > /dev/null; }

begin() { # RELEASE HASH KIB_OF_MODULES
	modules=/lib/modules/$1
	has kexec || refuse FCT_DEPLOY_LACKS 'it has no kexec (package kexec-tools)'
	output=$(kexec --version 2>&1) || refuse "FCT_DEPLOY_LACKS its kexec does not work
$output"
	has mkinitramfs || has dracut || refuse FCT_DEPLOY_LACKS 'it has neither mkinitramfs (package initramfs-tools) nor dracut'
	[ "$(cat /proc/sys/kernel/kexec_load_disabled 2> /dev/null)" = 0 ] || refuse FCT_DEPLOY_REFUSED 'its kernel may not load another one (kernel.kexec_load_disabled)'
	[ "$(uname -r)" != "$1" ] || refuse FCT_DEPLOY_RELEASE_TAKEN "it runs $1 already; a kernel of another name is needed"
	[ ! -e "$modules" ] || [ -e "$modules/.fctorture" ] || refuse FCT_DEPLOY_RELEASE_TAKEN "it has a kernel $1 of its own"
	rm -rf "$modules"
	free=$(df -Pk /lib/modules | awk 'NR == 2 { print $4 }')
	[ "$free" -gt "$3" ] || refuse FCT_DEPLOY_DISK_FULL "its /lib/modules has $((free / 1024)) MiB left, and the modules take $(($3 / 1024)) MiB"
	umask 077
	folder=$(mktemp -d /var/tmp/fctorture.XXXXXXXXXX) || refuse FCT_DEPLOY_REFUSED 'nothing can be written below /var/tmp'
	umask 022
	if ! mkdir -p "$modules" || ! echo "$2" > "$modules/.fctorture"; then
		rm -rf "$folder"
		refuse FCT_DEPLOY_REFUSED 'nothing can be written below /lib/modules'
	fi
	echo "$folder"
}

load() { # RELEASE FOLDER
	cd "$2" || exit 1
	if [ -f nfsd.ko ]; then
		mkdir -p "/lib/modules/$1/updates" && mv nfsd.ko "/lib/modules/$1/updates/nfsd.ko" && depmod "$1" || exit 1
	fi
	[ -f "/lib/modules/$1/modules.dep" ] || depmod "$1" || exit 1
	# Not update-initramfs: it keeps a list of what it has made, and tells the boot loader.
	if has mkinitramfs; then
		output=$(mkinitramfs -o "$2/initrd" "$1" 2>&1)
	else
		output=$(dracut --kver "$1" "$2/initrd" 2>&1)
	fi
	[ -s initrd ] || refuse "FCT_DEPLOY_INITRAMFS no initramfs could be made there
$output"
	# Nothing writes there before the jump; to check the sums of all anew takes minutes where code is translated.
	output=$(kexec -l -i vmlinuz --initrd=initrd --command-line="$(cat /proc/cmdline) $(cat append)" 2>&1) ||
		refuse "FCT_DEPLOY_KEXEC its kernel does not take this one (a signature may be wanted: KEXEC_SIG)
$output"
}

jump() { # RELEASE FOLDER
	rm -rf "$2"
	sync
	# As soon as the server of this connection has ended, our answer has gone.
	setsid sh -c 'tail -s 0.1 -f --pid="$1" /dev/null
		[ -d /run/systemd/system ] && systemctl kexec || kexec -e' sh "$PPID" > /dev/null 2>&1 < /dev/null &
}

undo() { # RELEASE [FOLDER]
	[ -z "$2" ] || rm -rf "$2"
	[ "$(uname -r)" = "$1" ] && exit 0
	kexec -u 2> /dev/null
	[ -e "/lib/modules/$1/.fctorture" ] && rm -rf "/lib/modules/$1"
	return 0
}

clear() {
	for mark in /lib/modules/*/.fctorture; do
		[ -e "$mark" ] || continue
		release=$(basename "$(dirname "$mark")")
		[ "$(uname -r)" = "$release" ] || { rm -rf "/lib/modules/$release" && echo "$release"; }
	done
}

case ${2-} in
*/* | .*) exit 2 ;; # no name of a folder below /lib/modules
esac
case $1:${3-} in
begin:* | clear: | undo:) ;;
*:/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
"$@"
