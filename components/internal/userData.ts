import type { SshKeyPair } from "./sshKeys";

/** What cloud-init must know before anybody can log in. Everything else comes later, over SSH, and may change later. */
export interface UserDataValues {
  readonly hostname: string;
  readonly fqdn: string;
  readonly hostKey: SshKeyPair;
}

/**
 * Renders cloud-init user data: the host's name and its SSH host key. JSON is YAML, and needs no quoting rules.
 *
 * The vendor only hands user data to a host at its first boot, so nothing that may change later belongs here.
 */
export function renderUserData(values: UserDataValues): string {
  const config = {
    hostname: values.hostname,
    fqdn: values.fqdn,
    prefer_fqdn_over_hostname: false,
    // The hosts file belongs to the `base` role.
    manage_etc_hosts: false,
    users: [],
    disable_root: false,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: values.hostKey.privateKey, ed25519_public: values.hostKey.publicKey },
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`;
}
