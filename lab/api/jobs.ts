import type { EventAction } from "@linode/api-v4";

import type { Events } from "./events";
import type { JobRecord } from "./model";
import type { Settings } from "./options";
import type { Store } from "./store";

/** Does one job. Called again from the start when the process died in the middle, so each must stand being repeated. */
export type JobHandler = (job: JobRecord) => Promise<void>;

interface Kind {
  readonly run: JobHandler;
  /** Puts the records right when the job could not be done. */
  readonly failed: (job: JobRecord) => void;
}

/** The process is about to end: the job stays written down, and the next process takes it up. */
class Interrupted extends Error {}

/** Runs what takes time, event by event, and takes it up again after a restart. */
export class Jobs {
  private readonly kinds = new Map<EventAction, Kind>();
  private readonly queues = new Map<string, Promise<void>>();
  private readonly timers = new Set<{ readonly timer: NodeJS.Timeout; readonly wake: () => void }>();
  private stopped = false;

  constructor(
    private readonly store: Store,
    private readonly events: Events,
    private readonly settings: Settings,
  ) {}

  /** Says how jobs of a kind are done. */
  define(kind: EventAction, run: JobHandler, failed: (job: JobRecord) => void = () => undefined): void {
    this.kinds.set(kind, { run, failed });
  }

  /** Writes a job down and starts it when those before it in its queue are done. */
  enqueue(job: Omit<JobRecord, "id">): JobRecord {
    const record = this.store.table("jobs").put({ id: this.store.nextId(), ...job });
    this.chain(record);
    return record;
  }

  /** Whether an operation on this Linode is still in progress. */
  isBusy(linodeId: number): boolean {
    return this.store.table("jobs").find((job) => job.busy === linodeId) !== undefined;
  }

  /** Drops what waits in a queue, except `keep`. */
  cancelQueue(queue: string, reason: string): void {
    for (const job of this.store.table("jobs").where((each) => each.queue === queue)) {
      const event = this.store.table("events").get(job.eventId);
      if (event?.status !== "scheduled") continue;
      this.events.failed(job.eventId, reason);
      this.store.table("jobs").delete(job.id);
    }
  }

  /** Takes up what an earlier process left undone, in the old order. */
  resume(): void {
    for (const job of this.store.table("jobs").all()) this.chain(job);
  }

  /** Resolves when nothing is going on or waiting. */
  async idle(): Promise<void> {
    while (this.queues.size > 0) await Promise.all(this.queues.values());
  }

  /** Starts nothing more; what is under way is taken up again by the next process. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer, wake } of this.timers) {
      clearTimeout(timer);
      wake();
    }
    await this.idle();
  }

  /** Waits; a job that waits when the process is told to stop goes no further. */
  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        this.timers.delete(entry);
        if (this.stopped) reject(new Interrupted());
        else resolve();
      };
      const entry = { timer: setTimeout(wake, milliseconds), wake };
      this.timers.add(entry);
    });
  }

  private chain(job: JobRecord): void {
    const before = this.queues.get(job.queue) ?? Promise.resolve();
    const after = before.then(() => this.perform(job));
    this.queues.set(job.queue, after);
    void after.then(() => {
      if (this.queues.get(job.queue) === after) this.queues.delete(job.queue);
    });
  }

  private async perform(job: JobRecord): Promise<void> {
    const kind = this.kinds.get(job.kind);
    if (kind === undefined) throw new Error(`no handler for ${job.kind}`);
    if (this.stopped) return;
    try {
      await this.pause(this.settings.delays.scheduled);
      // Cancelled meanwhile.
      if (this.store.table("jobs").get(job.id) === undefined) return;
      this.events.started(job.eventId);
      await this.pause(this.settings.delays.work);
      await kind.run(job);
      this.events.finished(job.eventId);
    } catch (error) {
      if (error instanceof Interrupted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.settings.log(`${job.kind} failed: ${message}`);
      kind.failed(job);
      this.events.failed(job.eventId, message);
    }
    this.store.table("jobs").delete(job.id);
  }
}
