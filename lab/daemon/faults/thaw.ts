import type { Fault } from "./contract";

/** Ends a `freeze`. */
export const thaw: Fault = {
  usage: "thaw <node>",
  summary: "let a frozen Linode go on",
  async run({ region, node }, { args }) {
    const { id, label } = node(args[0]);
    await region.api.lab.thaw(id);
    return `${label}: goes on`;
  },
};
