import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../contract";

/** A host by all its names. */
export interface HostsEntry {
  /** Equals `uname -n` there. */
  readonly name: string;
  /** The full name stands for the public address, the short one for the network between the nodes. */
  readonly fqdn: string;
  readonly public4: string;
  readonly public6?: string;
  /** Interconnect or private address. */
  readonly inner: string;
}

/** Names for an address that is no node's own. */
export interface NamedAddress {
  readonly address: string;
  /** The full one first, for example `db.example.org` and `db`. */
  readonly names: readonly string[];
}

/** What every node of a pair has before anything else. */
export interface BaseParams {
  /** The node this is for: the name of one of {@link hosts}. */
  readonly node: string;
  readonly hosts: readonly HostsEntry[];
  /** More names, for example of floating addresses. */
  readonly extraHosts?: readonly NamedAddress[];
  /** Public keys of people who may log in as root, beside the key that the deployment uses. */
  readonly authorizedKeys: readonly string[];
  /** A name below `/usr/share/zoneinfo`, for example `Etc/UTC`. */
  readonly timezone: string;
  /** Time servers in place of the distribution's. */
  readonly timeServers?: readonly string[];
  /** Seconds to wait until the first boot has finished. Default 600. */
  readonly bootWaitSeconds?: number;
}

const baseRoleResult = baseResult.extend({
  hostname: z.string(),
  /** The running kernel. */
  kernel: z.string(),
  /** `VERSION_ID` of the distribution, for example `13`. */
  release: z.string(),
});

/** What the `base` step answers. */
export type BaseRoleResult = z.infer<typeof baseRoleResult>;

/** Names, hosts file, time and health command. Waits for the first boot to end. */
export const baseRole: HostRole<BaseParams, BaseRoleResult> = {
  name: "base",
  packages: ["chrony", "tzdata"],
  script: assetPath("base/role.sh"),
  secrets: [],
  result: baseRoleResult,
  files: (params) => {
    const files: Record<AbsolutePath, HostFile> = {
      "/etc/hosts": { mode: "0644", content: renderHosts(params) },
      "/etc/hostname": { mode: "0644", content: `${hostOf(params).name}\n` },
      "/etc/cloud/cloud.cfg.d/90-linode-ha.cfg": {
        mode: "0644",
        content: "preserve_hostname: true\nmanage_etc_hosts: false\n",
      },
      "/etc/apt/apt.conf.d/90-linode-ha": { mode: "0644", content: 'Unattended-Upgrade::Automatic-Reboot "false";\n' },
      // sshd reads this file beside `authorized_keys`, which belongs to the platform.
      "/root/.ssh/authorized_keys2": { mode: "0600", content: renderAuthorizedKeys(params) },
      "/usr/local/sbin/ha-health": { mode: "0755", content: asset("base/ha-health.sh") },
    };
    if (params.timeServers !== undefined) {
      files["/etc/chrony/sources.d/linode-ha.sources"] = {
        mode: "0644",
        content: params.timeServers.map((server) => `server ${server} iburst\n`).join(""),
      };
    }
    return files;
  },
  variables: (params) => ({
    HOSTNAME_WANTED: hostOf(params).name,
    BOOT_WAIT: `${params.bootWaitSeconds ?? 600}`,
    TIMEZONE: params.timezone,
  }),
};

function hostOf(params: BaseParams): HostsEntry {
  const host = params.hosts.find(({ name }) => name === params.node);
  if (host === undefined)
    throw new Error(`node "${params.node}" is not one of ${params.hosts.map(({ name }) => name).join(", ")}`);
  return host;
}

function renderAuthorizedKeys({ authorizedKeys }: BaseParams): string {
  for (const key of authorizedKeys) {
    if (!/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$/.test(key)) {
      throw new Error(
        `"${key.slice(0, 40)}": not a public SSH key; write one line, for example "ssh-ed25519 AAAA… name"`,
      );
    }
  }
  return ["# Written by linode-ha; edits are lost.", ...authorizedKeys, ""].join("\n");
}

function renderHosts(params: BaseParams): string {
  const line = (address: string, ...names: string[]) => `${address}\t${names.join(" ")}\n`;
  return [
    line("127.0.0.1", "localhost"),
    line("::1", "localhost", "ip6-localhost", "ip6-loopback"),
    line("ff02::1", "ip6-allnodes"),
    line("ff02::2", "ip6-allrouters"),
    "\n",
    ...params.hosts.flatMap((host) => [
      line(host.public4, host.fqdn),
      ...(host.public6 === undefined ? [] : [line(host.public6, host.fqdn, `ip6-${host.name}`)]),
      line(host.inner, host.name),
    ]),
    ...(params.extraHosts ?? []).map(({ address, names }) => line(address, ...names)),
  ].join("");
}
