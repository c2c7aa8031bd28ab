import * as pulumi from "@pulumi/pulumi";
import type { AbsolutePath } from "../../hosts/contract";
import type { ManagedGroup, ManagedMember } from "../../hosts/managerGroup";
import type { GroupMember, PlannedGroup } from "../serviceGroup";

/** The groups as plain values, as soon as their addresses are known. */
export function resolveGroups(groups: readonly PlannedGroup[]): pulumi.Output<readonly ManagedGroup[]> {
  return pulumi.all(
    groups.map((group) =>
      pulumi.all(group.runs.map(resolveMember)).apply((runs): ManagedGroup => {
        const { name, preferred, scores, failback, monitorSeconds, migrationThreshold, failureTimeoutSeconds } = group;
        const plain = runs as readonly ManagedMember[];
        return {
          name,
          preferred,
          scores,
          failback,
          monitorSeconds,
          migrationThreshold,
          failureTimeoutSeconds,
          runs: plain,
        };
      }),
    ),
  );
}

function resolveMember(member: GroupMember): pulumi.Output<ManagedMember> {
  switch (member.kind) {
    case "drbd": {
      const { resource, minor } = member.volume;
      return pulumi.output<ManagedMember>({ kind: "drbd", resource, minor });
    }
    case "filesystem": {
      const { resource, minor } = member.volume;
      const { type, mountpoint, mountOptions } = member.filesystem;
      const options = mountOptions ?? ["noatime"];
      return pulumi.output<ManagedMember>({
        kind: "filesystem",
        resource,
        minor,
        type,
        mountpoint: mountpoint as AbsolutePath,
        options,
      });
    }
    case "address": {
      const { name, prefixLength, method } = member.floating;
      return pulumi.output(member.floating.address).apply((address): ManagedMember => ({
        kind: "address",
        name,
        address,
        prefixLength,
        interface: member.floating.interface,
        method,
      }));
    }
    case "service":
    case "links":
    case "mail":
      return pulumi.output<ManagedMember>(member);
  }
}

/** What must be there before a manager may run these groups. */
export function readiness(groups: readonly PlannedGroup[]): pulumi.Resource[] {
  const all = groups.flatMap(({ runs }) =>
    runs.flatMap((member) => {
      switch (member.kind) {
        case "drbd":
        case "filesystem":
          return [...member.volume.ready];
        case "address":
          return [...(member.floating.ready ?? [])];
        case "service":
        case "links":
        case "mail":
          return [];
      }
    }),
  );
  return [...new Set(all)];
}
