/** The lab's `linode` plugin: the resource types of the vendor's 5.1.1 that the components use. */
import { Plugin } from "../runtime/table";
import { instanceIp, instanceSharedIps, ipv6Range, rdns } from "./addresses";
import { ApiError, LinodeClient } from "./client";
import { Linode } from "./common";
import { instanceConfig } from "./config";
import { instanceDisk } from "./disk";
import { domain, domainRecord, sshKey } from "./domain";
import { firewall, firewallDevice } from "./firewall";
import { functions } from "./functions";
import { instance } from "./instance";
import { placementGroup, placementGroupAssignment } from "./placement";
import { volume } from "./volume";

const VERSION = "5.1.1";
const DEFAULT_URL = "https://api.linode.com";
const POLL_MS = 4000;
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;

/** A variable that is set to nothing counts as not set. */
const set = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

/** A whole number from the provider's settings or the environment. */
function number(config: Record<string, string>, key: string, variable: string | undefined, fallback: number): number {
  const text = config[key] ?? (variable === undefined ? undefined : process.env[variable]);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new Error(`linode:${key} must be a number of milliseconds, got '${text}'`);
  return value;
}

/** The API's base address with its version, from `https://host[/path]` or a bare host. */
export function baseAddress(url: string, version: string): string {
  const full = /^https?:\/\//.test(url) ? url : `https://${url}`;
  let parsed: URL;
  try {
    parsed = new URL(full);
  } catch {
    throw new Error(`linode:url (LINODE_URL) is not an address: '${url}'`);
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}/${version}`;
}

async function configure(config: Record<string, string>, signal: AbortSignal): Promise<Linode> {
  const token = config.token ?? process.env.LINODE_TOKEN ?? "";
  if (!token) {
    throw new Error(
      "no Linode API token: set LINODE_TOKEN, or 'pulumi config set --secret linode:token' (in the lab: 'linode-lab env')",
    );
  }
  const version = config.apiVersion ?? set(process.env.LINODE_API_VERSION) ?? "v4";
  const client = new LinodeClient({
    base: baseAddress(config.url ?? set(process.env.LINODE_URL) ?? DEFAULT_URL, version),
    token,
    userAgent: `linode-ha-lab/${VERSION}`,
    pollMs: number(config, "eventPollMs", "LINODE_EVENT_POLL_MS", POLL_MS),
    minRetryMs: number(config, "minRetryDelayMs", undefined, MIN_RETRY_MS),
    maxRetryMs: number(config, "maxRetryDelayMs", undefined, MAX_RETRY_MS),
    signal,
  });
  try {
    // What the vendor's plugin does first too: a wrong token is told here, once, not by every resource.
    await client.get("linode/types?page=100");
  } catch (error) {
    const hint = error instanceof ApiError && error.status === 401 ? " Is LINODE_TOKEN right?" : "";
    throw new Error(`Error connecting to the Linode API: ${(error as Error).message}.${hint}`, { cause: error });
  }
  return {
    client,
    skipImplicitReboots: config.skipImplicitReboots === "true",
    skipInstanceReadyPoll: config.skipInstanceReadyPoll === "true",
    skipInstanceDeletePoll: config.skipInstanceDeletePoll === "true",
  };
}

/** The plugin that the engine loads as `linode`. */
export const plugin: Plugin<Linode> = {
  name: "linode",
  version: VERSION,
  resources: [
    instance,
    instanceDisk,
    instanceConfig,
    volume,
    instanceIp,
    instanceSharedIps,
    ipv6Range,
    rdns,
    firewall,
    firewallDevice,
    placementGroup,
    placementGroupAssignment,
    domain,
    domainRecord,
    sshKey,
  ],
  functions,
  secretConfig: ["token", "objSecretKey"],
  configure,
};
