import { baseRole, type BaseParams } from "../../hosts/base/render";
import { drbdActivateRole, type DrbdActivateParams } from "../../hosts/drbd-activate/render";
import { drbdRole, drbdSecret, type DrbdParams } from "../../hosts/drbd/render";
import { ocfs2Role, type Ocfs2Params } from "../../hosts/ocfs2/render";
import { storageTimings } from "../../hosts/timings";
import { addresses, nodeNames, type RolesPair, type NodeName } from "./rolesPair";

/** The shared secret of the resources, with what a shell would take for its own. */
export const SECRET = "s3cret-&-$HOME-never-shown";
const timings = storageTimings({ seconds: 3 });
/** What steps of DRBD get on their standard input. */
export const secrets = { [drbdSecret]: SECRET };

/** What the roles of a pair with two Primaries are given, and all its steps on one node. */
export interface RolesSteps {
  readonly both: <T>(work: (node: NodeName) => Promise<T>) => Promise<T[]>;
  readonly device: (node: NodeName, name: string) => string;
  readonly base: (node: NodeName) => BaseParams;
  readonly drbd: (node: NodeName, name?: string, more?: Partial<DrbdParams>) => DrbdParams;
  readonly activate: (node: NodeName, more?: Partial<DrbdActivateParams>) => DrbdActivateParams;
  readonly ocfs2: (node: NodeName) => Ocfs2Params;
  readonly deploy: (node: NodeName) => Promise<{ changed: boolean }[]>;
}

/** For the pair that there is once it is asked for. */
export function rolesSteps(pair: () => RolesPair): RolesSteps {
  const both = <T>(work: (node: NodeName) => Promise<T>): Promise<T[]> => Promise.all(nodeNames.map(work));
  const device = (node: NodeName, name: string) => `/dev/disk/by-id/scsi-0Linode_Volume_${node}-${name}`;
  const base = (node: NodeName): BaseParams => ({
    node,
    hosts: nodeNames.map((name) => ({ name, fqdn: `${name}.example.org`, ...addresses(name) })),
    authorizedKeys: [pair().loginKey],
    timezone: "Etc/UTC",
  });
  const drbd = (node: NodeName, name = "www", more: Partial<DrbdParams> = {}): DrbdParams => ({
    resource: name,
    minor: 0,
    port: 7788,
    nodes: [
      { name: "web1", address: addresses("web1").inner, family: "ipv4", device: device("web1", name) },
      { name: "web2", address: addresses("web2").inner, family: "ipv4", device: device("web2", name) },
    ],
    node,
    mode: { kind: "dual-primary" },
    identity: "one-and-the-same",
    initialSync: "skip-if-blank",
    timings: timings.drbd,
    net: { afterSb0pri: "discard-zero-changes", afterSb1pri: "discard-secondary", afterSb2pri: "disconnect" },
    ...more,
  });
  const activate = (node: NodeName, more: Partial<DrbdActivateParams> = {}): DrbdActivateParams => ({
    resource: "www",
    minor: 0,
    nodes: ["web1", "web2"],
    node,
    mode: { kind: "dual-primary" },
    initialSync: "skip-if-blank",
    ...more,
  });
  const ocfs2 = (node: NodeName): Ocfs2Params => ({
    cluster: "web",
    label: "www",
    nodes: [
      { name: "web1", address4: addresses("web1").inner },
      { name: "web2", address4: addresses("web2").inner },
    ],
    node,
    resource: "www",
    minor: 0,
    mountpoint: "/srv/www",
    timings: timings.o2cb,
    rootMode: "0775",
  });
  /** All steps of the two-primaries resource on one node. */
  async function deploy(node: NodeName): Promise<{ changed: boolean }[]> {
    return [
      await pair().step(node, "base", baseRole, base(node)),
      await pair().step(node, "drbd-www", drbdRole, drbd(node), secrets),
      await pair().step(node, "drbd-activate-www", drbdActivateRole, activate(node)),
      await pair().step(node, "ocfs2-site", ocfs2Role, ocfs2(node)),
    ];
  }

  return { both, device, base, drbd, activate, ocfs2, deploy };
}
