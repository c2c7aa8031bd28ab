import type { Disks, Machines, Networks } from "../machines/contract";
import { Events } from "./events";
import { timestamp } from "./events";
import { notFound } from "./errors";
import { Faults } from "./faults";
import { Jobs } from "./jobs";
import type { InstanceRecord } from "./model";
import { settle, type ApiOptions, type Settings } from "./options";
import type { Store } from "./store";

/** What an API is made of. */
export interface Parts {
  readonly store: Store;
  readonly machines: Machines;
  readonly disks: Disks;
  readonly networks: Networks;
  readonly options: ApiOptions;
}

/** What every handler and service works with. */
export interface Context {
  readonly store: Store;
  readonly machines: Machines;
  readonly disks: Disks;
  readonly networks: Networks;
  readonly settings: Settings;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly faults: Faults;
}

export function contextOf(parts: Parts): Context {
  const settings = settle(parts.options);
  const events = new Events(parts.store, settings);
  return {
    store: parts.store,
    machines: parts.machines,
    disks: parts.disks,
    networks: parts.networks,
    settings,
    events,
    jobs: new Jobs(parts.store, events, settings),
    faults: new Faults(),
  };
}

/** Now, as the API writes it. */
export function now(ctx: Context): string {
  return timestamp(ctx.settings.clock());
}

/** The Linode with this id, or 404. */
export function instanceOf(ctx: Context, id: number): InstanceRecord {
  const record = ctx.store.table("instances").get(id);
  if (record === undefined) throw notFound();
  return record;
}
