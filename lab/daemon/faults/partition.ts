import { LabError } from "../../machines/errors";
import type { Fault } from "./contract";

const NETWORKS = ["all", "public", "private", "vlan"] as const;
type Network = (typeof NETWORKS)[number];

/** Cuts the ways between two Linodes, also for connections that stand. Others still reach both. */
export const partition: Fault = {
  usage: "partition <node> <other>",
  summary: "cut the network between two Linodes until `heal`",
  options: [{ flags: "--network <which>", help: "all (default), public, private or vlan" }],
  async run({ region, node }, { args, options }) {
    const [a, b] = [node(args[0]), node(args[1])];
    const network = (options.network ?? "all") as Network;
    if (!NETWORKS.includes(network)) {
      throw new LabError(`--network ${network} is not a network of a Linode.`, {
        hint: `It may be ${NETWORKS.join(", ")}.`,
      });
    }
    await region.networks.partition(a.id, b.id, network);
    return `${a.label} and ${b.label}: cut off from each other (${network})`;
  },
  active: ({ region }) => {
    const name = (id: number): string => region.api.lab.node(String(id))?.label ?? String(id);
    return region.networks
      .cuts()
      .map(({ a, b, network }) => `${name(a)} and ${name(b)} are cut off from each other (${network})`);
  },
};
