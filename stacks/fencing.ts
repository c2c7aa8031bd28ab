import * as pulumi from "@pulumi/pulumi";
import { type HaPair, LinodeFencing, type LinodeFencingArgs, type ManagerFencing } from "../components";
import type { DualPrimaryConfig } from "../config";

/** What any system's configuration says of fencing. */
type FencingConfig = Pick<DualPrimaryConfig, "fencing" | "fencingToken" | "detection">;

/** Fencing as the configuration has it. */
export function fencingOf(
  { fencing, fencingToken = "", detection }: FencingConfig,
  pair: HaPair,
  more: Pick<LinodeFencingArgs, "preferred" | "delaySeconds"> = {},
  name = "fencing",
): ManagerFencing {
  if (fencing.kind === "none") return fencing;
  const { confirmSeconds, apiUrl, caCertificates } = fencing;
  return new LinodeFencing(name, {
    nodes: pair.nodes,
    token: pulumi.secret(fencingToken),
    confirmSeconds,
    apiUrl,
    caCertificates,
    detection,
    ...more,
  }).fencing;
}
