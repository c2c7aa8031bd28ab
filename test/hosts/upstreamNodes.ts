/**
 * Stand-ins for Linodes: network namespaces whose cards end in the taps of a lab's network, with BIRD as their announcer and a
 * service that tells its name. No guest boots.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { MachineWiring } from "../../lab/machines/contract";
import { tapName } from "../../lab/network/names";
import { routeServers } from "../../lab/upstream/regions";

const PORT = 7007;

/** Waits for something, but not for ever. */
export async function until(what: string, check: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`After ${timeoutMs / 1000} s still not: ${what}`);
    await delay(10);
  }
}

const inside = (namespace: string, command: string, ...args: string[]): string[] => [
  `--net=/run/netns/${namespace}`,
  command,
  ...args,
];

/** Runs a command in a namespace. */
export const exec = (namespace: string, command: string, ...args: string[]): string =>
  execFileSync("nsenter", inside(namespace, command, ...args), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

export interface Announcement {
  readonly role?: "primary" | "secondary";
  readonly prefixes: readonly string[];
}

/** One node. Its public address is 198.51.100.<number>, its SLAAC address 2001:db8:1::<number>. */
export class Node {
  readonly namespace: string;
  readonly public4: string;
  readonly slaac: string;
  private readonly children: ChildProcess[] = [];
  private announcer: ChildProcess | undefined;

  constructor(
    readonly name: string,
    readonly number: number,
    readonly lab: string,
    private readonly folder: string,
    private readonly region = "us-east",
  ) {
    this.namespace = `${lab}-${name}`;
    this.public4 = `198.51.100.${number}`;
    this.slaac = `2001:db8:1::${number}`;
  }

  macOf(card: "eth0" | "eth1"): string {
    return `${card === "eth0" ? "f2:3c:95" : "90:de:01"}:00:00:${this.number}`;
  }

  /** What the lab's network is told of it. */
  wiring(
    more: Partial<MachineWiring> & { readonly own4?: readonly string[]; readonly ranges?: readonly string[] } = {},
  ): MachineWiring {
    const { own4 = [], ranges = [], ...rest } = more;
    return {
      region: this.region,
      interfaces: [
        {
          kind: "public",
          name: "eth0",
          mac: this.macOf("eth0"),
          ipv4: [this.public4, ...own4].map((address) => `${address}/24`),
          ipv4Gateway: "198.51.100.1",
          ipv6: `${this.slaac}/64`,
          ipv6Gateway: "fe80::1",
          ipv6Ranges: ranges,
        },
        { kind: "vlan", name: "eth1", mac: this.macOf("eth1"), vlan: "pair" },
      ],
      shared: [],
      ...rest,
    };
  }

  /** Makes the namespace, and both its cards with the lab's ends named as the lab names its taps. */
  create(floating: readonly string[]): void {
    execFileSync("ip", ["netns", "add", this.namespace]);
    for (const card of ["eth0", "eth1"] as const) {
      const tap = tapName(this.number, card);
      const peer = ["peer", "name", card, "address", this.macOf(card), "netns", this.namespace];
      execFileSync("ip", ["-n", this.lab, "link", "add", tap, "type", "veth", ...peer]);
      execFileSync("ip", ["-n", this.lab, "link", "set", tap, "addrgenmode", "none"]);
    }
    const lines = [
      "link set lo up",
      ...["eth0", "eth1"].map((card) => `link set ${card} up`),
      `address add ${this.public4}/24 dev eth0`,
      `address add ${this.slaac}/64 dev eth0 nodad`,
      `address add 10.20.0.${this.number}/24 dev eth1`,
      "route add default via 198.51.100.1",
      "-6 route add default via fe80::1 dev eth0",
      ...floating.map((address) => `address add ${address} dev lo${address.includes(":") ? " nodad" : ""}`),
    ];
    // Several families in one batch need their own calls.
    for (const line of lines) exec(this.namespace, "ip", ...line.split(" "));
  }

  /** Starts a service on addresses of the node: it tells the node's name to whoever sends a packet. */
  async serve(addresses: readonly string[]): Promise<void> {
    const child = spawn("nsenter", inside(this.namespace, process.execPath, "-e", SERVER, this.name, ...addresses), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.children.push(child);
    await firstLine(child);
  }

  /** Makes the node's kernel claim an address to all neighbours of a card, as a manager's ARP announcement does. */
  claim(card: "eth0" | "eth1", address: string): void {
    this.add(address, card);
    const notify = [`net.ipv4.conf.${card}.arp_notify=1`, `net.ipv6.conf.${card}.ndisc_notify=1`];
    exec(this.namespace, "sysctl", "-qw", ...notify);
    // A card that is given a hardware address tells what it has, be it the same one as before.
    exec(this.namespace, "ip", "link", "set", card, "address", this.macOf(card));
  }

  /** Gives a card one more address. */
  add(address: string, card: string): void {
    const options = address.includes(":") ? ["nodad"] : [];
    exec(this.namespace, "ip", "address", "add", address, "dev", card, ...options);
  }

  /** Takes an address from a card. */
  drop(address: string, card: string): void {
    exec(this.namespace, "ip", "address", "del", address, "dev", card);
  }

  /** Starts the announcer, which then waits for {@link enable}. */
  announce(announcement: Announcement): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, `${this.name}.conf`), this.config(announcement));
    this.announcer = spawn(
      "nsenter",
      inside(this.namespace, "bird", "-f", "-c", `${this.name}.conf`, "-s", `${this.name}.ctl`),
      { cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] },
    );
    this.children.push(this.announcer);
  }

  /** Asks or tells the announcer. */
  control(...command: string[]): string {
    return execFileSync("birdcl", ["-s", `${this.name}.ctl`, ...command], {
      cwd: this.folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  }

  /** How many of the four sessions are up. */
  sessions(): number {
    try {
      return this.control("show", "protocols").match(/^rs\d .*Established/gm)?.length ?? 0;
    } catch {
      return 0;
    }
  }

  async established(): Promise<void> {
    await until(`${this.name} has sessions to all four route servers`, () => this.sessions() === 4, 15_000);
  }

  /** Ends the announcer without a word from it. */
  killAnnouncer(): void {
    this.announcer?.kill("SIGKILL");
  }

  remove(): void {
    for (const child of this.children) child.kill("SIGKILL");
    // One that was never made, for something failed before, need not be taken away.
    if (existsSync(`/run/netns/${this.namespace}`)) execFileSync("ip", ["netns", "delete", this.namespace]);
  }

  private config({ role, prefixes }: Announcement): string {
    const community = role === undefined ? "" : `bgp_community.add((65000, ${role === "primary" ? 1 : 2}));`;
    const families = ["ipv4", "ipv6"] as const;
    const of = (family: string): string[] => prefixes.filter((each) => each.includes(":") === (family === "ipv6"));
    return [
      // The vendor's own announcer gives every node the same identifier.
      "router id 10.0.0.1;",
      "protocol device { }",
      ...families.flatMap((family) => [
        `protocol static floating_${family} { ${family};`,
        ...of(family).map((prefix) => `  route ${prefix} blackhole;`),
        "}",
      ]),
      ...routeServers(this.region).flatMap((server, index) => [
        `protocol bgp rs${index + 1} {`,
        `  local ${this.slaac} as 65001; neighbor ${server} as 65000; multihop 10;`,
        "  connect delay time 1; connect retry time 1; error wait time 1, 1;",
        ...families.map(
          (family) =>
            `  ${family} { ${family === "ipv4" ? "extended next hop; " : ""}next hop self; import none;` +
            ` export filter { ${community} accept; }; };`,
        ),
        "}",
      ]),
      "",
    ].join("\n");
  }
}

/** What a client somewhere sees: who answers at each address, and since when. */
export class Client {
  private readonly answers = new Map<string, { name: string; since: number }>();
  private readonly child: ChildProcess;

  constructor(namespace: string, addresses: readonly string[]) {
    this.child = spawn("nsenter", inside(namespace, process.execPath, "-e", CLIENT, ...addresses), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const { address, name, since } = JSON.parse(line) as { address: string; name: string; since: number };
      this.answers.set(address, { name, since });
    });
  }

  /** Who answers there; `nobody` when nobody has for a tenth of a second. */
  at(address: string): string {
    return this.answers.get(address)?.name ?? "nobody";
  }

  /** Waits until a node answers at an address. Returns how many milliseconds after `start` it first did. */
  async sees(address: string, name: string, start: number, timeoutMs: number): Promise<number> {
    await until(`${name} answers at ${address}`, () => this.at(address) === name, timeoutMs);
    return (this.answers.get(address)?.since ?? 0) - start;
  }

  end(): void {
    this.child.kill("SIGKILL");
  }
}

function firstLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`It ended with ${code}.`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", () => resolve());
  });
}

const SERVER = `
const { createSocket } = require("node:dgram");
const [name, ...addresses] = process.argv.slice(1);
let open = 0;
for (const address of addresses) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (packet, { port, address: from }) => socket.send(name + " " + packet, port, from));
  socket.bind(${PORT}, address, () => { if (++open === addresses.length) console.log("ready"); });
}
`;

const CLIENT = `
const { createSocket } = require("node:dgram");
for (const address of process.argv.slice(1)) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  let name = "nobody", heard = 0;
  const tell = (next, since) => {
    if (next !== name) console.log(JSON.stringify({ address, name: (name = next), since }));
  };
  socket.on("message", (packet) => { heard = Date.now(); tell(String(packet).split(" ")[0], heard); });
  socket.on("error", () => undefined);
  setInterval(() => {
    if (heard !== 0 && Date.now() - heard > 100) tell("nobody", heard);
    socket.send("?", ${PORT}, address, () => undefined);
  }, 10);
}
`;
