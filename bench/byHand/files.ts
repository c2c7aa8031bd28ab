import { randomBytes } from "node:crypto";
import { baseRole } from "../../hosts/base/render";
import { secretPlaceholder, type HostFile } from "../../hosts/contract";
import { drbdRole, drbdSecret } from "../../hosts/drbd/render";
import { mountUnitName } from "../../hosts/filesystem/render";
import { ocfs2Role } from "../../hosts/ocfs2/render";
import { storageTimings } from "../../hosts/timings";
import type { FreshHost } from "../freshPair";
import { MOUNTPOINT, nodeNames, VOLUME, type NodeName } from "../names";

/** What whoever builds the pair by hand needs to know of one node. */
export interface HandWork {
  readonly packages: readonly string[];
  /** The very files that the roles install, by path, with their secret filled in. */
  readonly files: Readonly<Record<string, HostFile>>;
  readonly variables: Readonly<Record<string, string>>;
}

const TIMEZONE = "Etc/UTC";

/** The same hosts end with the same configuration, whoever puts it there: so the roles' own renderers write it. */
export function handWork(hosts: readonly [FreshHost, FreshHost]): (node: NodeName) => HandWork {
  const secret = randomBytes(24).toString("hex");
  const identity = randomBytes(16).toString("hex");
  const timings = storageTimings();
  const sides = hosts.map(({ name, inner, device }) => ({ name, address: inner, family: "ipv4" as const, device }));
  const members = hosts.map(({ name, inner }) => ({ name, address4: inner }));
  return (node) => {
    const files: Record<string, HostFile> = {
      ...baseRole.files({
        node,
        timezone: TIMEZONE,
        authorizedKeys: [],
        hosts: hosts.map(({ name, public4, public6, inner }) => ({
          name,
          fqdn: `${name}.example.org`,
          public4,
          public6,
          inner,
        })),
      }),
      ...drbdRole.files({
        resource: VOLUME,
        minor: 0,
        port: 7788,
        nodes: [sides[0]!, sides[1]!],
        node,
        mode: { kind: "dual-primary" },
        identity,
        initialSync: "skip-if-blank",
        timings: timings.drbd,
      }),
      ...ocfs2Role.files({
        cluster: "ha",
        label: VOLUME,
        nodes: [members[0]!, members[1]!],
        node,
        resource: VOLUME,
        minor: 0,
        mountpoint: MOUNTPOINT,
        timings: timings.o2cb,
      }),
    };
    return {
      packages: [...baseRole.packages, ...drbdRole.packages, ...ocfs2Role.packages],
      files: Object.fromEntries(
        Object.entries(files).map(([path, file]) => [
          path,
          { ...file, content: file.content.replaceAll(secretPlaceholder(drbdSecret), secret) },
        ]),
      ),
      variables: {
        NODE: node,
        FIRST: nodeNames[0],
        RESOURCE: VOLUME,
        DEVICE: hosts.find(({ name }) => name === node)!.device,
        MOUNTPOINT,
        MOUNT_UNIT: mountUnitName(MOUNTPOINT),
        TIMEZONE,
      },
    };
  };
}
