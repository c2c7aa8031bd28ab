/** What several Linode resource types share. */
import { Context, ResourceType } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { ApiError, Body, isNotFound, LinodeClient } from "./client";
import { EventPoller } from "./events";

/** What the calls of this plugin work with. */
export interface Linode {
  readonly client: LinodeClient;
  /** Never reboot or shut down a Linode as a side effect. */
  readonly skipImplicitReboots: boolean;
  readonly skipInstanceReadyPoll: boolean;
  readonly skipInstanceDeletePoll: boolean;
}

/** A resource type of this plugin. */
export type LinodeType = ResourceType<Linode>;
/** The context of its calls. */
export type Ctx = Context<Linode>;

/** Default bounds of operations, in seconds, as the vendor sets them. */
export const SECONDS = { create: 900, update: 3600, remove: 600, disk: 600, boot: 1200 };

/** A body without what was not given. Null stays: there it means "none". */
export function given(fields: Record<string, Json | undefined>): Body {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** Undefined for what the vendor's client leaves out of a body: zero, false, empty. */
export function nonEmpty(value: Json | undefined): Json | undefined {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return undefined;
  if (Array.isArray(value) && value.length === 0) return undefined;
  return value;
}

/** The API's time in the form of the state. */
export function time(value: Json | undefined): Json | undefined {
  if (typeof value !== "string") return undefined;
  return /(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`;
}

/** Null becomes undefined. */
export const some = (value: Json | undefined): Json | undefined => (value === null ? undefined : value);

/** Runs a look-up; undefined when the thing is gone. */
export async function orGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Runs a removal; it is done too when the thing was gone. */
export async function removed(work: () => Promise<unknown>, ...alsoFine: number[]): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isNotFound(error) || (error instanceof ApiError && alsoFine.includes(error.status))) return;
    throw error;
  }
}

/** Splits an import id of the form `first,second`. */
export function pairOfIds(id: string, names: readonly [string, string]): [number, number] {
  const parts = id.split(",").map((part) => part.trim());
  if (parts.length !== 2 || !parts.every((part) => /^\d+$/.test(part))) {
    throw new Error(`the id to import must be '${names[0]},${names[1]}', both numbers; got '${id}'`);
  }
  return [Number(parts[0]), Number(parts[1])];
}

const isUp = (status: Json | undefined): boolean => ["running", "rebooting", "booting"].includes(String(status));

/** Whether the status is one of a Linode that is on or on its way. */
export { isUp };

/** The configuration profile that a Linode last booted with; 0 when that cannot be told. */
export async function bootedConfig(client: LinodeClient, linode: number): Promise<number> {
  const { status } = await client.get(`linode/instances/${linode}`);
  if (!isUp(status)) return 0;
  const events = await client.list("account/events", {
    "+or": [{ action: "linode_boot" }, { action: "linode_reboot" }],
    "+order": "desc",
    "+order_by": "created",
    "entity.id": linode,
    "entity.type": "linode",
  });
  return Number((events[0]?.secondary_entity as Body | null | undefined)?.id ?? 0);
}

/** Waits for a status. */
export function waitForStatus(client: LinodeClient, linode: number, wanted: string, seconds: number): Promise<Body> {
  return client.waitFor(
    `status '${wanted}' of Linode ${linode}`,
    seconds,
    () => client.get(`linode/instances/${linode}`),
    ({ status }) => status === wanted,
  );
}

/** Waits until a Linode is either running or offline, and says which. */
export async function settledStatus(client: LinodeClient, linode: number, seconds: number): Promise<string> {
  const { status } = await client.get(`linode/instances/${linode}`);
  if (status === "running" || status === "offline") return status;
  const target = status === "booting" || status === "rebooting" ? "running" : "offline";
  if (target === "offline" && status !== "shutting_down") {
    throw new Error(
      `Linode ${linode} is in status '${String(status)}': wait until it is running or offline and try again`,
    );
  }
  await waitForStatus(client, linode, target, seconds);
  return target;
}

/** Does one power action and waits for its event. */
export async function power(
  client: LinodeClient,
  linode: number,
  action: "boot" | "reboot" | "shutdown",
  seconds: number,
  body?: Body,
): Promise<void> {
  const poller = await EventPoller.before(client, linode, `linode_${action}`);
  await client.post(`linode/instances/${linode}/${action}`, body ?? {});
  await poller.finished(seconds);
}

/** A list, or nothing. */
export const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** An object's field. */
export const at = (value: Json | undefined, key: string): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value[key] : undefined;

/** Whether two lists hold the same texts, whatever their case and order. */
export function sameIgnoringCase(before: Json, after: Json): boolean {
  const norm = (value: Json) =>
    JSON.stringify(
      listOf(value)
        .map((entry) => String(entry).toLowerCase())
        .sort(),
    );
  return norm(before) === norm(after);
}

/** The properties as they are, for a type whose reading needs nothing else. */
export const idOf = (props: Props, name: string): number => Number(props[name]);
