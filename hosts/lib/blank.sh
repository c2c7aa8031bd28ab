#!/usr/bin/env bash
# Whether a block device is blank. Everything that writes to a device without asking stands behind this proof.

# device_findings DEVICE [SIGNATURE]: what is on it, one finding a line; nothing at all when it is proven blank. A known signature
# (for example drbd) can be left out of account. Reads only.
device_findings() {
  local device=$1 except=${2:-} kernel_name holder size chunk step offset
  [[ -b $device ]] || die "$EXIT_REFUSED" "$device is no block device"
  kernel_name=$(basename "$(readlink -f "$device")")
  findmnt -rno TARGET -S "$(readlink -f "$device")" | sed 's/^/mounted on /' || :
  for holder in "/sys/class/block/$kernel_name/holders/"*; do
    if [[ -e $holder ]]; then printf 'in use by %s\n' "${holder##*/}"; fi
  done
  lsblk -rno NAME,TYPE "$device" | awk '$2 == "part" { print "partition " $1 }'
  wipefs --no-act --noheadings --output TYPE,OFFSET,LABEL "$device" |
    awk -v except="$except" '$1 != except { print "signature " $1 " at byte " $2 ($3 == "" ? "" : ", label " $3) }'
  size=$(blockdev --getsize64 "$device")
  chunk=1048576
  if [[ -n $except ]]; then return 0; fi
  # Its first and last MiB, and 14 samples spread between: raw data without a signature (a database's, an encrypted disk's).
  step=$(((size - chunk) / 15 / 4096 * 4096))
  for ((offset = 0; offset + chunk < size; offset += step)); do
    zeros "$device" "$offset" "$((offset == 0 ? chunk : 65536))" || {
      printf 'data that is not zero near byte %s\n' "$offset"
      return 0
    }
  done
  zeros "$device" "$((size - chunk))" "$chunk" || printf 'data that is not zero in its last MiB\n'
}

# zeros DEVICE OFFSET LENGTH
zeros() {
  cmp -s -i "$2:0" -n "$3" "$1" /dev/zero
}

# refuse_device DEVICE FINDINGS WHAT WAYS...: stops, naming what was found.
refuse_device() {
  local device=$1 findings=$2 what=$3
  shift 3
  die "$EXIT_UNSAFE" "$what: $device is not blank, and nothing on it was changed. Found: $(paste -sd';' <<<"$findings" | sed 's/;/; /g')" "$@"
}
