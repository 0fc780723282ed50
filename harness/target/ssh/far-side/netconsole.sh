# Has the kernel send its messages to where this connection came from; $1 our folder, $2 a port there, $3 a word to say first.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
place=$1
port=$2
word=$3
refuse() {
	echo "$1"
	exit 1
}
case $place in
/var/tmp/fctorture.??????????) ;;
*) exit 2 ;;
esac
[ -d /sys/kernel/config/netconsole/fctorture ] && refuse 'somebody else has it send messages already'
remote=${SSH_CONNECTION%% *}
local=$(echo "$SSH_CONNECTION" | cut -d ' ' -f 3)
case $remote in
*:* | '') refuse "netconsole is for IPv4, and we come from $remote" ;;
esac
modprobe -q configfs
[ -d /sys/kernel/config ] && { mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config; }
modprobe -q netconsole || refuse 'its kernel has no netconsole'
cd /sys/kernel/config/netconsole || refuse 'its netconsole cannot be told where to send'
route=$(ip -4 route get "$remote")
device=$(echo "$route" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
hop=$(echo "$route" | sed -n 's/.* via \([^ ]*\).*/\1/p')
address=$(ip -4 neigh show "${hop:-$remote}" dev "$device" | sed -n 's/.* lladdr \([^ ]*\).*/\1/p' | head -n 1)
[ -n "$address" ] || refuse 'the next station on the way here is not known'
mkdir fctorture && cd fctorture || refuse 'no target of netconsole can be made'
{
	echo "$device" > dev_name && echo "$local" > local_ip && echo "$remote" > remote_ip &&
		echo "$port" > remote_port && echo "$address" > remote_mac && echo 1 > enabled
} 2> /dev/null || refuse "its netconsole does not send by $device"
echo "<3>fct-netconsole: $word" > /dev/kmsg
