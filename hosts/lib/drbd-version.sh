#!/usr/bin/env bash
# Which DRBD the kernel has. Every option that is written here is one of 8.4's.

# drbd_version_fits: sets DRBD_VERSION to that of the loaded module, and says whether its options are those that are written here:
# 8.4.7 (the first with rs-discard-granularity) or a later 8.4. A module that is not loaded yet fits.
drbd_version_fits() {
  local line
  DRBD_VERSION=""
  if [[ ! -r /proc/drbd ]]; then return 0; fi
  while IFS= read -r line; do
    if [[ $line =~ ^version:\ ([0-9]+\.[0-9]+\.[0-9]+) ]]; then
      DRBD_VERSION=${BASH_REMATCH[1]}
      break
    fi
  done </proc/drbd
  [[ $DRBD_VERSION =~ ^8\.4\.([0-9]+)$ ]] && ((BASH_REMATCH[1] >= 7))
}
