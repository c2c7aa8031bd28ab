import type { MachineWiring } from "../machines/contract";
import { ipBatch } from "../network/namespace";
import { Bird } from "./bird";
import { renderBirdConfig } from "./birdConfig";
import { routeServers } from "./regions";

/** What {@link RouteServers} need to know. */
export interface RouteServersOptions {
  /** The lab's network namespace, which must be there. */
  readonly namespace: string;
  /** A folder of their own: configuration, log, control socket. */
  readonly stateDir: string;
  /** A line a restart or failure. Default: nowhere. */
  readonly log?: (line: string) => void;
}

const WATCH_MS = 250;
const PATIENCE_MS = 30_000;

/** The route servers of a lab: one BIRD process in the lab's network, which is every region's four servers. */
export class RouteServers {
  private readonly bird: Bird;
  private readonly log: (line: string) => void;
  private readonly addresses = new Set<string>();
  private queue: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  /** What BIRD was last told; undefined as long as this process has told it nothing. */
  private told: string | undefined;
  private failures = 0;
  private notBefore = 0;

  constructor(private readonly options: RouteServersOptions) {
    this.bird = new Bird(options.namespace, options.stateDir);
    this.log = options.log ?? (() => undefined);
  }

  /**
   * Lets nodes announce what they may now, and nothing else. The first call starts the servers, or finds them running; from then on
   * they are started again should they end.
   */
  update(machines: ReadonlyMap<number, MachineWiring>): Promise<void> {
    return this.serially(async () => {
      await this.answerFor(machines);
      const config = renderBirdConfig(machines);
      if (config === this.told) return;
      await this.bird.write(config);
      if (this.bird.running() !== undefined) await this.configure();
      // Later on the watch does it, at its own pace: a change in the API need not fail for it.
      else if (this.told === undefined) await this.bird.start();
      this.told = config;
      this.watch();
    });
  }

  /** Lets go of the servers, which run on; the next process finds them. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.queue;
  }

  /** Ends the servers. */
  async end(): Promise<void> {
    await this.close();
    await this.bird.end();
  }

  private async answerFor(machines: ReadonlyMap<number, MachineWiring>): Promise<void> {
    const all = [...machines.values()].flatMap(({ region }) => routeServers(region));
    const fresh = [...new Set(all)].filter((address) => !this.addresses.has(address));
    await ipBatch(
      this.options.namespace,
      fresh.map((address) => `addr replace ${address}/128 dev lo nodad`),
    );
    for (const address of fresh) this.addresses.add(address);
  }

  private async configure(): Promise<void> {
    try {
      await this.bird.configure();
    } catch (error) {
      // One that ended in this very moment is started again with what was written.
      if (this.bird.running() !== undefined || this.told === undefined) throw error;
    }
  }

  private watch(): void {
    if (this.timer !== undefined) return;
    this.timer = setInterval(() => {
      if (this.bird.running() !== undefined || Date.now() < this.notBefore) return;
      // Not tried again before this try has come to its end.
      this.notBefore = Infinity;
      void this.serially(() => this.revive());
    }, WATCH_MS);
    this.timer.unref();
  }

  private async revive(): Promise<void> {
    try {
      if (this.bird.running() === undefined) {
        this.log("the route servers ended; starting them again");
        await this.bird.start();
      }
      this.failures = 0;
      this.notBefore = 0;
    } catch (error) {
      this.failures += 1;
      const pause = Math.min(PATIENCE_MS, 1000 * 2 ** this.failures);
      this.notBefore = Date.now() + pause;
      this.log(`${error instanceof Error ? error.message : String(error)} Next try in ${pause / 1000} s.`);
    }
  }

  private serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}
