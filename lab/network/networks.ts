import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { MachineWiring, Networks } from "../machines/contract";
import { LabError } from "../machines/errors";
import { tapName, vlanBridge } from "./names";
import {
  ensureNamespace,
  inNamespace,
  ipBatch,
  leaveBridgesAlone,
  links,
  METADATA_ADDRESS,
  OPERATOR,
  sysctls,
} from "./namespace";
import { publicInterfaces, renderRuleset, type Partition, type PublicInterface, type RouterService } from "./ruleset";
import { routeServers } from "../upstream/regions";
import { BGP_PORT } from "../upstream/birdConfig";
import type { Upstream } from "../upstream/upstream";

/** What {@link createNetworks} needs to know. */
export interface NetworksOptions {
  /** The namespace, which {@link ensureNamespace} makes. */
  readonly namespace: string;
  /** Where the wiring is kept, so that a later process knows it. */
  readonly stateFile: string;
  /** What else of the router guests may talk to, beside the metadata service. */
  readonly services?: readonly RouterService[];
  /** Who routes addresses that are shared. Default: nobody does. */
  readonly upstream?: Upstream;
}

interface Saved {
  readonly machines: readonly (readonly [number, MachineWiring])[];
  readonly partitions: readonly Partition[];
}

const bare = (cidr: string): string => cidr.split("/")[0] ?? cidr;

/** The network of a lab: one router between all guests' public interfaces, and a bridge for each VLAN. */
export function createNetworks(options: NetworksOptions): RoutedNetworks {
  return new RoutedNetworks(options);
}

/** {@link Networks} on Linux network namespaces, taps and nftables. */
export class RoutedNetworks implements Networks {
  private readonly machines: Map<number, MachineWiring>;
  private partitions: readonly Partition[];
  /** Changes happen one after the other: each loads the whole ruleset. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: NetworksOptions) {
    const saved = load(options.stateFile);
    this.machines = new Map(saved.machines);
    this.partitions = saved.partitions;
  }

  /** Makes the namespace, and in it all that was wired before (after a restart of this machine, for example). */
  ready(): Promise<void> {
    return this.serially(async () => {
      await ensureNamespace(this.options.namespace);
      for (const [id, wiring] of this.machines) await this.wire(id, wiring);
      await this.loadRules();
      await this.options.upstream?.update(this.machines);
    });
  }

  apply(machine: number, wiring: MachineWiring): Promise<void> {
    return this.serially(async () => {
      const before = this.machines.get(machine);
      this.machines.set(machine, wiring);
      try {
        // Rules first: a new address must not be open for the moment before its firewall stands.
        await this.loadRules();
        if (before !== undefined) await this.unroute(machine, before, wiring);
        await this.wire(machine, wiring);
        await this.options.upstream?.update(this.machines);
      } finally {
        await this.save();
      }
    });
  }

  remove(machine: number): Promise<void> {
    return this.serially(async () => {
      const wiring = this.machines.get(machine);
      if (wiring === undefined) return;
      this.machines.delete(machine);
      this.partitions = this.partitions.filter(({ a, b }) => a !== machine && b !== machine);
      const there = await links(this.options.namespace);
      const lines = wiring.interfaces
        .map(({ name }) => tapName(machine, name))
        .filter((tap) => there.has(tap))
        .map((tap) => `link delete ${tap}`);
      await ipBatch(this.options.namespace, [...lines, ...this.proxies(machine, wiring, "delete", there)]);
      await this.dropEmptyBridges();
      await this.loadRules();
      await this.options.upstream?.update(this.machines);
      await this.save();
    });
  }

  machineAt(address: string): number | undefined {
    const wanted = address.replace(/^::ffff:/, "");
    for (const [id, wiring] of this.machines) {
      for (const { ipv4, ipv6 } of publicInterfaces(wiring)) {
        if ([...ipv4, ipv6].some((own) => bare(own) === wanted)) return id;
      }
    }
    return undefined;
  }

