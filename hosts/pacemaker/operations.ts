import { xml, type XmlElement } from "./xml";

/** An operation of a resource; times in seconds. */
export interface Operation {
  readonly name: string;
  /** Default 0: not repeated. */
  readonly interval?: number;
  readonly timeout: number;
  readonly role?: "Promoted" | "Unpromoted";
  readonly onFail?: "ignore";
}

/** A resource's operations, each with an id that follows from the resource's. */
export function operations(id: string, list: readonly Operation[]): XmlElement {
  return xml(
    "operations",
    {},
    list.map(({ name, interval = 0, timeout, role, onFail }) =>
      xml("op", {
        id: [id, name, ...(role === undefined ? [] : [role.toLowerCase()])].join("-"),
        name,
        interval: `${interval}s`,
        timeout: `${timeout}s`,
        ...(role === undefined ? {} : { role }),
        ...(onFail === undefined ? {} : { "on-fail": onFail }),
      }),
    ),
  );
}
