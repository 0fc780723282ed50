#!/bin/sh
# Enables an event and takes it away, again and again, while the CPUs change tasks as fast as they can.
for _ in 1 2 3 4; do
	yes | cat | cat >/dev/null &
done
round=0
while [ $round -lt 60 ]; do
	mkdir /sys/kernel/tracing/instances/toggled || exit 1
	echo 1 >/sys/kernel/tracing/instances/toggled/events/task/task_rename/enable || exit 1
	rmdir /sys/kernel/tracing/instances/toggled || exit 1
	round=$((round + 1))
done
echo "$round rounds"