  partition(
    a: number,
    b: number,
    network: Partition["network"],
    limits: Pick<Partition, "oneWay" | "ports"> = {},
  ): Promise<void> {
    return this.serially(async () => {
      for (const id of [a, b]) {
        if (!this.machines.has(id)) throw new LabError(`There is no Linode ${id} in this lab's network.`);
      }
      if (a === b) throw new LabError("A partition needs two different Linodes.");
      const wanted = JSON.stringify({ a, b, network, ...limits });
      const known = this.partitions.some((cut) => JSON.stringify(cut) === wanted);
      if (!known) this.partitions = [...this.partitions, { a, b, network, ...limits }];
      await this.loadRules();
      await this.save();
    });
  }

  /** The partitions at work. */
  cuts(): readonly Partition[] {
    return this.partitions;
  }

  heal(): Promise<void> {
    return this.serially(async () => {
      this.partitions = [];
      await this.loadRules();
      await this.save();
    });
  }

  private serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async loadRules(): Promise<void> {
    const services = [
      { address: METADATA_ADDRESS, protocol: "tcp" as const, port: 80 },
      ...(this.options.upstream === undefined ? [] : bgpServices(this.machines)),
      ...(this.options.services ?? []),
    ];
    const text = renderRuleset({ machines: this.machines, partitions: this.partitions, services });
    await inNamespace(this.options.namespace, "nft", ["-f", "-"], text);
  }

  /** Taps, addresses and routes of one machine, in any state they may be in. */
  private async wire(machine: number, wiring: MachineWiring): Promise<void> {
    const there = await links(this.options.namespace);
    const lines: string[] = [];
    for (const entry of wiring.interfaces) {
      const tap = tapName(machine, entry.name);
      if (!there.has(tap)) lines.push(`tuntap add mode tap name ${tap}`, `link set ${tap} addrgenmode none`);
      if (entry.kind === "vlan") {
        const bridge = vlanBridge(entry.vlan, wiring.region);
        if (!there.has(bridge) && !lines.includes(`link add ${bridge} type bridge`)) {
          lines.push(`link add ${bridge} type bridge`, `link set ${bridge} addrgenmode none`, `link set ${bridge} up`);
        }
        lines.push(`link set ${tap} master ${bridge}`, `link set ${tap} up`);
        continue;
      }
      lines.push(`link set ${tap} nomaster`, `link set ${tap} up`, `addr replace ${entry.ipv4Gateway}/32 dev lo`);
      lines.push(
        entry.ipv6Gateway.startsWith("fe80:")
          ? `addr replace ${entry.ipv6Gateway}/64 dev ${tap} nodad`
          : `addr replace ${entry.ipv6Gateway}/128 dev lo nodad`,
      );
      const slaac = bare(entry.ipv6);
      const { ipv4, ranges } = routedTo(wiring, entry);
      lines.push(...ipv4.map((own) => `route replace ${own} dev ${tap} src ${OPERATOR.ipv4}`));
      lines.push(`route replace ${slaac}/128 dev ${tap} src ${OPERATOR.ipv6}`);
      lines.push(...ranges.map((range) => `route replace ${range} via ${slaac} dev ${tap} src ${OPERATOR.ipv6}`));
    }
    await ipBatch(this.options.namespace, lines);
    // A proxy waits before it answers, lest it speaks for somebody who is there; nobody else ever is.
    const delays = publicInterfaces(wiring).flatMap(({ name }) =>
      ["ipv4", "ipv6"].map((family) => `net.${family}.neigh.${tapName(machine, name)}.proxy_delay=0`),
    );
    if (delays.length > 0) await sysctls(this.options.namespace, delays);
    await leaveBridgesAlone(this.options.namespace);
    await ipBatch(
      this.options.namespace,
      this.proxies(machine, wiring, "replace", await links(this.options.namespace)),
    );
  }

