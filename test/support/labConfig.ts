import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { projectRoot } from "./lab";

/** The lab's own configuration of a system, keys without the project's prefix; a pair's for nodes of other names. */
export function labConfig(system: string, nodes?: readonly [string, string]): Record<string, unknown> {
  let text = readFileSync(path.join(projectRoot, "stacks", `Pulumi.lab-${system}.yaml`), "utf8");
  const pair = configOf(text)["linode-ha:pair"] as { nodes: [string, string] } | undefined;
  pair?.nodes.forEach((name, index) => {
    text = text.replace(new RegExp(`\\b${name}\\b`, "g"), nodes?.[index] ?? name);
  });
  return Object.fromEntries(
    Object.entries(configOf(text)).map(([key, value]) => [key.replace(/^linode-ha:/, ""), value]),
  );
}

/**
 * The same on an image of the lab's own, which has many of the packages already: for tests of what happens later. That the roles
 * install them is shown by those that deploy on the distribution's.
 */
export function onOwnImage(config: Record<string, unknown>, image = "private/13"): Record<string, unknown> {
  const section = "hosts" in config ? "hosts" : "pair";
  return { ...config, [section]: { ...(config[section] as Record<string, unknown>), image } };
}

const configOf = (text: string): Record<string, unknown> => (parse(text) as { config: Record<string, unknown> }).config;
