import { UserError } from "../components/internal/errors";
import { accountSettings, checkAgainstApi } from "./accountChecks";
import { parseDualPrimary, type DualPrimaryConfig, type Parsed } from "./dualPrimary";
import { type FailoverConfig, type FailoverPair, parseFailover } from "./failover";
import type { FailoverSystem } from "./failoverFields";
import { withToken } from "./fencingToken";
import { projectConfig } from "./pulumiConfig";
import { valueAt } from "./report";
import { withSiteSecrets } from "./siteRules";

/**
 * Reads and checks a stack's configuration, the account's side included: one report for everything.
 *
 * @param all what `pulumi.runtime.allConfig()` returns
 * @param project the project's name
 * @throws UserError with every problem, before anything is created
 */
export function loadDualPrimary(
  all: Readonly<Record<string, string>>,
  project: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DualPrimaryConfig> {
  return load(
    (document) => parseDualPrimary(withSiteSecrets(withToken(document, environment), environment)),
    all,
    project,
    environment,
  );
}

/** As {@link loadDualPrimary}, for a system in which services move. */
export function loadFailover<S extends FailoverSystem>(
  system: S,
  all: Readonly<Record<string, string>>,
  project: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FailoverConfig<S>> {
  return load((document) => parseFailover(system, withToken(document, environment)), all, project, environment);
}

async function load<C extends { readonly pair: FailoverPair }>(
  parse: (document: Readonly<Record<string, unknown>>) => Parsed<C>,
  all: Readonly<Record<string, string>>,
  project: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<C> {
  const document = projectConfig(all, project);
  const parsed = parse(document);
  const problems = "problems" in parsed ? [...parsed.problems] : [];
  const [region, type, image] = ["region", "type", "image"].map((key) => valueAt(document, ["pair", key]));
  const images = typeof image === "object" && image !== null ? Object.values(image) : [image ?? "linode/debian13"];
  if (typeof region === "string" && typeof type === "string") {
    const found = await checkAgainstApi({
      ...accountSettings(all, environment),
      region,
      type,
      images: [...new Set(images.filter((name) => typeof name === "string"))],
      capabilities: "config" in parsed ? neededCapabilities(parsed.config.pair) : [],
    });
    // An image that the schema refuses needs no second verdict.
    problems.push(...found.filter(({ path }) => !problems.some((known) => known.path === path)));
  }
  if ("config" in parsed && problems.length === 0) {
    return parsed.config;
  }
  throw new UserError("The configuration of this stack is not right, and nothing was changed:", problems);
}

/** What a region must offer for this pair, in the API's words. */
export function neededCapabilities(pair: FailoverPair): string[] {
  return [
    "Linodes",
    "Placement Group",
    "Cloud Firewall",
    "Metadata",
    ...(pair.interconnect.kind === "vlan" ? ["Vlans"] : []),
    ...(Object.keys(pair.disks.volumes).length > 0 ? ["Block Storage"] : []),
  ];
}
