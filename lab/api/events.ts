import type { Entity, EventAction } from "@linode/api-v4";

import type { Settings } from "./options";
import type { EventRecord } from "./model";
import type { Store } from "./store";

const KEPT = 5000;

/** A date as the API writes it. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19);
}

/** What an event is about: the API's reference to it. */
export const entityOf = {
  linode: (record: { id: number; label: string }): Entity => ({
    id: record.id,
    type: "linode",
    label: record.label,
    url: `/v4/linode/instances/${record.id}`,
  }),
  disk: (record: { id: number; label: string; linodeId: number }): Entity => ({
    id: record.id,
    type: "disk",
    label: record.label,
    url: `/v4/linode/instances/${record.linodeId}/disks/${record.id}`,
  }),
  config: (record: { id: number; label: string; linodeId: number }): Entity => ({
    id: record.id,
    type: "linode_config",
    label: record.label,
    url: `/v4/linode/instances/${record.linodeId}/configs/${record.id}`,
  }),
  volume: (record: { id: number; label: string }): Entity => ({
    id: record.id,
    type: "volume",
    label: record.label,
    url: `/v4/volumes/${record.id}`,
  }),
  placementGroup: (record: { id: number; label: string }): Entity => ({
    id: record.id,
    type: "placement_group",
    label: record.label,
    url: `/v4/placement/groups/${record.id}`,
  }),
  firewall: (record: { id: number; label: string }): Entity => ({
    id: record.id,
    type: "firewall",
    label: record.label,
    url: `/v4/networking/firewalls/${record.id}`,
  }),
  domain: (record: { id: number; domain: string }): Entity => ({
    id: record.id,
    type: "domain",
    label: record.domain,
    url: `/v4/domains/${record.id}`,
  }),
};

/** The account's history. Events outlive what they are about. */
export class Events {
  constructor(
    private readonly store: Store,
    private readonly settings: Settings,
  ) {}

  /** Books something that is still to be done. */
  schedule(
    action: EventAction,
    username: string | null,
    entity: Entity | null,
    secondary?: Entity | null,
  ): EventRecord {
    return this.book(action, username, entity, secondary ?? null, { status: "scheduled", percent_complete: 0 });
  }

  /** Books something that is done already. */
  notify(action: EventAction, username: string | null, entity: Entity | null, secondary?: Entity | null): EventRecord {
    return this.book(action, username, entity, secondary ?? null, { status: "notification", percent_complete: null });
  }

  started(id: number): void {
    this.patch(id, { status: "started", percent_complete: 10, duration: this.secondsSince(id) });
  }

  finished(id: number): void {
    this.end(id, { status: "finished" });
  }

  failed(id: number, message: string): void {
    this.end(id, { status: "failed", message });
  }

  private end(id: number, patch: Partial<EventRecord>): void {
    this.patch(id, { percent_complete: 100, time_remaining: null, duration: this.secondsSince(id), ...patch });
  }

  /** With fractions, as the API tells it from the start of an operation on. */
  private secondsSince(id: number): number {
    const event = this.store.table("events").get(id);
    const created = event === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${event.created}Z`);
    return Math.max(0, this.settings.clock() - created) / 1000;
  }

  private patch(id: number, patch: Partial<EventRecord>): void {
    if (this.store.table("events").get(id)) this.store.table("events").update(id, patch);
  }

  private book(
    action: EventAction,
    username: string | null,
    entity: Entity | null,
    secondary: Entity | null,
    state: Pick<EventRecord, "status" | "percent_complete">,
  ): EventRecord {
    const events = this.store.table("events");
    if (events.size >= KEPT) {
      const oldest = events.find((event) => event.status !== "scheduled" && event.status !== "started");
      if (oldest) events.delete(oldest.id);
    }
    return events.put({
      id: this.store.nextId(),
      created: timestamp(this.settings.clock()),
      seen: false,
      read: false,
      time_remaining: null,
      rate: null,
      duration: null,
      action,
      username,
      entity,
      secondary_entity: secondary,
      message: "",
      details: {},
      ...state,
    });
  }
}
