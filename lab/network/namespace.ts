import { access } from "node:fs/promises";
import { LabError } from "../machines/errors";
import { run } from "../machines/run";

/** The operator's own addresses in a lab: `linode-lab ssh` comes from here. */
export const OPERATOR = { ipv4: "203.0.113.1", ipv6: "2001:db8:ffff::1" } as const;
/** Out-of-band access, as the vendor's console server has it: firewalls do not filter it, and no program may use it by itself. */
export const OUT_OF_BAND = { ipv4: "203.0.113.254", ipv6: "2001:db8:ffff::fe" } as const;
/** Where Linodes reach the API, as they reach the vendor's: `http://203.0.113.2/v4`. */
export const API_ADDRESS = "203.0.113.2";
/** The address of the metadata service. */
export const METADATA_ADDRESS = "169.254.169.254";

const SYSCTLS = [
  "net.ipv4.ip_forward=1",
  "net.ipv6.conf.all.forwarding=1",
  "net.ipv6.conf.all.accept_ra=0",
  "net.ipv6.conf.default.accept_ra=0",
  // Each guest's addresses lead to its own tap; a shared one may come from another, and the ruleset judges that.
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
  // Guests believe to share a segment: the router answers for all that lives behind other taps.
  "net.ipv4.conf.default.proxy_arp=1",
  "net.ipv6.conf.default.proxy_ndp=1",
  // Redirects would teach guests a shorter way that does not exist.
  "net.ipv4.conf.all.send_redirects=0",
  "net.ipv4.conf.default.send_redirects=0",
];

const FOLDER = "/run/netns";
const NAME = /^[a-z0-9][a-z0-9-]{0,40}$/;

/** Runs a command inside a network namespace. */
export const inNamespace = (
  namespace: string,
  command: string,
  args: readonly string[],
  input?: string,
): Promise<unknown> => run("nsenter", [`--net=${FOLDER}/${namespace}`, command, ...args], { input });

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Makes the network namespace of a lab: a router with the operator's and the platform's addresses, and no way out. */
export async function ensureNamespace(namespace: string): Promise<void> {
  if (!NAME.test(namespace)) throw new LabError(`Not a name of a network namespace: ${JSON.stringify(namespace)}.`);
  if (!(await exists(`${FOLDER}/${namespace}`))) {
    try {
      await run("ip", ["netns", "add", namespace]);
    } catch (error) {
      throw new LabError(`The network namespace ${namespace} could not be made.`, {
        detail: error instanceof Error ? error.message : String(error),
        hint: "The lab needs root and a kernel with network namespaces: run it with sudo, not inside an unprivileged container.",
        cause: error,
      });
    }
  }
  await sysctls(namespace, SYSCTLS);
  // On loopback, since not every kernel has dummy links: an address there is answered for on every tap.
  await ipBatch(namespace, [
    "link set lo up",
    `addr replace ${OPERATOR.ipv4}/32 dev lo`,
    `addr replace ${OPERATOR.ipv6}/128 dev lo nodad`,
    `addr replace ${OUT_OF_BAND.ipv4}/32 dev lo`,
    `addr replace ${OUT_OF_BAND.ipv6}/128 dev lo nodad`,
    `addr replace ${METADATA_ADDRESS}/32 dev lo`,
    `addr replace ${API_ADDRESS}/32 dev lo`,
  ]);
}

/** Sets kernel parameters in a namespace. */
export const sysctls = (namespace: string, settings: readonly string[]): Promise<unknown> =>
  inNamespace(namespace, "sysctl", ["-q", "-w", ...settings]);

/**
 * Keeps the routed filters off the VLANs. Where the kernel has (or has meanwhile loaded) its bridge filter, it would pass what
 * crosses a bridge through them; where it has not, there is nothing to set.
 */
export const leaveBridgesAlone = (namespace: string): Promise<unknown> =>
  sysctls(namespace, [
    "-e",
    ...["iptables", "ip6tables", "arptables"].map((table) => `net.bridge.bridge-nf-call-${table}=0`),
  ]);

/** Runs `ip` commands, a line each, in one go; the first that fails ends it. */
export async function ipBatch(namespace: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await inNamespace(namespace, "ip", ["-batch", "-"], `${lines.join("\n")}\n`);
}

/** The names of the links in a namespace. */
export async function links(namespace: string): Promise<ReadonlySet<string>> {
  const { stdout } = await run("ip", ["-n", namespace, "-json", "link", "show"]);
  return new Set((JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname));
}

/** Takes a lab's namespace away, and with it all links, routes and rules. Guests must have ended. */
export async function removeNamespace(namespace: string): Promise<void> {
  if (await exists(`${FOLDER}/${namespace}`)) await run("ip", ["netns", "delete", namespace]);
}
