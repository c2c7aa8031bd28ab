import type { Measure } from "../row";
import { nodeNames } from "../names";
import { countConnections } from "../whole";

const MOST = 6;

/** SSH connections that the whole bootstrap opens to a host. */
export const connections: Measure = {
  name: "connections",
  run: async (bench) => {
    await bench.deployed();
    const counts = await countConnections(bench.lab);
    return [
      {
        what: "SSH connections a host for the bootstrap",
        target: `at most ${MOST}`,
        measured: nodeNames.map((node, index) => `${node} ${counts[index]!}`).join(", "),
        met: counts.every((count) => count > 0 && count <= MOST),
      },
    ];
  },
};
