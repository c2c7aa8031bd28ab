import { rmSync } from "node:fs";
import { Lab } from "../test/support/lab";
import { pairConfig } from "../test/support/pairConfig";
import { StackProject } from "../test/support/stackProject";
import { ApiClient } from "./apiClient";
import { MOUNTPOINT, nodeNames, VOLUME } from "./names";
import { untilWhole } from "./whole";

/** How long one way of building the pair took. */
export interface Built {
  /** From its start to both nodes Primary, UpToDate and mounted. */
  readonly seconds: number;
  /** The part of it from the last node's boot request on. */
  readonly fromBoot: number;
}

/** A pair that `pulumi up` built. */
export interface Deployed extends Built {
  readonly project: StackProject;
}

/** What the measures share: a lab of their own, and the one pair that several of them look at. */
export class Bench {
  readonly lab = new Lab("bench");
  private started: Promise<ApiClient> | undefined;
  private deployment: Promise<Deployed> | undefined;
  private live: StackProject | undefined;

  /** Says what goes on; the table alone goes to standard output. */
  say(line: string): void {
    process.stderr.write(`    ${line}\n`);
  }

  /** The lab's API; the first call starts the lab. */
  api(): Promise<ApiClient> {
    this.started ??= (async () => {
      this.say("starting the lab");
      // What an interrupted run left would be in the way, and would be measured too.
      await this.lab.purge();
      await this.lab.up();
      return await ApiClient.of(this.lab);
    })();
    return this.started;
  }

  /** The pair that `pulumi up` builds, and how long it took; built by the first call, and timed only then. */
  deployed(): Promise<Deployed> {
    this.deployment ??= this.deploy();
    return this.deployment;
  }

  private async deploy(): Promise<Deployed> {
    const api = await this.api();
    const config = pairConfig(nodeNames, { volume: VOLUME, mountpoint: MOUNTPOINT });
    const project = new StackProject(this.lab, "bench", config);
    this.live = project;
    await project.init();
    this.say("pulumi up of a fresh pair");
    const start = Date.now();
    await project.up();
    const end = await untilWhole(this.lab);
    return { project, seconds: (end - start) / 1000, fromBoot: await api.secondsFromBoot(end) };
  }

  /** Takes that pair away; what was measured of it stays known. */
  async release(): Promise<void> {
    if (this.live !== undefined) {
      this.say("taking that pair away");
      await this.live.remove();
      this.live = undefined;
    }
  }

  /** Leaves nothing behind, however the run ended. */
  async close(): Promise<void> {
    if (this.live !== undefined) {
      rmSync(this.live.folder, { recursive: true, force: true });
    }
    if (this.started !== undefined) {
      await this.lab.purge();
    }
  }
}
