import type { PolicyPackArgs, ReportViolation, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { rankNamed, rankInfo, type Finding, type Step } from "../review";
import { findingsOf, plain, stepFor, stepsForGone } from "./judge";
import { readOldState, stackOf, type OldResource } from "./oldState";
import { allowanceOf, type Permission } from "./permissions";

/** What `--policy-pack-config` may say of the policy. */
export interface AvailabilityConfig {
  /** What is refused: this rank, and worse. Default `both-nodes`. */
  readonly refuse?: string;
  /** What is allowed all the same. Default: nothing. */
  readonly allow?: readonly Permission[];
}

/** For tests. */
export interface PackOptions {
  readonly oldState?: (stack: string) => Promise<ReadonlyMap<string, OldResource>>;
  readonly now?: () => Date;
}

/** The policy's name: the key of its configuration. */
export const POLICY = "availability";
const DEFAULT_REFUSE = 2;

/**
 * The pack: the rules of `linode-ha review`, applied by the engine itself. Each resource is judged before it is touched; what is deleted,
 * and what takes both nodes, when the engine has told all that the program has.
 */
export function availabilityPack({
  oldState = readOldState,
  now = () => new Date(),
}: PackOptions = {}): PolicyPackArgs {
  let state: Promise<ReadonlyMap<string, OldResource>> | undefined;
  const steps = new Map<string, Step>();
  const kept = new Set<string>();
  const stateOf = (urn: string): Promise<ReadonlyMap<string, OldResource>> => (state ??= oldState(stackOf(urn)));

  const report = (finding: Finding, config: AvailabilityConfig, violation: ReportViolation): void => {
    const refused = finding.names.flatMap((name, at) => {
      const allowance = allowanceOf({ name, urn: finding.urns[at] ?? name }, config.allow ?? [], now());
      return allowance.kind === "allowed"
        ? []
        : [allowance.kind === "expired" ? `${name} (was allowed until ${allowance.until})` : name];
    });
    if (refused.length > 0) violation(messageOf(finding, refused), finding.urns[0]);
  };

  const validateResource = async (args: ResourceValidationArgs, violation: ReportViolation): Promise<void> => {
    const all = await stateOf(args.urn);
    const { urn, type, name } = args;
    const aliases = [...args.opts.aliases];
    const old = all.get(urn) ?? aliases.map((alias) => all.get(alias)).find((each) => each !== undefined);
    for (const each of [urn, ...(old === undefined ? [] : [old.urn])]) kept.add(each);
    const step = stepFor({ urn, type, name, inputs: plain(args.props) as Record<string, unknown>, aliases }, old);
    if (step === undefined) return;
    steps.set(urn, step);
    const config = args.getConfig<AvailabilityConfig>();
    for (const finding of findingsOf([step], refuseOf(config))) report(finding, config, violation);
  };

  const validateStack = async (args: StackValidationArgs, violation: ReportViolation): Promise<void> => {
    const first = args.resources[0]?.urn ?? [...kept][0];
    if (first === undefined) return;
    const all = await stateOf(first);
    const present = new Set([...kept, ...args.resources.map(({ urn }) => urn)]);
    const config = args.getConfig<AvailabilityConfig>();
    const gone = stepsForGone(all, present);
    const told = new Set(steps.keys());
    for (const finding of findingsOf([...steps.values(), ...gone], refuseOf(config))) {
      // Each resource by itself has been told before it.
      if (finding.rule === "both-nodes" || !finding.urns.every((urn) => told.has(urn)))
        report(finding, config, violation);
    }
  };

  return {
    enforcementLevel: "mandatory",
    policies: [
      {
        name: POLICY,
        description:
          "Nothing may lose data or take both nodes of a pair down, unless it is allowed by name until a date.",
        configSchema: {
          properties: {
            refuse: {
              type: "string",
              description: "This rank and worse is refused: unknown, data-loss, both-nodes, failover, restart.",
            },
            allow: {
              type: "array",
              items: {
                type: "object",
                properties: { name: { type: "string" }, until: { type: "string" }, why: { type: "string" } },
                required: ["name", "until"],
              },
            },
          },
        },
        validateResource,
        validateStack,
      },
    ],
  };
}

function refuseOf({ refuse }: AvailabilityConfig): number {
  if (refuse === undefined) return DEFAULT_REFUSE;
  const rank = rankNamed(refuse);
  if (rank === undefined)
    throw new Error(`refuse: "${refuse}" is no rank; one of unknown, data-loss, both-nodes, failover, restart`);
  return rank;
}

function messageOf({ rank, called, operation, why, refused, steps }: Finding, names: readonly string[]): string {
  const { label, rank: number } = rankInfo(rank);
  return [
    `${label} (rank ${number}): ${called}, ${operation}: ${why}${refused === undefined ? "" : `; ${refused}`}.`,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    `To allow it: {"${POLICY}": {"allow": [${names.map((name) => `{"name": "${name.split(" ")[0] ?? ""}", "until": "YYYY-MM-DD"}`).join(", ")}]}} in the file given as --policy-pack-config.`,
    `Refused: ${names.join(", ")}.`,
  ].join("\n");
}
