import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, dirname } from "node:path";
import { LabError } from "../machines/errors";
import type { KernelKind } from "./kernel";

/** An image that Linodes can be deployed from. */
export interface ImageRecipe {
  /** As the API names it. */
  readonly name: string;
  /** Debian's code name. */
  readonly suite: string;
  /** What is installed from the start. */
  readonly include: readonly string[];
  /** What its hosts' kernel is for. */
  readonly kernel: KernelKind;
  /** Packages of the roles that are there already, as on an image that a team made of its own to deploy faster. */
  readonly installed?: readonly string[];
  /** Units of those that would start at each boot, beside the ones that `customize.sh` knows: when they run is for the roles to say. */
  readonly switchedOff?: readonly string[];
}

const COMMON = [
  ..."apt ca-certificates cloud-init dbus e2fsprogs ifupdown iproute2 iputils-ping kmod less libpam-systemd netbase".split(
    " ",
  ),
  ..."openssh-server openssh-client procps psmisc python3 sudo systemd systemd-sysv udev vim-tiny".split(" "),
];

/**
 * What the account's own image `private/13` has beside Debian 13: those of the roles' packages that keep nothing of one host's own, belong
 * to no one cluster manager, and take a guest long to set up.
 */
const INSTALLED = [
  ..."apache2 chrony drbd-utils frr iputils-arping ipvsadm jfsutils libapache2-mod-php lighttpd mariadb-client".split(
    " ",
  ),
  ..."perl php-cgi php-mysql php-pgsql psmisc resource-agents tzdata xfsprogs".split(" "),
];

/** The same for a web site on two nodes, with database and cluster file system: on the kernel that the latter needs, where packages cost most. */
const INSTALLED_WEB = [
  // First, or `php` brings Apache along.
  "php-fpm",
  ..."chrony curl dehydrated drbd-utils mariadb-backup mariadb-client mariadb-server nginx-light ocfs2-tools openssl php php-apcu".split(
    " ",
  ),
  ..."php-cli php-curl php-gd php-mbstring php-mysql php-xml python3-dnspython tzdata wordpress".split(" "),
  "wordpress-theme-twentytwentythree",
];

/**
 * For the hosts of a site on several tiers, each of which uses some of it: proxies, web servers, files by NFS and database, with the one cluster
 * manager that they have, on the kernel that has an NFS server.
 */
const INSTALLED_TIERS = [
  ...INSTALLED_WEB.filter((name) => name !== "ocfs2-tools"),
  ..."bsd-mailx btrfs-progs corosync frr iproute2 iputils-arping nfs-common nfs-kernel-server openssh-client pacemaker".split(
    " ",
  ),
  ..."pacemaker-cli-utils prometheus-node-exporter psmisc resource-agents rsync socat".split(" "),
];
const SWITCHED_OFF_TIERS = [
  ..."corosync.service nfs-blkmap.service nfs-client.target nfs-server.service pacemaker.service".split(" "),
  ..."prometheus-node-exporter.service rpcbind.service rpcbind.socket rsync.service".split(" "),
];

/** The images that the lab can build, by their name in the API. */
export const RECIPES: Readonly<Record<string, ImageRecipe>> = {
  "linode/debian13": { name: "linode/debian13", suite: "trixie", include: COMMON, kernel: "ocfs2" },
  "linode/debian12": { name: "linode/debian12", suite: "bookworm", include: COMMON, kernel: "ocfs2" },
  "private/13": {
    name: "private/13",
    suite: "trixie",
    include: COMMON,
    kernel: "quick",
    installed: INSTALLED,
  },
  "private/14": {
    name: "private/14",
    suite: "trixie",
    include: COMMON,
    kernel: "ocfs2",
    installed: INSTALLED_WEB,
  },
  "private/15": {
    name: "private/15",
    suite: "trixie",
    include: COMMON,
    kernel: "quick",
    installed: INSTALLED_TIERS,
    switchedOff: SWITCHED_OFF_TIERS,
  },
};

/** The image that is built when none is named. */
export const DEFAULT_IMAGE = "linode/debian13";

/** The folder of this package's own files that are not TypeScript: the same from sources and from `dist`. */
export function recipeFolder(): string {
  for (let folder = __dirname; dirname(folder) !== folder; folder = dirname(folder)) {
    const candidate = join(folder, "lab", "image");
    if (existsSync(join(candidate, "customize.sh"))) return candidate;
  }
  throw new LabError("The files of lab/image are missing from this installation.", {
    hint: "Install the package again.",
  });
}

/** What nobody's host asks for by itself, but people do who look around on one. */
export const EXTRA_PACKAGES: readonly string[] = [
  // Access lists and extended attributes, to see what a file system keeps.
  "acl",
  "attr",
  // Partitions, to look at raw disks.
  "parted",
];

/**
 * The packages that guests may install unless the caller knows better: `lab/image/packages.json`, which the build writes
 * from what the roles of hosts declare, and {@link EXTRA_PACKAGES}.
 */
export function defaultPackages(): readonly string[] {
  const declared = JSON.parse(readFileSync(join(recipeFolder(), "packages.json"), "utf8")) as string[];
  return [...new Set([...declared, ...EXTRA_PACKAGES])].sort();
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** What an image is made of, as twelve hexadecimal digits: the same recipe gives the same, and nothing else does. */
export function recipeHash(
  recipe: ImageRecipe,
  packages: readonly string[],
  release: string,
  folder = recipeFolder(),
): string {
  const hash = createHash("sha256");
  const { suite, include, installed = [], switchedOff } = recipe;
  hash.update(
    JSON.stringify([
      suite,
      include,
      [...packages].sort(),
      release,
      installed,
      ...(switchedOff === undefined ? [] : [switchedOff]),
    ]),
  );
  for (const path of [join(folder, "customize.sh"), ...filesBelow(join(folder, "rootfs"))]) {
    const { mode } = lstatSync(path);
    hash.update(`\0${path.slice(folder.length)}\0${mode}\0`);
    hash.update((mode & 0o170000) === 0o120000 ? readlinkSync(path) : readFileSync(path));
  }
  return hash.digest("hex").slice(0, 12);
}
