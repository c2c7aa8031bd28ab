import type * as pulumi from "@pulumi/pulumi";
import type { HostRole } from "../../../hosts/contract";
import type { ServiceResult, ServiceVolume } from "../../../hosts/services/common/render";
import { UserError } from "../../internal/errors";
import { HostStep } from "../../internal/hostStep";
import { childName } from "../../internal/naming";
import type { Findings } from "../../internal/rules";
import type { DrbdFilesystem } from "../../drbdVolume";
import type { ReplicatedVolume } from "../../serviceGroup";

/** What every service on a replicated volume is told. */
export interface ReplicatedServiceArgs {
  /** Single-primary, with `promote: "manager"`. */
  readonly volume: ReplicatedVolume;
  /** What the volume was given as `filesystem`. */
  readonly filesystem: DrbdFilesystem;
  /** What must be done before, for example a floating address's steps. */
  readonly after?: readonly pulumi.Resource[];
}

/** The volume and its file system as the hosts' roles take them. */
export function serviceVolume({ volume, filesystem }: ReplicatedServiceArgs): ServiceVolume {
  return {
    resource: volume.resource,
    minor: volume.minor,
    type: filesystem.type,
    mountpoint: filesystem.mountpoint as ServiceVolume["mountpoint"],
    mountOptions: filesystem.mountOptions,
  };
}

/** The service on both nodes: one step each, the volume ready before. */
export function serviceSteps<P>(
  name: string,
  role: HostRole<P, ServiceResult>,
  args: ReplicatedServiceArgs,
  params: pulumi.Input<P>,
  parent: pulumi.Resource,
  secrets?: Readonly<Record<string, pulumi.Input<string>>>,
): HostStep<P, ServiceResult>[] {
  return args.volume.nodes.map(
    (node) =>
      new HostStep<P, ServiceResult>(
        childName(name, node.name, role.name),
        {
          role,
          step: `service-${name}`,
          node,
          params,
          ...(secrets === undefined ? {} : { secrets }),
          after: [...args.volume.ready, ...(args.after ?? [])],
        },
        { parent },
      ),
  );
}

/** The same volume, ready only when its services are: give this one to a group, and the manager waits for them. */
export function volumeWith(volume: ReplicatedVolume, ready: readonly pulumi.Resource[]): ReplicatedVolume {
  const { resource, minor, nodes, mode, detectionSeconds } = volume;
  return { resource, minor, nodes, mode, detectionSeconds, ready: [...volume.ready, ...ready] };
}

/** Whether something else than the nodes themselves decides where the volume is written. */
export function checkVolumeMode({ volume }: ReplicatedServiceArgs, found: Findings): void {
  const { mode } = volume;
  found.require(mode.kind === "single-primary" && mode.promote === "manager", {
    path: "volume",
    given: volume.resource,
    what: "a service that moves needs a volume that only its manager promotes",
    allowed: 'mode { kind: "single-primary", preferred, promote: "manager" }',
    todo: "change the volume's mode",
  });
}

/** @throws UserError where anything was found. */
export function refuse(what: string, found: Findings): void {
  if (found.problems.length > 0) {
    throw new UserError(`${what} cannot be built:`, found.problems);
  }
}
