/** Where the engine's parts lie, in this package and in a Pulumi home. */
import { existsSync, readFileSync } from "fs";
import { dirname, join } from "path";

import { CLI_VERSION } from "./versions";

/** This package's root, whether the caller runs compiled from `dist/` or as TypeScript. */
export function packageRoot(from: string = __dirname): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (
      existsSync(manifest) &&
      (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === "linode-ha"
    ) {
      return folder;
    }
  }
  throw new Error(`no package.json of linode-ha above ${from}`);
}

/** The folder in which the `pulumi` npm package and its automation API look for this version's programs. */
export const versionBin = (pulumiHome: string): string => join(pulumiHome, "versions", CLI_VERSION, "bin");

/** The folder of the programs that a shell uses. */
export const homeBin = (pulumiHome: string): string => join(pulumiHome, "bin");

/** The folder of one plugin. */
export const pluginFolder = (pulumiHome: string, name: string, version: string): string =>
  join(pulumiHome, "plugins", `resource-${name}-v${version}`);
