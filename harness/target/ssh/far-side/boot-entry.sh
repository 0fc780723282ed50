# An entry of GRUB for one boot. Stands before deploy.sh, which brings refuse() and has().
grub=/boot/grub
entry=$grub/fctorture

can_boot_once() {
	has grub-reboot && has grub-editenv && has grub-probe ||
		refuse FCT_DEPLOY_LACKS 'it has no grub-reboot (packages grub-common and grub2-common)'
	[ -s $grub/grubenv ] && grep -q next_entry $grub/grub.cfg 2> /dev/null && grep -q custom.cfg $grub/grub.cfg ||
		refuse FCT_DEPLOY_BOOT_ENTRY "$grub/grub.cfg knows no entry for one boot (next_entry and custom.cfg; update-grub makes one that does)"
	kinds=$(grub-probe --target=abstraction $grub 2>&1 && grub-probe --target=fs $grub 2>&1) ||
		refuse "FCT_DEPLOY_BOOT_ENTRY it cannot be told what $grub is on
$kinds"
	# GRUB forgets such an entry by writing to its file; where it cannot, each boot would be of the new kernel.
	for kind in $kinds; do
		case $kind in
		lvm | diskfilter | mdraid* | btrfs | zfs | squash4 | iso9660)
			refuse FCT_DEPLOY_BOOT_ENTRY "its GRUB cannot write to $grub ($kind), and would boot the new kernel for ever"
			;;
		esac
	done
}

write_entry() { # COMMAND_LINE; vmlinuz and initrd are here
	# It hands them on with a backslash before them.
	case $1 in
	*[\"\'\\]*) refuse FCT_DEPLOY_BOOT_ENTRY 'the command line has quotes in it, which GRUB changes' ;;
	esac
	remove_entry
	mkdir $entry && mv vmlinuz initrd $entry/ ||
		refuse FCT_DEPLOY_DISK_FULL "kernel and initramfs could not be written below $grub"
	{
		[ ! -f $grub/custom.cfg ] || sed -e '$a\' $grub/custom.cfg
		echo '### fctorture'
		# Who protects his menu by a password has not forbidden this.
		echo "menuentry 'fctorture' --id fctorture --unrestricted {"
		# Its prefix is where it has found all this.
		printf '\tlinux $prefix/fctorture/vmlinuz'
		set -f
		for word in $1; do
			case $word in
			BOOT_IMAGE=* | initrd=*) ;;
			*) printf " '%s'" "$word" ;;
			esac
		done
		set +f
		printf '\n\tinitrd $prefix/fctorture/initrd\n}\n### end of fctorture\n'
	} > $entry/custom.cfg && mv $entry/custom.cfg $grub/custom.cfg ||
		refuse FCT_DEPLOY_BOOT_ENTRY "$grub/custom.cfg cannot be written"
}

boot_entry_next() {
	output=$(grub-reboot fctorture 2>&1) || refuse "FCT_DEPLOY_BOOT_ENTRY grub-reboot failed
$output"
}

remove_entry() {
	[ -d $entry ] || return 0
	if [ -f $grub/custom.cfg ]; then
		sed -i '/^### fctorture$/,/^### end of fctorture$/d' $grub/custom.cfg
		[ -s $grub/custom.cfg ] || rm -f $grub/custom.cfg
	fi
	grub-editenv $grub/grubenv list | grep -qx next_entry=fctorture && grub-editenv $grub/grubenv unset next_entry
	rm -rf $entry
}
