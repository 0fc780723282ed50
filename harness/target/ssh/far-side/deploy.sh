# A kernel for this machine, step by step. What it refuses it says as "refused CODE why", with what was printed in the next lines.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 2>&1
refuse() {
	printf 'refused %s\n' "$*"
	exit 1
}
has() { command -v "$1" > /dev/null; }

begin() { # RELEASE HASH
	modules=/lib/modules/$1
	has kexec || refuse FCT_DEPLOY_LACKS 'it has no kexec (package kexec-tools)'
	has update-initramfs || has dracut || refuse FCT_DEPLOY_LACKS 'it has neither update-initramfs nor dracut'
	[ "$(cat /proc/sys/kernel/kexec_load_disabled 2> /dev/null)" = 0 ] || refuse FCT_DEPLOY_REFUSED 'its kernel may not load another one (kernel.kexec_load_disabled)'
	[ "$(uname -r)" != "$1" ] || refuse FCT_DEPLOY_RELEASE_TAKEN "it runs $1 already; a kernel of another name is needed"
	[ ! -e "$modules" ] || [ -e "$modules/.fctorture" ] || refuse FCT_DEPLOY_RELEASE_TAKEN "it has a kernel $1 of its own"
	rm -rf "$modules"
	mkdir -p "$modules" && echo "$2" > "$modules/.fctorture" || refuse FCT_DEPLOY_REFUSED 'nothing can be written below /lib/modules'
	umask 077
	mktemp -d /var/tmp/fctorture.XXXXXXXXXX
}

load() { # FOLDER RELEASE
	cd "$1" || exit 1
	if [ -f nfsd.ko ]; then
		mkdir -p "/lib/modules/$2/updates" && mv nfsd.ko "/lib/modules/$2/updates/nfsd.ko" || exit 1
	fi
	depmod "$2" || exit 1
	if has update-initramfs; then
		output=$(update-initramfs -c -k "$2" -b "$1" 2>&1)
	else
		output=$(dracut --kver "$2" "$1/initrd.img-$2" 2>&1)
	fi
	[ -s "initrd.img-$2" ] || refuse "FCT_DEPLOY_INITRAMFS no initramfs could be made there
$output"
	output=$(kexec -l vmlinuz --initrd="initrd.img-$2" --command-line="$(cat /proc/cmdline) $(cat append)" 2>&1) ||
		refuse "FCT_DEPLOY_KEXEC its kernel does not take this one (a signature may be wanted: KEXEC_SIG)
$output"
	rm -f vmlinuz "initrd.img-$2"
}

jump() { # FOLDER
	rm -rf "$1"
	sync
	setsid sh -c 'sleep 1; [ -d /run/systemd/system ] && systemctl kexec || kexec -e' > /dev/null 2>&1 < /dev/null &
}

undo() { # FOLDER RELEASE
	rm -rf "$1"
	[ "$(uname -r)" = "$2" ] && exit 0
	kexec -u 2> /dev/null
	[ -e "/lib/modules/$2/.fctorture" ] && rm -rf "/lib/modules/$2"
	return 0
}

case ${2-} in
/var/tmp/fctorture.??????????) ;;
*) [ "$1" = begin ] || exit 2 ;;
esac
"$@"
