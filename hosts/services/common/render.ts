import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../../contract";
import type { LocalFilesystem } from "../../filesystem/render";

/** The replicated volume that a service's data is on. */
export interface ServiceVolume {
  /** Name of the DRBD resource. */
  readonly resource: string;
  readonly minor: number;
  readonly type: LocalFilesystem;
  readonly mountpoint: AbsolutePath;
  /** Default `noatime`. */
  readonly mountOptions?: readonly string[];
}

const serviceResult = baseResult.extend({
  /** `created` by this run, `kept`, or `absent`: this node does not have the volume mounted and cannot see. */
  data: z.enum(["created", "kept", "absent"]).optional(),
  unit: z.string().optional(),
  /** Whether the running service goes on with former settings until a person restarts it. */
  restartPending: z.boolean().optional(),
});

/** What the step of a service answers. */
export type ServiceResult = z.infer<typeof serviceResult>;

/** What a service differs in from others. */
export interface ServiceKind<P extends { readonly volume: ServiceVolume }> {
  /** As its packages and units call it, for example `mariadb`. */
  readonly name: string;
  readonly unit: string;
  /** Units of the same packages that must not run beside it. */
  readonly otherUnits?: readonly string[];
  readonly packages: readonly string[];
  readonly packagesFor?: (params: P) => readonly string[];
  readonly secrets?: readonly string[];
  /** `reload`: takes new settings in without an interruption; `restart`: a person chooses the moment. */
  readonly onChange: "reload" | "restart";
  /** Its configuration. */
  files(params: P): Readonly<Record<AbsolutePath, HostFile>>;
  /** What its helper reads, as shell variables. */
  settings(params: P): Readonly<Record<string, string>>;
  /** Where on the volume its data is made; must hold nothing the first time. */
  dataPaths(params: P): readonly AbsolutePath[];
  /** Lines of the unit's drop-in beside the guard's, in section `[Service]`. */
  unitLines?(params: P): readonly string[];
}

/** The role of a service whose data is on a replicated volume: one script for all, one helper each. */
export function serviceRole<P extends { readonly volume: ServiceVolume }>(
  kind: ServiceKind<P>,
): HostRole<P, ServiceResult> {
  return {
    name: `services-${kind.name}`,
    packages: kind.packages,
    ...(kind.packagesFor === undefined ? {} : { packagesFor: kind.packagesFor }),
    script: assetPath("services/common/role.sh"),
    libraries: ["drbd"],
    secrets: kind.secrets ?? [],
    result: serviceResult,
    files: (params) => ({
      ...kind.files(params),
      [`/etc/linode-ha/services/${kind.name}`]: { mode: "0644", content: shellLines(kind.settings(params)) },
      [`/usr/local/lib/linode-ha/services/${kind.name}`]: {
        mode: "0755",
        content: asset(`services/${kind.name}/helper.sh`),
      },
      "/usr/local/lib/linode-ha/service-guard": { mode: "0755", content: asset("services/common/guard.sh") },
      [`/etc/systemd/system/${kind.unit}.d/linode-ha.conf`]: { mode: "0644", content: dropIn(kind, params) },
    }),
    variables: (params) => ({
      SERVICE: kind.name,
      UNIT: kind.unit,
      OTHER_UNITS: (kind.otherUnits ?? []).join(" "),
      RESOURCE: params.volume.resource,
      MINOR: `${params.volume.minor}`,
      MOUNTPOINT: params.volume.mountpoint,
      FSTYPE: params.volume.type,
      MOUNT_OPTIONS: (params.volume.mountOptions ?? ["noatime"]).join(","),
      DATA_PATHS: kind.dataPaths(params).join(" "),
      ON_CHANGE: kind.onChange,
    }),
  };
}

function dropIn<P extends { readonly volume: ServiceVolume }>(kind: ServiceKind<P>, params: P): string {
  const { mountpoint, minor } = params.volume;
  return [
    "[Service]",
    // With full rights: the service's own user may not see the mark.
    `ExecStartPre=+/usr/local/lib/linode-ha/service-guard ${kind.name} ${mountpoint} ${minor}`,
    ...(kind.unitLines?.(params) ?? []),
    "",
  ].join("\n");
}

/** Settings for a shell to read, one a line, each value plain. */
export function shellLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (/[^A-Za-z0-9 ._/:@,+-]/.test(value)) throw new Error(`setting ${name}: "${value}" has characters of a shell`);
      return `${name}='${value}'\n`;
    })
    .join("");
}
