import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { apiUrl, type LabRecord } from "../daemon/record";
import { homeBin } from "../engine/layout";
import { authorityCertificate } from "../upstream/authority";
import type { CachePaths, LabPaths } from "../paths";

/** Wraps the local stack's state only; it protects nothing that is not on this machine in the clear already. */
const PASSPHRASE = "linode-lab";

/** What a program needs to use a lab as if it were Linode. Pure but for the public key's file. */
export function labEnvironment(
  paths: LabPaths,
  cache: CachePaths,
  record: Pick<LabRecord, "port" | "token" | "fencingToken" | "dnsToken">,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  return {
    LINODE_LAB: paths.name,
    LINODE_URL: apiUrl(record),
    LINODE_TOKEN: record.token,
    LINODE_FENCING_TOKEN: record.fencingToken,
    LINODE_DNS_TOKEN: record.dnsToken,
    LINODE_ACME_CA_FILE: authorityCertificate(paths.authority),
    LINODE_EVENT_POLL_MS: "200",
    PULUMI_HOME: cache.pulumiHome,
    PULUMI_BACKEND_URL: `file://${paths.pulumi}`,
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    LINODE_LAB_SSH_KEY: paths.operatorKey,
    LINODE_LAB_SSH_PUBLIC_KEY: publicKey(paths),
    PATH: withFirst(homeBin(cache.pulumiHome), env.PATH ?? "/usr/local/bin:/usr/bin:/bin"),
  };
}

/** `export` lines for `eval "$(linode-lab env)"`. Pure. */
export const exportLines = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("");

/** A search path that begins with a folder, once. */
function withFirst(folder: string, path: string): string {
  return [folder, ...path.split(delimiter).filter((each) => each !== folder)].join(delimiter);
}

function publicKey(paths: LabPaths): string {
  return readFileSync(join(`${paths.operatorKey}.pub`), "utf8").trim();
}
