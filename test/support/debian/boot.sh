#!/bin/sh
# Installs the smallest Debian in an empty folder, and boots it as process 1: sh boot.sh <folder> <release> <mirror> <npm's cache> <this repository>.
# The caller has made all namespaces but that of the network, which Debian's packages come over.
set -eu
mount --make-rprivate /
# In memory where there is plenty of it: a busy disk takes minutes for 400 packages.
if [ "$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)" -gt 8000000 ]; then
  mount -t tmpfs -o mode=755,size=6g tmpfs "$1"
else
  mount --bind "$1" "$1"
fi
debootstrap --variant=minbase --include=systemd-sysv,dbus "$2" "$1" ${3:+"$3"}
cd "$1"
echo force-unsafe-io > etc/dpkg/dpkg.cfg.d/fast
touch etc/booted-by-a-test
mkdir -p root/.npm srv/mounted
mount --bind "$4" root/.npm
mount --bind "$5" srv/mounted
mount -o remount,bind,ro srv/mounted

mount -t proc proc proc
# The kernel is that of the machine outside: nobody in here sets it.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for unit in sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount; do ln -s /dev/null "etc/systemd/system/$unit"; done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
# Devices of its own: systemd and packages change owners and modes, and those outside have to stay.
while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<'END'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
hostname bare
# Where the root was changed by chroot alone, no user namespace can be made (PrivateUsers=).
pivot_root . mnt
cd /
umount -l /mnt
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --net /lib/systemd/systemd --system --log-target=journal
