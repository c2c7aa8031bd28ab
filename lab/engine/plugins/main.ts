/** What an installed plugin starts: `node main.js <random|command|linode> [engine address]`. */
import { serve } from "./runtime/server";
import { Plugin } from "./runtime/table";

/* eslint-disable @typescript-eslint/no-require-imports -- only the plugin that was asked for is loaded: it starts faster */
const plugins: Record<string, () => Plugin<never>> = {
  random: () => (require("./random/plugin") as { plugin: Plugin<never> }).plugin,
  command: () => (require("./command/plugin") as { plugin: Plugin<never> }).plugin,
  linode: () => (require("./linode/plugin") as { plugin: Plugin<never> }).plugin,
};
/* eslint-enable @typescript-eslint/no-require-imports */

const [name = "", ...rest] = process.argv.slice(2);
const load = plugins[name];
if (load) {
  serve(load(), rest).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
} else {
  process.stderr.write(`usage: main.js ${Object.keys(plugins).join("|")} [engine address]\n`);
  process.exitCode = 2;
}
