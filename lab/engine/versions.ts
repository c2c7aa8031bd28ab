/** The versions that the lab's engine is made of. They match `package.json`. */

/** The Pulumi command line, and `@pulumi/pulumi`. */
export const CLI_VERSION = "3.250.0";

/** Provider plugins by name, as the programs ask for them. */
export const PLUGIN_VERSIONS = { random: "4.18.5", command: "1.2.1", linode: "5.1.1" } as const;

/** A provider plugin that the lab knows. */
export type PluginName = keyof typeof PLUGIN_VERSIONS;
