import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Zone } from "../api";
import { run } from "../machines/run";
import { ipBatch } from "../network/namespace";
import { DNS_PORT, NAME_SERVER } from "./addresses";
import { Lasting } from "./lasting";
import { NSD_CONFIG, renderNsdConfig, renderZones, VENDOR_ZONE, zoneFileName } from "./nameServerConfig";

/** What a {@link NameServer} needs to know. */
export interface NameServerOptions {
  /** The lab's network namespace, which must be there. */
  readonly namespace: string;
  /** A folder of its own. */
  readonly stateDir: string;
  /** A line a restart or failure. Default: nowhere. */
  readonly log?: (line: string) => void;
}

/** A change of the domains that has not begun, and what it will be when it does. */
interface Waiting {
  zones: readonly Zone[];
  done: Promise<void>;
}

/** What a reload takes is a few hundredths of a second. */
const RELOAD_MS = 3_000;

/** Ends with 0 as soon as the server tells this serial for this zone, with 1 if it does not in time. */
const TELLS = `
const [server, zone, serial, limit] = process.argv.slice(1);
const resolver = new (require("node:dns").promises.Resolver)({ timeout: 500, tries: 1 });
resolver.setServers([server]);
const end = Date.now() + Number(limit);
const look = () => resolver.resolveSoa(zone).then((soa) => String(soa.serial) === serial, () => false).then((told) => {
  if (told || Date.now() > end) process.exit(told ? 0 : 1);
  setTimeout(look, 20);
});
look();`;

/**
 * The region's name server: one NSD process, which is the vendor's five for the domains made through the API, and the resolver that the
 * nodes ask. There is nothing else to resolve in a lab.
 */
export class NameServer {
  private readonly process: Lasting;
  private queue: Promise<unknown> = Promise.resolve();
  private waiting: Waiting | undefined;
  private generation = 0;

  constructor(private readonly options: NameServerOptions) {
    mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
    this.process = new Lasting({
      namespace: options.namespace,
      folder: options.stateDir,
      name: "name server",
      command: ["nsd", "-d", "-c", join(options.stateDir, NSD_CONFIG)],
      listens: { address: NAME_SERVER.ipv4, port: DNS_PORT },
      log: options.log ?? (() => undefined),
    });
  }

  /** Answers for these domains, and for no others, once this is done. The first call starts it, or finds it running. */
  update(zones: readonly Zone[]): Promise<void> {
    if (this.waiting !== undefined) {
      // Only the last state of several counts.
      this.waiting.zones = zones;
      return this.waiting.done;
    }
    const next: Waiting = { zones, done: Promise.resolve() };
    next.done = this.queue.then(() => {
      this.waiting = undefined;
      return this.bringTo(next.zones);
    });
    this.queue = next.done.catch((error: unknown) => this.options.log?.(String(error)));
    this.waiting = next;
    return next.done;
  }

  /** Lets go of it; it runs on, and the next process finds it. */
  async close(): Promise<void> {
    await this.queue;
    await this.process.close();
  }

  /** Ends it. */
  async end(): Promise<void> {
    await this.queue;
    await this.process.end();
  }

  private async bringTo(zones: readonly Zone[]): Promise<void> {
    const { namespace, stateDir } = this.options;
    await ipBatch(namespace, [
      `addr replace ${NAME_SERVER.ipv4}/32 dev lo`,
      `addr replace ${NAME_SERVER.ipv6}/128 dev lo nodad`,
    ]);
    // What NSD tells of another process's change is not known: the first time counts as a change.
    const before = this.generation;
    const write = (generation: number): boolean =>
      Object.entries(renderZones(zones, generation))
        .map(([domain, text]) => writeIfOther(join(stateDir, zoneFileName(domain)), text))
        .includes(true);
    const changed = write(before) || before === 0;
    const others = writeIfOther(join(stateDir, NSD_CONFIG), renderNsdConfig(stateDir, zones));
    if (changed || others) {
      this.generation = Math.max(before + 1, Math.floor(Date.now() / 1000));
      write(this.generation);
    }
    const wanted = [VENDOR_ZONE, ...zones.map(({ domain }) => domain)].map(zoneFileName);
    for (const name of readdirSync(stateDir)) {
      if (name.endsWith(".zone") && !wanted.includes(name)) rmSync(join(stateDir, name));
    }
    // It reads zones anew when told to; which zones there are, only when it starts.
    if (others || (changed && !(await this.reloaded()))) await this.process.end();
    await this.process.keep();
  }

  /** Has the running process read its zones anew. NSD gives a reload up when the next one is asked for in its midst, and tells nobody. */
  private async reloaded(): Promise<boolean> {
    if (this.process.running() === undefined) return true;
    this.process.signal("SIGHUP");
    const args = [NAME_SERVER.ipv4, VENDOR_ZONE, String(this.generation), String(RELOAD_MS)];
    const command = [`--net=/run/netns/${this.options.namespace}`, process.execPath, "-e", TELLS, ...args];
    return (await run("nsenter", command, { timeoutMs: RELOAD_MS + 5_000, okCodes: [0, 1] })).code === 0;
  }
}

function writeIfOther(file: string, text: string): boolean {
  try {
    if (readFileSync(file, "utf8") === text) return false;
  } catch {
    // Not there yet.
  }
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return true;
}
