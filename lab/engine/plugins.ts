/** Puts provider plugins into the lab's Pulumi home: the vendors' where they can be had, else the lab's own. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "fs";
import { dirname, join } from "path";

import { pluginReachable } from "./download";
import { EngineError } from "./errors";
import { launcherText } from "./launcher";
import { homeBin, pluginFolder } from "./layout";
import { run } from "./process";
import { PLUGIN_VERSIONS, PluginName } from "./versions";

/**
 * Which plugins may be used. `auto`: what is there, else the vendors' by download, else the lab's own. `lab`: never
 * download. `installed`: only what is in the home already.
 */
export type PluginMode = "auto" | "lab" | "installed";

/** What {@link ensurePlugins} needs. */
export interface EnsurePluginsOptions {
  readonly pulumiHome: string;
  /** Default: `LINODE_LAB_PROVIDERS`, or `auto`. */
  readonly mode?: PluginMode;
  readonly progress: (line: string) => void;
}

/** One plugin that is ready. */
export interface PluginInfo {
  readonly name: PluginName;
  readonly version: string;
  readonly folder: string;
  /** Whose it is. */
  readonly by: "vendor" | "lab";
}

const MARKER = ".linode-lab";
const FETCH_MS = 240_000;

/** Makes every plugin that the components use exist. A plugin that is not the lab's own is never touched. */
export async function ensurePlugins(options: EnsurePluginsOptions): Promise<PluginInfo[]> {
  const mode = options.mode ?? modeFromEnvironment();
  const missing: string[] = [];
  const ready: PluginInfo[] = [];
  let reachable = mode === "auto";
  for (const [name, version] of Object.entries(PLUGIN_VERSIONS) as [PluginName, string][]) {
    const folder = pluginFolder(options.pulumiHome, name, version);
    const found = inspect(folder, name);
    const info = (by: PluginInfo["by"]): PluginInfo => ({ name, version, folder, by });
    if (found === "vendor") {
      ready.push(info("vendor"));
    } else if (mode === "installed") {
      if (found === "lab") ready.push(info("lab"));
      else missing.push(`${name} ${version} (${folder})`);
    } else if (found === "lab") {
      installOwn(folder, name, version);
      ready.push(info("lab"));
    } else {
      // One that cannot be reached means the others cannot be either: no second wait.
      reachable = reachable && (await fetchVendors(options, name, version));
      if (!reachable) installOwn(folder, name, version);
      ready.push(info(reachable ? "vendor" : "lab"));
    }
  }
  if (missing.length > 0) {
    throw new EngineError(
      `LINODE_LAB_PROVIDERS=installed, but these plugins are missing:\n  ${missing.join("\n  ")}`,
      "Put them there, or unset LINODE_LAB_PROVIDERS.",
    );
  }
  return ready;
}

/** A variable that is set to nothing counts as not set. */
const nonEmpty = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

function modeFromEnvironment(): PluginMode {
  const value = nonEmpty(process.env.LINODE_LAB_PROVIDERS) ?? "auto";
  if (value === "auto" || value === "lab" || value === "installed") return value;
  throw new EngineError(`LINODE_LAB_PROVIDERS is '${value}'`, "It may be 'auto', 'lab' or 'installed'.");
}

function inspect(folder: string, name: string): "vendor" | "lab" | undefined {
  if (!existsSync(join(folder, `pulumi-resource-${name}`))) return undefined;
  return existsSync(join(folder, MARKER)) ? "lab" : "vendor";
}

async function fetchVendors(options: EnsurePluginsOptions, name: PluginName, version: string): Promise<boolean> {
  if (!(await pluginReachable(name, version))) {
    options.progress(`the vendor's ${name} plugin cannot be fetched here: using the lab's own`);
    return false;
  }
  options.progress(`fetching the ${name} plugin ${version}`);
  const ended = await run(
    join(homeBin(options.pulumiHome), "pulumi"),
    ["plugin", "install", "resource", name, version],
    {
      env: { ...process.env, PULUMI_HOME: options.pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" },
      timeoutMs: FETCH_MS,
    },
  );
  if (ended.code === 0 && inspect(pluginFolder(options.pulumiHome, name, version), name) === "vendor") return true;
  options.progress(
    `the vendor's ${name} plugin could not be installed (${ended.stderr.trim().split("\n").pop() ?? ""})`,
  );
  return false;
}

/** Writes the launcher of the lab's own plugin. Whole or not at all; nothing is written when it is there already. */
function installOwn(folder: string, name: string, version: string): void {
  const launcher = launcherText("plugins/main.js", name);
  const program = join(folder, `pulumi-resource-${name}`);
  if (existsSync(program) && readFileSync(program, "utf8") === launcher) return;
  mkdirSync(dirname(folder), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  chmodSync(temporary, 0o755);
  writeFileSync(join(temporary, `pulumi-resource-${name}`), launcher, { mode: 0o755 });
  writeFileSync(
    join(temporary, MARKER),
    `The lab's own ${name} ${version}. Remove this folder to let the lab choose anew.\n`,
  );
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
}
