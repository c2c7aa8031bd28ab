import type { Problem } from "../components/internal/errors";
import { problemAt, valueAt } from "./report";

/** The document, with the token for fencing from the environment where it says none and needs one. */
export function withToken(
  document: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, unknown>> {
  const token = environment["LINODE_FENCING_TOKEN"];
  const needed = valueAt(document, ["fencing", "kind"]) === "linode" && document["fencingToken"] === undefined;
  return needed && token !== undefined && token !== "" ? { ...document, fencingToken: token } : document;
}

/** That fencing through the vendor's API has its token. It is never shown, whatever is wrong with it. */
export function fencingToken(document: unknown): Problem[] {
  const needed = valueAt(document, ["fencing", "kind"]) === "linode";
  return needed && valueAt(document, ["fencingToken"]) === undefined
    ? [
        problemAt(document, ["fencingToken"], "is missing: fencing through the vendor's API needs a token", {
          todo: "run `pulumi config set --secret linode-ha:fencingToken`, with a token of linodes:read_write alone, or put it into LINODE_FENCING_TOKEN",
        }),
      ]
    : [];
}
