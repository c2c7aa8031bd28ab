/** What passes over a lab's control socket. Requests are HTTP; an answer is one JSON document a line, the last of which decides. */

/** A Linode, as the operator sees it. */
export interface LinodeStatus {
  readonly id: number;
  readonly label: string;
  readonly status: string;
  readonly region: string;
  readonly ipv4: readonly string[];
  readonly ipv6: string;
}

/** A fault at work. */
export interface ActiveFault {
  readonly fault: string;
  readonly text: string;
}

/** `GET /status` */
export interface LabStatus {
  readonly linodes: readonly LinodeStatus[];
  readonly faults: readonly ActiveFault[];
  readonly images: readonly string[];
  /** Resident memory of the daemon, API included. */
  readonly memoryMiB: number;
  readonly uptimeSeconds: number;
}

/** `GET /linodes/<label>` */
export interface LinodeAccess {
  readonly id: number;
  readonly label: string;
  readonly status: string;
  readonly address: string;
  readonly console: string;
  /** The known_hosts file that holds its keys under this alias; absent while the guest has not told them. */
  readonly hostKeyAlias?: string;
}

/** `POST /faults/<name>` */
export interface FaultCall {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean>>;
}

/** One line of an answer. */
export type ControlLine<T> =
  | { readonly progress: string }
  | { readonly result: T }
  | { readonly error: { readonly message: string; readonly hint?: string } };

/** What `up` tells a new daemon; the listening socket comes along. */
export interface StartMessage {
  readonly kind: "start";
}

/** What a new daemon tells `up`. */
export type DaemonMessage =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string; readonly hint?: string };
