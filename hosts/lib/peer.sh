#!/usr/bin/env bash
# The peer's keys for programs of this host.

# accept_peer: makes sshd take a changed rule, or takes the rule away again when sshd does not understand it.
accept_peer() {
  local words file
  if ! file_changed '/etc/ssh/*' || ! applying; then return 0; fi
  if ! words=$(sshd -t 2>&1); then
    for file in "${LHA_CHANGED_FILES[@]}"; do
      if [[ $file == /etc/ssh/* ]]; then rm -f "$file"; fi
    done
    die "$EXIT_REFUSED" "sshd does not accept the rule for the peer's key, which was taken away again: $words" \
      "see the host's own configuration: sshd -T"
  fi
  systemctl try-reload-or-restart ssh.service
}

# forget_peer: after the files are removed.
forget_peer() {
  if sshd -t 2>/dev/null; then systemctl try-reload-or-restart ssh.service; fi
}
