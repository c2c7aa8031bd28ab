import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { activePassive } from "../../../stacks/activePassive";
import { crossedPair } from "../../../stacks/crossedPair";
import { dualPrimary } from "../../../stacks/dualPrimary";
import { lampTiers } from "../../../stacks/lampTiers";
import { manualFailover } from "../../../stacks/manualFailover";
import { projectRoot } from "../../support/lab";
import { MockEngine, type Registered } from "../../support/mockEngine";

jest.mock("../../../config/accountChecks", () => ({ accountSettings: () => ({}), checkAgainstApi: async () => [] }));

const folder = join(__dirname, "expected");
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const TOKEN = "fencing-token-of-the-test";
const DNS_TOKEN = "dns-token-of-the-test";

const SYSTEMS = {
  "dual-primary": ["Pulumi.lab.yaml", dualPrimary],
  "dual-primary-site": ["Pulumi.lab-dual-primary-site.yaml", dualPrimary],
  "crossed-pair": ["Pulumi.lab-crossed-pair.yaml", crossedPair],
  "active-passive": ["Pulumi.lab-active-passive.yaml", activePassive],
  "manual-failover": ["Pulumi.lab-manual-failover.yaml", manualFailover],
  "lamp-tiers": ["Pulumi.lab-lamp-tiers.yaml", lampTiers],
} as const;

/** What is another one at each run, or a secret. */
const UNTOLD = new Set(["connection", "create", "delete", "stdin", "metadatas", "rootPass", "authorizedKeys"]);

/** The engine's stand-in numbers resources as they come. */
const isId = (key: string): boolean => key === "id" || key.endsWith("Id");

/** What a step puts on its host, by path: the texts are in goldens of their own. */
function told({ type, inputs }: Registered): Record<string, unknown> {
  if (type !== "command:remote:Command") {
    return Object.fromEntries(Object.entries(inputs).filter(([key]) => !UNTOLD.has(key) && !isId(key)));
  }
  const files = String(inputs["create"]).matchAll(/^# (\/\S+)/gm);
  return { files: [...files].map(([, path]) => path) };
}

/** Everything that a preview of a new stack would list. */
function preview(all: readonly Registered[]): string {
  const named = all
    .filter(({ type }) => type !== "linode-ha:internal:HostStep")
    .map((one) => [`${one.type} ${one.name}`, told(one)] as const);
  const withoutIds = (key: unknown, value: unknown): unknown => (isId(String(key)) ? undefined : value);
  return stringify(Object.fromEntries(named), withoutIds, { sortMapEntries: true });
}

/** The lines of both nodes' hosts files: what moves has its names there, also where it is bought after them. */
function namedInHosts(all: readonly Registered[]): readonly string[] {
  return all
    .filter(({ name }) => name.endsWith("-base"))
    .flatMap(({ inputs }) => String(inputs["create"]).split("\n"))
    .filter((line) => /^[0-9a-f.:]+\t/.test(line));
}

test.each(Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[])(
  "%s on the lab's configuration makes what is expected (UPDATE_GOLDEN=1 writes anew)",
  async (system) => {
    const [file, program] = SYSTEMS[system];
    const { config } = parse(readFileSync(join(projectRoot, "stacks", file), "utf8")) as {
      config: Record<string, unknown>;
    };
    const all = Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    process.env["LINODE_FENCING_TOKEN"] = TOKEN;
    process.env["LINODE_DNS_TOKEN"] = DNS_TOKEN;
    const engine = new MockEngine();
    await engine.start();
    await program(Object.fromEntries(all) as Record<string, string>, "linode-ha");
    await engine.settled();
    const text = preview(engine.registered);
    for (const secret of [TOKEN, DNS_TOKEN, "well-known-in-a-lab"]) expect(text).not.toContain(secret);
    const path = join(folder, `${system}.yaml`);
    if (UPDATE) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    expect(existsSync(path)).toBe(true);
    expect(text).toBe(readFileSync(path, "utf8"));
    const named = namedInHosts(engine.registered);
    for (const name of Object.keys(config["linode-ha:addresses"] ?? {})) {
      expect(named.filter((line) => line.endsWith(`\t${name}.example.org ${name}`))).toHaveLength(2);
    }
  },
);
