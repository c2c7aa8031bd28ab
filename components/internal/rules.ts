import * as net from "node:net";
import type { Problem } from "./errors";

export { ROUTE_SERVER_NUMBERS } from "../../hosts/floating-ip/regions";

/** Why a pair's file system is not JFS: seen on hosts, and in the source of the package's patch for GCC 10. */
export const JFS_LOSES =
  "loses synced files in a crash: Debian's jfs_fsck cannot replay its journal (jfsutils 1.1.15-5 and later)";

/** Seconds that the vendor's name servers know; any other is rounded up in silence. 0 is their default, a day. */
export const DNS_TTLS: readonly number[] = [
  0, 30, 120, 300, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_419_200,
];

/** RFC 1123 host label, as `uname -n` and DRBD's `on` take it. */
const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** Collects everything that is wrong, so that a user reads one report. */
export class Findings {
  readonly problems: Problem[] = [];

  /** Records the problem unless `ok`. */
  require(ok: boolean, problem: Problem): void {
    if (!ok) {
      this.problems.push(problem);
    }
  }

  /** Requires a TCP port. `standard` is the default that a reader is pointed to. */
  requirePort(path: string, given: number, standard: number): void {
    this.require(Number.isInteger(given) && given >= 1 && given <= 65535, {
      path,
      given,
      what: "is not a TCP port",
      allowed: "1 to 65535",
      todo: `leave it out for ${standard}`,
    });
  }

  /** Requires a mount point that a mount unit can carry, for example `/srv`. */
  requireMountpoint(path: string, given: string, example: string): void {
    this.require(isMountpoint(given), {
      path,
      given,
      what: "is not an absolute path",
      allowed: "a path from the root, without spaces",
      todo: `write it as ${example}`,
    });
  }
}

export function isHostLabel(name: string): boolean {
  return HOST_LABEL.test(name) && name.length >= 3;
}

export function isDomain(name: string): boolean {
  return DOMAIN.test(name);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/** Whether the text is an absolute path that a mount unit can carry. */
export function isMountpoint(path: string): boolean {
  return /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/.test(path);
}

/** Whether the text is an IPv4 or IPv6 network such as `203.0.113.0/24` or `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const family = net.isIP(address);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** An IPv4 network as numbers. */
interface Network4 {
  readonly first: number;
  readonly last: number;
}

function network4(cidr: string): Network4 {
  const [address = "", prefix = "32"] = cidr.split("/");
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}

/** Whether two IPv4 networks share an address. */
export function overlaps4(a: string, b: string): boolean {
  const [one, two] = [network4(a), network4(b)];
  return one.first <= two.last && two.first <= one.last;
}

/** The address at `position` in an IPv4 network (the network's own is 0), with the network's prefix length. */
export function hostInNetwork4(cidr: string, position: number): string {
  const value = network4(cidr).first + position;
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
  return `${octets.join(".")}/${cidr.split("/")[1] ?? "32"}`;
}

/** The allowed times around one that is not. 0 is none: it means a day. */
export function nearestTtls(seconds: number): number[] {
  const times = DNS_TTLS.filter((each) => each > 0);
  const below = times.filter((each) => each < seconds).slice(-1);
  const above = times.filter((each) => each > seconds).slice(0, 1);
  return [...below, ...above];
}
