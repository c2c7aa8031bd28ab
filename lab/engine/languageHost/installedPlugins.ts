import * as proto from "@pulumi/pulumi/proto/plugin_pb";
import { existsSync, readFileSync } from "fs";
import { dirname, join } from "path";

/** What a package's manifest says of the provider plugin that it needs. */
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly pulumi?: { readonly resource?: boolean; readonly name?: string; readonly version?: string };
}

function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : undefined;
}

/** The folder of an installed package as Node.js would find it from `from`. */
function findPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) {
      return candidate;
    }
    if (folder === dirname(folder)) {
      return undefined;
    }
  }
}

/** The provider plugins that the program's direct dependencies need, by their manifests. */
export function installedPlugins(programFolder: string): proto.PluginDependency[] {
  const names = Object.keys(readManifest(programFolder)?.dependencies ?? {});
  return names.flatMap((name) => {
    const folder = findPackage(programFolder, name);
    const manifest = folder === undefined ? undefined : readManifest(folder);
    if (manifest?.pulumi?.resource !== true) {
      return [];
    }
    const dependency = new proto.PluginDependency();
    dependency.setKind("resource");
    dependency.setName(manifest.pulumi.name ?? name.replace(/^@pulumi\//, ""));
    dependency.setVersion(`v${(manifest.pulumi.version ?? manifest.version ?? "").replace(/^v/, "")}`);
    return [dependency];
  });
}
