import { z } from "zod";
import { assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../contract";
import { mountUnitName } from "../filesystem/render";

/** A file system for a node's own data. */
export type OwnFilesystem = "btrfs" | "ext4" | "xfs";

/** The package with each one's tools. */
const tools: Readonly<Record<OwnFilesystem, string>> = { btrfs: "btrfs-progs", ext4: "e2fsprogs", xfs: "xfsprogs" };

/** A file system on a device of the node's own, which nothing replicates. */
export interface LocalFilesystemParams {
  /** By a name that survives a reboot. */
  readonly device: string;
  readonly type: OwnFilesystem;
  /** At most 12 characters, which all types take. */
  readonly label: string;
  readonly mountpoint: AbsolutePath;
}

const localResult = baseResult.extend({
  filesystem: z.enum(["created", "kept"]),
  unit: z.string(),
});

/** What the step answers. */
export type LocalFilesystemResult = z.infer<typeof localResult>;

/** A file system made once, only on a device proven blank, and mounted at each boot. */
export const localFilesystemRole: HostRole<LocalFilesystemParams, LocalFilesystemResult> = {
  name: "local-filesystem",
  packages: Object.values(tools).sort(),
  packagesFor: ({ type }) => [tools[type]],
  script: assetPath("local-filesystem/role.sh"),
  libraries: ["blank"],
  secrets: [],
  result: localResult,
  files: (params) => {
    if (!/^[A-Za-z0-9._-]{1,12}$/.test(params.label)) {
      throw new Error(`file system label "${params.label}": letters, digits, dots and dashes, at most 12`);
    }
    return { [`/etc/systemd/system/${mountUnitName(params.mountpoint)}`]: mountUnit(params) };
  },
  variables: (params) => ({
    DEVICE: params.device,
    TYPE: params.type,
    LABEL: params.label,
    MOUNTPOINT: params.mountpoint,
    MOUNT_UNIT: mountUnitName(params.mountpoint),
  }),
};

function mountUnit({ device, mountpoint, type }: LocalFilesystemParams): HostFile {
  return {
    mode: "0644",
    content: [
      "[Unit]",
      `Description=${type} on ${device}`,
      "",
      "[Mount]",
      `What=${device}`,
      `Where=${mountpoint}`,
      `Type=${type}`,
      "Options=noatime",
      "",
      "[Install]",
      "WantedBy=multi-user.target",
      "",
    ].join("\n"),
  };
}
