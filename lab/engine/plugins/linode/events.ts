/** Waiting for an action: know the events that are there, act, take the first new one, follow it to its end. */
import { Body, LinodeClient } from "./client";

/** Follows one action on one Linode. */
export class EventPoller {
  private readonly known = new Set<number>();

  private constructor(
    private readonly client: LinodeClient,
    private readonly linode: number,
    private readonly action: string,
    private readonly secondary: number | undefined,
  ) {}

  /** To be made before the action starts. */
  static async before(client: LinodeClient, linode: number, action: string, secondary?: number): Promise<EventPoller> {
    const poller = new EventPoller(client, linode, action, secondary);
    for (const event of await poller.events()) poller.known.add(Number(event.id));
    return poller;
  }

  /** Waits until the action has ended well. */
  async finished(seconds: number): Promise<void> {
    const what = `${this.action} of Linode ${this.linode}`;
    const started = Date.now();
    const isNew = (event: Body) => !this.known.has(Number(event.id)) && this.matches(event);
    const found = await this.client.waitFor(
      `the event ${what}`,
      seconds,
      () => this.events(),
      (list) => list.some(isNew),
    );
    const id = Number(found.find(isNew)?.id);
    this.known.add(id);
    const left = Math.max(1, seconds - Math.round((Date.now() - started) / 1000));
    const ended = await this.client.waitFor(
      `the end of ${what} (event ${id})`,
      left,
      () => this.client.get(`account/events/${id}`),
      ({ status }) => status === "finished" || status === "failed" || status === "notification",
    );
    if (ended.status === "failed") {
      throw new Error(`${what} failed (event ${id})${ended.message ? `: ${String(ended.message)}` : ""}`);
    }
  }

  private matches(event: Body): boolean {
    if (this.secondary === undefined) return true;
    const entity = event.secondary_entity as Body | null | undefined;
    // Not every service names the disk in its events.
    return entity === null || entity === undefined || Number(entity.id) === this.secondary;
  }

  private events(): Promise<Body[]> {
    return this.client.list("account/events", {
      "+order": "desc",
      "+order_by": "created",
      action: this.action,
      "entity.id": this.linode,
      "entity.type": "linode",
    });
  }
}
