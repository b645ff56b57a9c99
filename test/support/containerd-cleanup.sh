#!/bin/sh
# containerd-cleanup.sh DIR: waits for the end of its standard input, then ends the containerd whose files are in DIR with
# all its pods and containers, and removes everything that it has put on the machine; its bridge and its cgroup are called as
# DIR. Whoever starts containerd keeps the other end of the pipe, so that a test that is killed cleans up as well as one that
# ends.
dir=$1 name=${1##*/}
read -r _
exec 2>/dev/null

[ -d "$dir" ] || exit 0
# Two test runs may find the same leftovers.
exec 9<"$dir" && flock 9
[ -d "$dir" ] || exit 0

pids=$(cat "$dir/pid")
# Shims outlive containerd, containers outlive shims.
for p in /proc/[0-9]*; do
  tr '\0' ' ' <"$p/cmdline" | grep -q -- "containerd-shim.*-address $dir/containerd.sock " && pids="$pids ${p#/proc/}"
done
kill -KILL $pids
ids=
for task in "$dir"/state/io.containerd.runtime.v2.task/k8s.io/*; do
  [ -d "$task" ] || continue
  id=${task##*/} ids="$ids ${task##*/}"
  # containerd 2 has the socket in the second file.
  rm -f $(grep -ho '/run/containerd/s/[0-9a-f]*' "$task/address" "$task/bootstrap.json")
  # The id in its cgroup says that the pid has not gone to another process.
  pid=$(cat "$task/init.pid") && grep -q "$id" "/proc/$pid/cgroup" && kill -KILL "$pid" && pids="$pids $pid"
done
# A dead process has no command line, and may wait long for an init that reaps it.
for tries in 1 2 3 4 5 6 7 8 9 10; do
  [ -z "$(for pid in $pids; do cat "/proc/$pid/cmdline"; done | tr -d '\0')" ] && break
  sleep 0.1
done

for tries in 1 2 3 4 5 6 7 8 9 10; do
  awk -v d="$dir/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | while read -r m; do umount -l "$m"; done
  for id in $ids; do
    find /sys/fs/cgroup -depth -type d -path "*/$id*" -exec rmdir {} +
    rm -rf "/run/containerd/runc/k8s.io/$id" /var/lib/cni/results/*-"$id"-*
  done
  find /sys/fs/cgroup -depth -type d \( -path "*/$name/*" -o -path "*/$name" \) -exec rmdir {} +
  rm -rf --one-file-system "$dir/root" "$dir/state" && break
  sleep 0.1
done
# What instances share goes with the last of them: a folder in use stays.
rmdir /sys/fs/cgroup/k8s.io /sys/fs/cgroup/*/k8s.io
rmdir /run/containerd/runc/k8s.io /run/containerd/runc /run/containerd/s /run/containerd /var/lib/cni/results /var/lib/cni
/bin/busybox ip link del "$name"
rm -rf --one-file-system "$dir"
# Last, since it gives the pod subnet to the next.
rm -f "${dir%/*}/owner" && rmdir "${dir%/*}"
exit 0
