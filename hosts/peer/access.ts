import { asset } from "../assets";
import type { AbsolutePath, HostFile } from "../contract";

const keysProgram: AbsolutePath = "/usr/local/lib/linode-ha/peer-keys";

/** What the other node of a pair may have one program of this host do. */
export interface PeerAccess {
  /** Names the grant on this host, for example `mariadb`. */
  readonly grant: string;
  /** Where the peer comes from. */
  readonly address: string;
  readonly peerName: string;
  /** The public key that it comes with; undefined as long as nobody knows it. */
  readonly key: string | undefined;
  /** What sshd runs, whatever was asked for. */
  readonly command: string;
}

/**
 * The files that let the peer in: one key, from one address, for one program. sshd asks a program for the keys, so that several grants to
 * one peer do not hide each other, as several `AuthorizedKeysFile` would. The role calls `accept_peer` of lib/peer.sh afterwards.
 */
export function peerAccess({ grant, address, peerName, key, command }: PeerAccess): Record<AbsolutePath, HostFile> {
  if (!/^[0-9A-Fa-f.:]+$/.test(address)) throw new Error(`"${address}": not an address`);
  const of = address.replace(/[.:]/g, "-");
  return {
    [keysProgram]: { mode: "0755", content: asset("peer/keys.sh") },
    [`/etc/ssh/sshd_config.d/60-linode-ha-peer-${of}.conf`]: {
      mode: "0644",
      content: [
        "# The peer may have a few programs run here, each with a key of its own: /etc/linode-ha/peer-keys.d",
        `Match User root Address ${address}`,
        `    AuthorizedKeysCommand ${keysProgram}`,
        "    AuthorizedKeysCommandUser nobody",
        "",
      ].join("\n"),
    },
    [`/etc/linode-ha/peer-keys.d/${grant}`]: {
      mode: "0644",
      content: `restrict,from="${address}",command="${command}" ${publicKey(key)} ${grant}@${peerName}\n`,
    },
  };
}

/** A line of `known_hosts`. */
export function knownHost(address: string, key: string | undefined): string {
  return `${address} ${publicKey(key)}\n`;
}

function publicKey(text: string | undefined): string {
  // Pulumi's mocks, and a preview before the first deployment, know none.
  if (text === undefined) return "# not known yet";
  const [type = "", key = ""] = text.split(" ");
  if (type !== "ssh-ed25519" || !/^[A-Za-z0-9+/=]+$/.test(key)) {
    throw new Error(`"${text.slice(0, 40)}": not an Ed25519 public key`);
  }
  return `${type} ${key}`;
}
