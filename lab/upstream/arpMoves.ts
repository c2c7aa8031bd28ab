import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { MachineWiring } from "../machines/contract";
import { run } from "../machines/run";
import { tapName } from "../network/names";
import { inNamespace, ipBatch, OPERATOR } from "../network/namespace";
import { publicInterfaces } from "../network/ruleset";
import { failoverMethod } from "./regions";

/** A shared IPv4 address of a region where ARP moves it. */
export interface ArpAddress {
  readonly address: string;
  /** The tap of its owner, which has it until somebody else claims it. */
  readonly owner: string;
  /** The taps of all who may have it, the owner's too. */
  readonly claimants: readonly string[];
}

const RESTART_MS = 1000;

/** Which addresses ARP may move, and between whom. Pure. */
export function arpAddresses(machines: ReadonlyMap<number, MachineWiring>): readonly ArpAddress[] {
  const there = [...machines]
    .sort(([a], [b]) => a - b)
    .filter(([, { region }]) => failoverMethod(region) === "arp")
    .flatMap(([id, wiring]) =>
      publicInterfaces(wiring)
        .slice(0, 1)
        .map(({ name }) => ({ tap: tapName(id, name), wiring })),
    );
  return there.flatMap(({ tap: owner, wiring: { floating = [] } }) =>
    floating
      .filter((address) => !address.includes(":"))
      .map((address) => {
        const others = there.filter(({ wiring: { shared } }) => shared.includes(address)).map(({ tap }) => tap);
        return { address, owner, claimants: [owner, ...others] };
      }),
  );
}

/** A neighbour that the kernel has heard of, from a line of `ip monitor neigh`; undefined for all other news. */
export function heardOf(line: string): { readonly address: string; readonly tap: string } | undefined {
  const [, address, tap] = /^(\d+(?:\.\d+){3}) dev (\S+) lladdr \S+ /.exec(line) ?? [];
  return address === undefined || tap === undefined ? undefined : { address, tap };
}

/**
 * The vendor's older network, for the regions that still have it: an ARP announcement moves a shared IPv4 address to who sends it, if
 * it may have it. Everywhere else the router hears the same announcements and does nothing.
 */
export class ArpMoves {
  private addresses: readonly ArpAddress[] = [];
  private monitor: ChildProcess | undefined;
  private ended = false;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly namespace: string,
    private readonly log: (line: string) => void,
  ) {}

  /** Takes note of who may have what. An address that somebody has who may keeps there; any other goes to its owner. */
  update(machines: ReadonlyMap<number, MachineWiring>): Promise<void> {
    return this.serially(async () => {
      const before = this.addresses;
      this.addresses = arpAddresses(machines);
      // The kernel need not be asked for the many labs without such a region.
      if (this.addresses.length === 0 && before.length === 0) return;
      for (const each of this.addresses) {
        const at = await this.whereIs(each.address);
        if (at === undefined || !each.claimants.includes(at)) await this.move(each, each.owner);
      }
      this.listen();
    });
  }

  async close(): Promise<void> {
    this.ended = true;
    this.monitor?.kill("SIGKILL");
    await this.queue;
  }

  private listen(): void {
    if (this.monitor !== undefined || this.ended || this.addresses.length === 0) return;
    const args = [`--net=/run/netns/${this.namespace}`, "ip", "-4", "monitor", "neigh"];
    const monitor = spawn("nsenter", args, { stdio: ["ignore", "pipe", "ignore"] });
    this.monitor = monitor;
    monitor.on("error", () => undefined);
    monitor.once("close", () => {
      this.monitor = undefined;
      setTimeout(() => this.listen(), RESTART_MS).unref();
    });
    createInterface({ input: monitor.stdout }).on("line", (line) => {
      const heard = heardOf(line);
      const claimed = this.addresses.find(({ address }) => address === heard?.address);
      if (heard === undefined || !claimed?.claimants.includes(heard.tap)) return;
      this.serially(() => this.claim(claimed, heard.tap)).catch((error: unknown) => this.log(String(error)));
    });
  }

  private async claim(claimed: ArpAddress, tap: string): Promise<void> {
    // What was heard may be old by now: an address is no longer shared, or is there already.
    if (!this.addresses.includes(claimed) || (await this.whereIs(claimed.address)) === tap) return;
    await this.move(claimed, tap);
    this.log(`${claimed.address} is at ${tap} now: it was claimed by ARP`);
  }

  private async move({ address, claimants }: ArpAddress, to: string): Promise<void> {
    await ipBatch(this.namespace, [`route replace ${address}/32 dev ${to} src ${OPERATOR.ipv4}`]);
    // Whoever had it must claim it anew: what the kernel still knows of them would look like a claim when it ages.
    for (const tap of claimants.filter((each) => each !== to)) {
      await inNamespace(this.namespace, "ip", ["neigh", "flush", "dev", tap, "to", `${address}/32`]);
    }
  }

  private async whereIs(address: string): Promise<string | undefined> {
    const { stdout } = await run("ip", ["-n", this.namespace, "-json", "route", "show", "exact", `${address}/32`]);
    return (JSON.parse(stdout === "" ? "[]" : stdout) as { dev?: string }[])[0]?.dev;
  }

  private serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}
