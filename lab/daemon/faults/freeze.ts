import type { Fault } from "./contract";

/** Stops a guest's CPUs and clock: it neither answers nor notices. */
export const freeze: Fault = {
  usage: "freeze <node>",
  summary: "stop a Linode's CPUs and clock; `thaw` lets it go on as if nothing had been",
  async run({ region, node }, { args }) {
    const { id, label } = node(args[0]);
    await region.api.lab.freeze(id);
    return `${label}: frozen`;
  },
  active: ({ region, isFrozen }) =>
    region.api.lab
      .nodes()
      .filter(({ id }) => isFrozen(id))
      .map(({ label }) => `${label} is frozen`),
};
