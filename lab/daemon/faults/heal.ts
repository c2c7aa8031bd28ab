import type { Fault } from "./contract";

/** Ends all partitions. */
export const heal: Fault = {
  usage: "heal",
  summary: "end all partitions",
  async run({ region }) {
    await region.networks.heal();
    return "the network is whole again";
  },
};
