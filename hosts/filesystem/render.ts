import { z } from "zod";
import { assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../contract";

/** The name of the systemd unit for a mount point, as `systemd-escape --path --suffix=mount` gives it. */
export function mountUnitName(mountpoint: AbsolutePath): string {
  const parts = mountpoint.split("/").filter((part) => part !== "");
  if (parts.length === 0 || parts.includes(".") || parts.includes("..")) {
    throw new Error(`mount point "${mountpoint}": an absolute path below /, without . and .., for example /srv/www`);
  }
  const escaped = Buffer.from(parts.join("/"), "utf8")
    .toString("latin1")
    .replace(/[^A-Za-z0-9:_./]|^\./g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `${escaped.replace(/\//g, "-")}.mount`;
}

/** The file systems that one node mounts at a time, and the package with their tools. */
const tools = { ext4: "e2fsprogs", xfs: "xfsprogs", btrfs: "btrfs-progs", jfs: "jfsutils" } as const;

/** A file system for a single Primary. */
export type LocalFilesystem = keyof typeof tools;

/** A file system on a single-primary DRBD device. */
export interface FilesystemParams {
  readonly resource: string;
  readonly minor: number;
  readonly type: LocalFilesystem;
  /** At most 12 characters, which every type takes. */
  readonly label: string;
  readonly mountpoint: AbsolutePath;
  readonly mountOptions?: readonly string[];
  /** `promotion`: mounted wherever the host's own unit promotes; `manager`: a cluster manager or a person mounts. */
  readonly mount: "promotion" | "manager";
}

const filesystemResult = baseResult.extend({
  /** `created` by this run, `kept`, or `absent` on a node that is not Primary and cannot see. */
  filesystem: z.enum(["created", "kept", "absent"]),
  mountpoint: z.string(),
  mounted: z.boolean(),
  unit: z.string(),
});

/** What the `filesystem` step answers. */
export type FilesystemResult = z.infer<typeof filesystemResult>;

/** A file system on a single-primary resource, made by whichever node is Primary and only on a device proven blank. */
export const filesystemRole: HostRole<FilesystemParams, FilesystemResult> = {
  name: "filesystem",
  packages: [...new Set(Object.values(tools))].sort(),
  packagesFor: ({ type }) => [tools[type]],
  script: assetPath("filesystem/role.sh"),
  libraries: ["blank", "drbd"],
  secrets: [],
  result: filesystemResult,
  files: (params) => {
    if (!/^[A-Za-z0-9._-]{1,12}$/.test(params.label)) {
      throw new Error(`file system label "${params.label}": letters, digits, dots and dashes, at most 12`);
    }
    return { [`/etc/systemd/system/${mountUnitName(params.mountpoint)}`]: mountUnit(params) };
  },
  variables: (params) => ({
    RESOURCE: params.resource,
    MINOR: `${params.minor}`,
    TYPE: params.type,
    LABEL: params.label,
    MOUNTPOINT: params.mountpoint,
    MOUNT_UNIT: mountUnitName(params.mountpoint),
    MOUNT: params.mount,
  }),
};

function mountUnit(params: FilesystemParams): HostFile {
  return {
    mode: "0644",
    content: [
      "[Unit]",
      `Description=${params.type} on DRBD resource ${params.resource}`,
      `Requires=linode-ha-drbd@${params.resource}.service`,
      `After=linode-ha-drbd@${params.resource}.service`,
      "",
      "[Mount]",
      `What=/dev/drbd${params.minor}`,
      `Where=${params.mountpoint}`,
      `Type=${params.type}`,
      `Options=${["_netdev", ...(params.mountOptions ?? ["noatime"])].join(",")}`,
      "",
      "[Install]",
      `WantedBy=linode-ha-storage@${params.resource}.target`,
      "",
    ].join("\n"),
  };
}
