import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../components";
import { projectConfig } from "../config";
import { activePassive } from "./activePassive";
import { crossedPair } from "./crossedPair";
import { dualPrimary } from "./dualPrimary";
import { lampTiers } from "./lampTiers";
import { manualFailover } from "./manualFailover";

/** A reference system: reads and checks its configuration, builds it, and returns the stack's outputs. */
type System = (all: Readonly<Record<string, string>>, project: string) => Promise<Record<string, unknown>>;

/** By the name that `linode-ha:system` takes. */
const SYSTEMS: Readonly<Record<string, System>> = {
  "dual-primary": dualPrimary,
  "crossed-pair": crossedPair,
  "active-passive": activePassive,
  "manual-failover": manualFailover,
  "lamp-tiers": lampTiers,
};

/** Deploys the system that the stack's configuration names. */
export async function deploy(): Promise<Record<string, unknown>> {
  const all = pulumi.runtime.allConfig();
  const project = pulumi.getProject();
  const name = projectConfig(all, project)["system"];
  const system = typeof name === "string" ? SYSTEMS[name] : undefined;
  if (system === undefined) {
    throw new UserError("This stack names no system", [
      {
        path: `${project}:system`,
        given: name,
        what: name === undefined ? "is missing" : "is not a system of this program",
        allowed: Object.keys(SYSTEMS).join(", "),
        todo: `run \`pulumi config set system dual-primary\`, or start from a file stacks/Pulumi.example*.yaml`,
      },
    ]);
  }
  return system(all, project);
}
