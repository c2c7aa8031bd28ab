import { UserError } from "../components/internal/errors";
import { accountSettings, checkAgainstApi } from "./accountChecks";
import { parseDualPrimary, type DualPrimaryConfig, type Parsed } from "./dualPrimary";
import { type FailoverConfig, type FailoverPair, parseFailover } from "./failover";
import type { FailoverSystem } from "./failoverFields";
import { type LampTiersConfig, parseLampTiers } from "./lampTiers";
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
    ofPair,
  );
}

/** As {@link loadDualPrimary}, for a system in which services move. */
export function loadFailover<S extends FailoverSystem>(
  system: S,
  all: Readonly<Record<string, string>>,
  project: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FailoverConfig<S>> {
  return load((document) => parseFailover(system, withToken(document, environment)), all, project, environment, ofPair);
}

/** As {@link loadDualPrimary}, for proxies, web servers, files and database on hosts of their own. */
export function loadLampTiers(
  all: Readonly<Record<string, string>>,
  project: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<LampTiersConfig> {
  return load(
    (document) => parseLampTiers(withSiteSecrets(withToken(document, environment), environment)),
    all,
    project,
    environment,
    {
      section: "hosts",
      capabilities: () => ["Linodes", "Placement Group", "Cloud Firewall", "Metadata", "Vlans", "Block Storage"],
    },
  );
}

/** Where a system's configuration has its region, type and image, and what it needs of the region. */
interface Account<C> {
  readonly section: "pair" | "hosts";
  readonly capabilities: (config: C) => readonly string[];
}

const ofPair: Account<{ readonly pair: FailoverPair }> = {
  section: "pair",
  capabilities: ({ pair }) => neededCapabilities(pair),
};

async function load<C>(
  parse: (document: Readonly<Record<string, unknown>>) => Parsed<C>,
  all: Readonly<Record<string, string>>,
  project: string,
  environment: Readonly<Record<string, string | undefined>>,
  { section, capabilities }: Account<C>,
): Promise<C> {
  const document = projectConfig(all, project);
  const parsed = parse(document);
  const problems = "problems" in parsed ? [...parsed.problems] : [];
  const [region, type, image] = ["region", "type", "image"].map((key) => valueAt(document, [section, key]));
  const images = typeof image === "object" && image !== null ? Object.values(image) : [image ?? "linode/debian13"];
  if (typeof region === "string" && typeof type === "string") {
    const found = await checkAgainstApi({
      ...accountSettings(all, environment),
      region,
      type,
      images: [...new Set(images.filter((name) => typeof name === "string"))],
      capabilities: "config" in parsed ? capabilities(parsed.config) : [],
    });
    // An image that the schema refuses needs no second verdict.
    const here = found.map((problem) => ({ ...problem, path: problem.path.replace(/^pair\b/, section) }));
    problems.push(...here.filter(({ path }) => !problems.some((known) => known.path === path)));
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
