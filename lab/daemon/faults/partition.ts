import { LabError } from "../../machines/errors";
import type { Partition, PartitionPorts } from "../../network/ruleset";
import type { Fault } from "./contract";

const NETWORKS = ["all", "public", "private", "vlan"] as const;
type Network = (typeof NETWORKS)[number];

/** Cuts the ways between two Linodes, also for connections that stand. Others still reach both. */
export const partition: Fault = {
  usage: "partition <node> <other>",
  summary: "cut the network between two Linodes until `heal`",
  options: [
    { flags: "--network <which>", help: "all (default), public, private or vlan" },
    { flags: "--one-way", help: "lose only what the first sends to the second" },
    { flags: "--tcp <ports>", help: "only these TCP ports, as 7801,7802" },
    { flags: "--udp <ports>", help: "only these UDP ports" },
  ],
  async run({ region, node }, { args, options }) {
    const [a, b] = [node(args[0]), node(args[1])];
    const network = (options.network ?? "all") as Network;
    if (!NETWORKS.includes(network)) {
      throw new LabError(`--network ${network} is not a network of a Linode.`, {
        hint: `It may be ${NETWORKS.join(", ")}.`,
      });
    }
    const limits = limitsOf(options);
    await region.networks.partition(a.id, b.id, network, limits);
    return words(a.label, b.label, { network, ...limits });
  },
  active: ({ region }) => {
    const name = (id: number): string => region.api.lab.node(String(id))?.label ?? String(id);
    return region.networks.cuts().map((cut) => words(name(cut.a), name(cut.b), cut));
  },
};

function limitsOf(options: Readonly<Record<string, unknown>>): Pick<Partition, "oneWay" | "ports"> {
  if (options["tcp"] !== undefined && options["udp"] !== undefined) {
    throw new LabError("--tcp and --udp exclude each other.", { hint: "Make two partitions: they add up." });
  }
  const protocol = options["udp"] === undefined ? "tcp" : "udp";
  const text = options[protocol] as string | number | undefined;
  return {
    ...(options["oneWay"] === undefined ? {} : { oneWay: true }),
    ...(text === undefined ? {} : { ports: portsOf(protocol, String(text)) }),
  };
}

function portsOf(protocol: PartitionPorts["protocol"], text: string): PartitionPorts {
  const numbers = text.split(",").map(Number);
  if (numbers.every((port) => Number.isInteger(port) && port >= 1 && port <= 65535)) return { protocol, numbers };
  throw new LabError(`--${protocol} ${text}: not ports.`, { hint: "Write numbers from 1 to 65535, as 7801,7802." });
}

/** Pure. */
function words(a: string, b: string, { network, oneWay, ports }: Omit<Partition, "a" | "b">): string {
  const limit = ports === undefined ? "" : `, ${ports.protocol} ${ports.numbers.join(", ")}`;
  return oneWay === true
    ? `what ${a} sends to ${b} is lost (${network}${limit})`
    : `${a} and ${b} are cut off from each other (${network}${limit})`;
}
