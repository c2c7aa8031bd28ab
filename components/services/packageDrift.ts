import * as pulumi from "@pulumi/pulumi";
import {
  differencesOf,
  type PackageDifference,
  type PackageDriftParams,
  packageDriftRole,
  type PackageDriftResult,
} from "../../hosts/services/package-drift/render";
import type { NodePair } from "../haNode";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";

/** Settings of a {@link PackageDrift}. */
export interface PackageDriftArgs {
  readonly nodes: NodePair;
  /** What installs packages, and is to be done before. */
  readonly after?: readonly pulumi.Resource[];
  /** Any text; a changed one compares anew. Default `1`. */
  readonly round?: string;
}

/**
 * Whether both nodes have the same packages. Compared when this is deployed; from then on each node's health check says when its own
 * have changed since.
 */
export class PackageDrift extends pulumi.ComponentResource {
  /** Packages that differ: the version on the first node and on the second, empty where it is not installed. */
  readonly differences: pulumi.Output<Record<string, PackageDifference>>;
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: PackageDriftArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:PackageDrift", name, {}, opts);
    const steps = args.nodes.map(
      (node) =>
        new HostStep<PackageDriftParams, PackageDriftResult>(
          childName(name, node.name, "packages"),
          {
            role: packageDriftRole,
            step: `packages-${name}`,
            node,
            params: { round: args.round ?? "1" },
            after: args.after,
          },
          { parent: this },
        ),
    );
    this.ready = steps;
    this.differences = pulumi.all(steps.map((step) => step.result)).apply((results) => {
      // Pulumi's mocks compute no output.
      const [first, second] = results.map((result) => (result.packages as Record<string, string> | undefined) ?? {});
      return differencesOf(first ?? {}, second ?? {});
    });
    this.registerOutputs({ differences: this.differences });
  }
}
