import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { baseResult, type HostRole } from "../../contract";

const driftResult = baseResult.extend({
  /** Versions of everything installed, by package. */
  packages: z.record(z.string(), z.string()),
});

/** What the step answers. */
export type PackageDriftResult = z.infer<typeof driftResult>;

/** When to look again: a changed text is a new look. */
export interface PackageDriftParams {
  readonly round: string;
}

/** The packages of a node, to be compared with its peer's; its health check says when they have changed since. */
export const packageDriftRole: HostRole<PackageDriftParams, PackageDriftResult> = {
  name: "services-package-drift",
  packages: [],
  script: assetPath("services/package-drift/role.sh"),
  secrets: [],
  result: driftResult,
  files: () => ({
    "/etc/linode-ha/health.d/70-packages": { mode: "0755", content: asset("services/package-drift/health.sh") },
  }),
  variables: ({ round }) => ({ ROUND: round }),
};

/** How a package stands on two nodes; absent on one: an empty text. */
export type PackageDifference = readonly [string, string];

/** The packages that are not the same on both, by name. */
export function differencesOf(
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
): Record<string, PackageDifference> {
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const [one, two] = [first[name] ?? "", second[name] ?? ""];
      return one === two ? [] : [[name, [one, two] as const] as const];
    }),
  );
}
