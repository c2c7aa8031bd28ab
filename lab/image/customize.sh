#!/bin/bash
# usage: customize.sh ROOT RECIPE   (called by mmdebstrap on the fresh root file system)
# Turns a fresh Debian into a Linode image: RECIPE is a folder with `rootfs/` (files to lay over it), `packages` (names, one
# a line, that guests may install), `installed` (names of those that are on the image already), and `modules/` (the kernel's
# modules, named by its release).
set -euo pipefail

root=${1:?usage: customize.sh ROOT RECIPE}
recipe=${2:?usage: customize.sh ROOT RECIPE}
repository=/srv/linode-lab/apt

in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }

# One transaction a package: two of the list may well exclude each other.
fill_repository() {
  local package
  mkdir -p "$root$repository/partial"
  while read -r package; do
    in_root apt-get install -y -q=2 -d --no-install-recommends -o "Dir::Cache::archives=$repository" "$package" >/dev/null
    echo "package $package"
  done <"$recipe/packages"
  rm -rf "$root$repository/partial" "$root$repository/lock"
  # apt would look for a file name with the epoch's colon where the archive spells it %3a: drop the epoch, as mirrors do.
  local file
  for file in "$root$repository"/*_*%3a*.deb; do
    [ -e "$file" ] || continue
    mv "$file" "${file/_+([0-9])%3a/_}"
  done
  (cd "$root$repository" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release)
}

# What an image of one's own saves each guest. Nothing of it starts by itself: whoever runs it says so.
install_packages() {
  local policy=$root/usr/sbin/policy-rc.d names unit
  [ -s "$recipe/installed" ] || return 0
  names=$(tr '\n' ' ' <"$recipe/installed")
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 0755 "$policy"
  # shellcheck disable=SC2086 # each name is a word
  in_root apt-get install -y -q=2 --no-install-recommends $names >/dev/null
  rm "$policy"
  # Whatever a package would start at each boot is its role's business.
  for unit in apache2 chrony drbd frr lighttpd mariadb nginx o2cb ocfs2 "$(basename "$root"/usr/lib/systemd/system/php*-fpm.service .service)"; do
    [ ! -e "$root/usr/lib/systemd/system/$unit.service" ] || in_root systemctl disable --quiet "$unit.service"
  done
}

install_modules() {
  local release
  release=$(ls "$recipe/modules")
  mkdir -p "$root/lib/modules/$release" "$root/usr/lib/linode-lab/vendor-modules"
  cp -a "$recipe/modules/$release/." "$root/lib/modules/$release/"
  depmod -b "$root" "$release"
  # The vendor's own kernel: the same, without replication and cluster file system. Hard links cost nothing.
  cp -al "$root/lib/modules/$release/." "$root/usr/lib/linode-lab/vendor-modules/"
  rm -rf "$root/usr/lib/linode-lab/vendor-modules/kernel/drivers/block/drbd" \
    "$root/usr/lib/linode-lab/vendor-modules/kernel/fs/ocfs2"
  local scratch=$root/usr/lib/linode-lab/scratch
  mkdir -p "$scratch/lib/modules"
  mv "$root/usr/lib/linode-lab/vendor-modules" "$scratch/lib/modules/$release"
  # Without unlinking first, depmod would write through the hard links into the other tree.
  rm -f "$scratch/lib/modules/$release"/modules.{dep,alias,symbols,softdep,devname}*
  depmod -b "$scratch" "$release"
  mv "$scratch/lib/modules/$release" "$root/usr/lib/linode-lab/vendor-modules"
  rm -rf "$scratch"
}

mask() {
  local unit
  for unit in "$@"; do
    ln -sfn /dev/null "$root/etc/systemd/system/$unit"
  done
}

trim() {
  # What a host without a console, firmware, swap hibernation or time of its own never needs, in the order of cost.
  mask getty@tty1.service serial-getty@.service console-getty.service systemd-firstboot.service systemd-hwdb-update.service \
    systemd-binfmt.service e2scrub_reap.service e2scrub_all.timer systemd-pstore.service systemd-machine-id-commit.service \
    modprobe@efi_pstore.service modprobe@drm.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer \
    cloud-init-hotplugd.socket ifupdown-pre.service systemd-udev-settle.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service \
    user@.service systemd-sysusers.service kmod-static-nodes.service systemd-tmpfiles-setup-dev.service \
    systemd-tmpfiles-setup-dev-early.service systemd-udev-load-credentials.service modprobe@fuse.service \
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount systemd-ask-password-console.path \
    systemd-ask-password-wall.path systemd-boot-random-seed.service ldconfig.service systemd-journal-catalog-update.service systemd-update-done.service
  # Each generator is a process before anything else starts. cloud-init's asks which cloud this is: it is this one.
  mkdir -p "$root/etc/systemd/system-generators" "$root/etc/systemd/system/multi-user.target.wants"
  local generator
  for generator in cloud-init-generator systemd-debug-generator systemd-getty-generator systemd-gpt-auto-generator \
    systemd-hibernate-resume-generator systemd-run-generator systemd-ssh-generator systemd-system-update-generator \
    systemd-tpm2-generator; do
    ln -sfn /dev/null "$root/etc/systemd/system-generators/$generator"
  done
  ln -sfn /usr/lib/systemd/system/cloud-init.target "$root/etc/systemd/system/multi-user.target.wants/cloud-init.target"
  # The platform's shutdown request arrives as this key combination, and a host that is told to shut down stays down.
  ln -sfn /usr/lib/systemd/system/poweroff.target "$root/etc/systemd/system/ctrl-alt-del.target"
  # A package of that name would put the real program here, which finds nothing on this hardware.
  in_root dpkg-divert --quiet --local --rename --add --divert /usr/sbin/dmidecode.distrib /usr/sbin/dmidecode
  # Asks for systemd-resolved at each step of each interface; it is not installed.
  rm -f "$root"/etc/network/if-up.d/resolved "$root"/etc/network/if-down.d/resolved
  rm -f "$root"/etc/ssh/ssh_host_*
  rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/resolv.conf
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log "$root"/var/log/apt
  : >"$root/etc/machine-id"
  : >"$root/etc/resolv.conf"
  echo localhost >"$root/etc/hostname"
  printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n' >"$root/etc/hosts"
  # As the platform's images have it: the second disk is swap. A Linode without one goes on booting.
  printf '/dev/sda / ext4 defaults,errors=remount-ro 0 1\n/dev/sdb none swap sw,nofail 0 0\n' >"$root/etc/fstab"
  in_root passwd --lock root >/dev/null
}

# An older cloud-init lacks the platform's data source: it gets the same from the same address, as NoCloud wants it.
choose_data_source() {
  if [ ! -e "$root/usr/lib/python3/dist-packages/cloudinit/sources/DataSourceAkamai.py" ]; then
    cat >"$root/etc/cloud/cloud.cfg.d/91-nocloud.cfg" <<'EOF'
datasource_list: [NoCloud]
datasource: {NoCloud: {seedfrom: "http://169.254.169.254/nocloud/", fs_label: null}}
EOF
  fi
}

shopt -s extglob
fill_repository
install_packages
install_modules
trim
cp -R --preserve=mode,links "$recipe/rootfs/." "$root/"
choose_data_source
in_root apt-get update -q=2
in_root systemctl enable ssh.service networking.service >/dev/null
