import type { ManagerTimings } from "../managerTimings";

/** A node as the membership knows it. */
export interface CorosyncNode {
  /** Equals `uname -n` there. */
  readonly name: string;
  /** One address a link, in the links' order: one or two, the same number on both nodes. */
  readonly addresses: readonly string[];
}

/** What decides when the two nodes cannot see each other. */
export type CorosyncQuorum =
  /** Nobody: both may go on, and fencing must decide. */
  | { readonly kind: "two-node" }
  /** A third machine that runs corosync-qnetd: the side that it sees goes on. */
  | {
      readonly kind: "qnetd";
      readonly host: string;
      /** Whether the nodes have the certificates for it (`corosync-qdevice-net-certutil`); else the votes are sent in the clear. */
      readonly tls: boolean;
    };

/** What `corosync.conf` is made of. The same on both nodes. */
export interface CorosyncParams {
  readonly cluster: string;
  readonly nodes: readonly [CorosyncNode, CorosyncNode];
  readonly quorum: CorosyncQuorum;
  readonly timings: ManagerTimings["corosync"];
}

/** UDP port of the first link; the second has the next one. */
export const corosyncPort = 5405;

/**
 * The membership's configuration: knet over unicast UDP, every packet encrypted and authenticated.
 *
 * Times, addresses and the log are taken by a running corosync (`corosync-cfgtool -R`); {@link corosyncFixed} says what is not.
 */
export function renderCorosync({ cluster, nodes, quorum, timings }: CorosyncParams): string {
  const [first, second] = nodes;
  const links = first.addresses.length;
  if (links < 1 || links > 2 || second.addresses.length !== links) {
    throw new Error(
      `corosync: ${first.name} has ${links} and ${second.name} has ${second.addresses.length} addresses; both need the same one or two`,
    );
  }
  const ports = Array.from({ length: links }, (_, link) =>
    section("interface", [`linknumber: ${link}`, `mcastport: ${corosyncPort + link}`]),
  );
  return [
    ...section("totem", [
      "version: 2",
      `cluster_name: ${cluster}`,
      "transport: knet",
      "crypto_cipher: aes256",
      "crypto_hash: sha256",
      "keyfile: /etc/corosync/authkey",
      "ip_version: ipv6-4",
      ...(links === 2 ? ["link_mode: passive"] : []),
      `token: ${timings.token}`,
      `consensus: ${timings.consensus}`,
      `join: ${timings.join}`,
      ...ports.flat(),
    ]),
    "",
    ...section(
      "nodelist",
      nodes.flatMap((node, index) =>
        section("node", [
          `name: ${node.name}`,
          `nodeid: ${index + 1}`,
          ...node.addresses.map((address, link) => `ring${link}_addr: ${address}`),
        ]),
      ),
    ),
    "",
    ...section("quorum", ["provider: corosync_votequorum", ...quorumLines(quorum)]),
    "",
    ...section("logging", ["to_stderr: no", "to_logfile: no", "to_syslog: yes", "timestamp: off"]),
    "",
  ].join("\n");
}

function quorumLines(quorum: CorosyncQuorum): readonly string[] {
  switch (quorum.kind) {
    case "two-node":
      // wait_for_all, which belongs to it: a node that boots alone cannot know that its peer is not running everything.
      return ["two_node: 1", "wait_for_all: 1"];
    case "qnetd":
      return [
        "expected_votes: 3",
        ...section("device", [
          "model: net",
          "votes: 1",
          ...section("net", [`host: ${quorum.host}`, "algorithm: ffsplit", `tls: ${quorum.tls ? "required" : "off"}`]),
        ]),
      ];
  }
}

/** What a running corosync cannot change: two nodes that differ in it do not see each other, and each would fence the other. */
export function corosyncFixed({ cluster, nodes, quorum }: CorosyncParams): string {
  return [
    `cluster ${cluster}`,
    ...nodes.map(({ name, addresses }, index) => `node ${index + 1} ${name} with ${addresses.length} link(s)`),
    `quorum ${quorum.kind}`,
  ].join(", ");
}

function section(name: string, lines: readonly string[]): string[] {
  return [`${name} {`, ...lines.map((line) => `  ${line}`), "}"];
}
