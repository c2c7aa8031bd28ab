/** The lab's `command` plugin: the commands of the vendor's 1.2.1. */
import { Plugin } from "../runtime/table";
import { localCommand } from "./local";
import { remoteCommand } from "./remote";

/** The plugin that the engine loads as `command`. */
export const plugin: Plugin<unknown> = {
  name: "command",
  version: "1.2.1",
  resources: [remoteCommand, localCommand],
  functions: [],
  secretConfig: [],
  configure: async () => ({}),
};
