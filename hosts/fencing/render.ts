import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../contract";

/** A node that can be fenced. */
export interface FencingNode {
  /** Equals `uname -n` there; what DRBD and the cluster managers call it. */
  readonly name: string;
  readonly linodeId: number;
}

/** Who may shoot whom. The same values on both nodes. */
export interface FencingParams {
  readonly nodes: readonly [FencingNode, FencingNode];
  /** The node this is for: the name of one of {@link nodes}. */
  readonly node: string;
  /** The node that survives when both shoot at once: the other one waits first. Default the first of {@link nodes}. */
  readonly preferred?: string;
  /** How long the other one waits, in seconds; 1 to 120. Default 5. Longer than the two may differ in noticing each other's loss. */
  readonly delaySeconds?: number;
  /** How long an `off` may take until it is confirmed, in seconds; 10 to 500. Default 180. */
  readonly powerTimeoutSeconds?: number;
  /** What becomes of a peer that DRBD's own handler has fenced. Default `boot`: it is booted again after 20 s. */
  readonly after?: "boot" | "stay-off";
  /** Address of the API. Default `https://api.linode.com/v4`. */
  readonly apiUrl?: string;
  /** Certificates in PEM form to trust in place of the system's. */
  readonly caCertificates?: string;
}

/** The API token: `linodes:read_write` and nothing else. */
export const fencingSecret = "linode-fencing-token";

/** Where things are on the hosts, for whoever configures a cluster manager or DRBD. */
export const fencingPaths = {
  agent: "/usr/sbin/fence_linode",
  token: "/etc/linode-ha/fencing.token",
  config: "/etc/linode-ha/fencing.conf",
  ca: "/etc/linode-ha/fencing-ca.pem",
  plugin: "/usr/lib/stonith/plugins/external/linode",
  drbdHandler: "/usr/local/lib/linode-ha/drbd-fence-peer",
  pacemakerHandler: "/usr/local/lib/linode-ha/crm-fence-peer",
} as const satisfies Record<string, AbsolutePath>;

/** The handler's word for a pair under Heartbeat v1: the peer is asked to mark itself outdated before anybody is powered off. */
export const outdateFirst = "outdate-first";

const defaultApiUrl = "https://api.linode.com/v4";

const fencingResult = baseResult.extend({
  /** The node that this one can fence. */
  peer: z.string(),
  /** The peer's Linode, as the API took it. */
  peerLinode: z.string(),
});

/** What the `fencing` step answers. */
export type FencingResult = z.infer<typeof fencingResult>;

/** The fence agent, its token, Heartbeat's plugin and DRBD's handler. Refuses a token that could not fence. */
export const fencingRole: HostRole<FencingParams, FencingResult> = {
  name: "fencing",
  packages: ["ca-certificates", "python3"],
  script: assetPath("fencing/role.sh"),
  secrets: [fencingSecret],
  result: fencingResult,
  files: fencingFiles,
  variables: (params) => {
    const { own, peer } = sidesOf(params);
    return {
      API_URL: params.apiUrl ?? defaultApiUrl,
      CA_FILE: caFileOf(params),
      TOKEN_FILE: fencingPaths.token,
      PEER_NAME: peer.name,
      PEER_ID: `${peer.linodeId}`,
      SELF_ID: `${own.linodeId}`,
    };
  },
};

/** The seconds that a node waits before it shoots: none on the preferred one. */
export function fencingDelay(params: FencingParams): number {
  const preferred = params.preferred ?? params.nodes[0].name;
  if (!params.nodes.some(({ name }) => name === preferred)) {
    throw new Error(`preferred node "${preferred}" is not one of ${namesOf(params)}`);
  }
  const delay = within(params.delaySeconds ?? 5, 1, 120, "delaySeconds");
  return params.node === preferred ? 0 : delay;
}

function fencingFiles(params: FencingParams): Record<AbsolutePath, HostFile> {
  const files: Record<AbsolutePath, HostFile> = {
    [fencingPaths.agent]: { mode: "0755", content: asset("fencing/fence_linode") },
    [fencingPaths.token]: { mode: "0600", content: `${secretPlaceholder(fencingSecret)}\n`, secret: fencingSecret },
    [fencingPaths.config]: { mode: "0644", content: renderFencingConfig(params) },
    [fencingPaths.plugin]: { mode: "0755", content: asset("fencing/external/linode") },
    [fencingPaths.drbdHandler]: { mode: "0755", content: asset("fencing/drbd-fence-peer.sh") },
    [fencingPaths.pacemakerHandler]: { mode: "0755", content: asset("fencing/crm-fence-peer.sh") },
    "/usr/local/lib/linode-ha/cib-words/cibadmin": { mode: "0755", content: asset("fencing/cib-words.sh") },
    "/usr/local/lib/linode-ha/drbd.sh": { mode: "0644", content: asset("lib/drbd.sh") },
  };
  if (params.caCertificates !== undefined) {
    files[fencingPaths.ca] = { mode: "0644", content: `${params.caCertificates.trimEnd()}\n` };
  }
  return files;
}

/** What the plugin and the handler read: shell variables. */
export function renderFencingConfig(params: FencingParams): string {
  const { own, peer } = sidesOf(params);
  return [
    "# Written by linode-ha; edits are lost.",
    `API_URL=${checkedUrl(params.apiUrl ?? defaultApiUrl)}`,
    `CA_FILE=${caFileOf(params)}`,
    `TOKEN_FILE=${fencingPaths.token}`,
    `SELF_ID=${own.linodeId}`,
    `PEER_NAME=${peer.name}`,
    `PEER_ID=${peer.linodeId}`,
    `DELAY=${fencingDelay(params)}`,
    `POWER_TIMEOUT=${within(params.powerTimeoutSeconds ?? 180, 10, 500, "powerTimeoutSeconds")}`,
    `AFTER=${params.after ?? "boot"}`,
    "",
  ].join("\n");
}

/** What follows `external/linode` on Heartbeat's `stonith_host` line of this node. */
export function heartbeatStonithParameters(params: FencingParams): string {
  const { peer } = sidesOf(params);
  return `${peer.name}:${peer.linodeId}`;
}

function sidesOf(params: FencingParams): { own: FencingNode; peer: FencingNode } {
  const [first, second] = params.nodes;
  for (const { name, linodeId } of params.nodes) {
    if (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name)) throw new Error(`node "${name}": not a host name`);
    if (!Number.isSafeInteger(linodeId) || linodeId <= 0) {
      throw new Error(`node "${name}": ${linodeId} is not a Linode's id, for example 1234567`);
    }
  }
  if (first.name === second.name || first.linodeId === second.linodeId) {
    throw new Error(`nodes ${namesOf(params)}: two nodes are needed, each with a name and a Linode of its own`);
  }
  if (params.node === first.name) return { own: first, peer: second };
  if (params.node === second.name) return { own: second, peer: first };
  throw new Error(`node "${params.node}" is not one of ${namesOf(params)}`);
}

function namesOf(params: FencingParams): string {
  return params.nodes.map(({ name }) => name).join(", ");
}

function caFileOf(params: FencingParams): string {
  return params.caCertificates === undefined ? "" : fencingPaths.ca;
}

/** Only characters that mean nothing to a shell: the file is read by one. */
function checkedUrl(url: string): string {
  if (!/^https?:\/\/[A-Za-z0-9.:[\]_/-]+$/.test(url)) {
    throw new Error(`apiUrl "${url}": not an address of the form https://host/v4`);
  }
  return url;
}

function within(value: number, least: number, most: number, name: string): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} is ${value}; allowed are whole seconds from ${least} to ${most}`);
}
