import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Zone } from "../api";
import { ipBatch } from "../network/namespace";
import { DNS_PORT, NAME_SERVER } from "./addresses";
import { Lasting } from "./lasting";
import { NSD_CONFIG, renderNsdConfig, renderZones, zoneFileName } from "./nameServerConfig";

/** What a {@link NameServer} needs to know. */
export interface NameServerOptions {
  /** The lab's network namespace, which must be there. */
  readonly namespace: string;
  /** A folder of its own. */
  readonly stateDir: string;
  /** A line a restart or failure. Default: nowhere. */
  readonly log?: (line: string) => void;
}

/**
 * The region's name server: one NSD process, which is the vendor's five for the domains made through the API, and the resolver that the
 * nodes ask. There is nothing else to resolve in a lab.
 */
export class NameServer {
  private readonly process: Lasting;
  private queue: Promise<unknown> = Promise.resolve();

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

  /** Answers for these domains from now on, and for no others. The first call starts it, or finds it running. */
  update(zones: readonly Zone[]): Promise<void> {
    const work = this.queue.then(() => this.bringTo(zones));
    this.queue = work.catch((error: unknown) => this.options.log?.(String(error)));
    return work;
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
    const files = Object.entries(renderZones(zones)).map(([domain, text]) => [zoneFileName(domain), text] as const);
    const changed = files.filter(([name, text]) => writeIfOther(join(stateDir, name), text));
    const others = writeIfOther(join(stateDir, NSD_CONFIG), renderNsdConfig(stateDir, zones));
    for (const name of readdirSync(stateDir)) {
      if (name.endsWith(".zone") && !files.some(([file]) => file === name)) rmSync(join(stateDir, name));
    }
    // It reads zones anew when told to; which zones there are, only when it starts.
    if (others) await this.process.end();
    else if (changed.length > 0) this.process.signal("SIGHUP");
    await this.process.keep();
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