  /** Neighbour discovery has no wholesale proxy: each address is announced on each other guest's tap. */
  private proxies(
    machine: number,
    wiring: MachineWiring,
    verb: "replace" | "delete",
    there: ReadonlySet<string>,
  ): string[] {
    const taps = (id: number, of: MachineWiring): string[] => publicInterfaces(of).map(({ name }) => tapName(id, name));
    const lines: string[] = [];
    for (const [id, other] of this.machines) {
      if (id === machine) continue;
      for (const { ipv6 } of publicInterfaces(wiring)) {
        for (const tap of taps(id, other))
          if (there.has(tap)) lines.push(`neigh ${verb} proxy ${bare(ipv6)} dev ${tap}`);
      }
      if (verb === "delete") continue;
      for (const { ipv6 } of publicInterfaces(other)) {
        for (const tap of taps(machine, wiring))
          if (there.has(tap)) lines.push(`neigh ${verb} proxy ${bare(ipv6)} dev ${tap}`);
      }
    }
    return lines;
  }

  /** Takes away what a machine had and has no more. */
  private async unroute(machine: number, before: MachineWiring, after: MachineWiring): Promise<void> {
    const there = await links(this.options.namespace);
    const lines: string[] = [];
    const kept = new Set(after.interfaces.map(({ name, kind }) => `${kind} ${name}`));
    for (const { name, kind } of before.interfaces) {
      const tap = tapName(machine, name);
      if (!kept.has(`${kind} ${name}`) && there.has(tap)) lines.push(`link delete ${tap}`);
    }
    const targets = (wiring: MachineWiring): Map<string, string> =>
      new Map(
        publicInterfaces(wiring).flatMap((entry) => {
          const { ipv4, ranges } = routedTo(wiring, entry);
          return [...ipv4, ...ranges, `${bare(entry.ipv6)}/128`].map((target): [string, string] => [
            target,
            tapName(machine, entry.name),
          ]);
        }),
      );
    const now = targets(after);
    const gone = new Set(lines.map((line) => line.replace("link delete ", "")));
    for (const [target, tap] of targets(before)) {
      if (now.get(target) !== tap && !gone.has(tap) && there.has(tap))
        lines.push(`route delete ${target} dev ${tap} proto boot`);
    }
    await ipBatch(this.options.namespace, lines);
  }

  private async dropEmptyBridges(): Promise<void> {
    const used = new Set(
      [...this.machines.values()].flatMap((wiring) =>
        wiring.interfaces.flatMap((entry) => (entry.kind === "vlan" ? [vlanBridge(entry.vlan, wiring.region)] : [])),
      ),
    );
    const there = await links(this.options.namespace);
    const empty = [...there].filter((name) => /^vlan[0-9a-f]{8}$/.test(name) && !used.has(name));
    await ipBatch(
      this.options.namespace,
      empty.map((name) => `link delete ${name}`),
    );
  }

  private async save(): Promise<void> {
    const { stateFile } = this.options;
    await mkdir(dirname(stateFile), { recursive: true, mode: 0o700 });
    const saved: Saved = { machines: [...this.machines], partitions: this.partitions };
    await writeFile(`${stateFile}.new`, JSON.stringify(saved), { mode: 0o600 });
    await rename(`${stateFile}.new`, stateFile);
  }
}

/** What leads to a machine's interface by itself. Where shared addresses lead is the upstream's affair. */
function routedTo(
  wiring: MachineWiring,
  entry: PublicInterface,
): { ipv4: readonly string[]; ranges: readonly string[] } {
  const floating = new Set(wiring.floating);
  return {
    ipv4: entry.ipv4.map(bare).flatMap((own) => (floating.has(own) ? [] : [`${own}/32`])),
    ranges: entry.ipv6Ranges.filter((range) => !floating.has(range)),
  };
}

/** The route servers' doors, in all regions that there are Linodes in. */
function bgpServices(machines: ReadonlyMap<number, MachineWiring>): readonly RouterService[] {
  const regions = [...new Set([...machines.values()].map(({ region }) => region))];
  return [...new Set(regions.flatMap(routeServers))]
    .sort()
    .map((address) => ({ address, protocol: "tcp", port: BGP_PORT, filtered: true }));
}

function load(file: string): Saved {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Saved;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { machines: [], partitions: [] };
    throw new LabError(`The network's state in ${file} cannot be read.`, {
      hint: "Remove the file and start the lab again.",
      cause: error,
    });
  }
}
