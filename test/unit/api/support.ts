import type { AddressInfo } from "node:net";

import { createApi, Store, type ApiOptions, type ApiServer } from "../../../lab/api";
import { MemoryDisks, MemoryMachines, MemoryNetworks } from "../../support/memoryMachines";

export const TOKEN = "unit-test-token";

/** The fields that the tests read of some answer or other; each test knows which of them its answer has. */
export interface Reply {
  readonly id: number;
  readonly address: string;
  readonly alerts: Readonly<Record<string, number>>;
  readonly action: string;
  readonly data: readonly Reply[];
  readonly default_firewall_ids: { readonly linode: number | null };
  readonly devices: Readonly<
    Record<string, { readonly disk_id: number | null; readonly volume_id: number | null } | null>
  >;
  readonly entity: { readonly id: number; readonly label: string; readonly type: string; readonly url: string };
  readonly entities: readonly Reply[];
  readonly errors: readonly Refusal[];
  readonly interfaces: readonly Reply[];
  readonly ipv4: {
    readonly public: readonly Reply[];
    readonly private: readonly Reply[];
    readonly shared: readonly Reply[];
  };
  readonly ipv6: { readonly global: readonly Reply[]; readonly slaac: Reply };
  readonly label: string;
  readonly linode_id: number | null;
  readonly linodes: readonly number[];
  readonly members: readonly { readonly linode_id: number }[];
  readonly message: string;
  readonly name: string;
  readonly page: number;
  readonly pages: number;
  readonly percent_complete: number;
  readonly placement_group: Reply | null;
  readonly purpose: string;
  readonly range: string;
  readonly rdns: string;
  readonly results: number;
  readonly route_target: string | null;
  readonly secondary_entity: { readonly id: number; readonly type: string } | null;
  readonly seen: boolean;
  readonly size: number;
  readonly status: string;
  readonly tags: readonly string[];
  readonly token: string;
  readonly ttl_sec: number;
  readonly type: string;
  readonly username: string | null;
  readonly version: number;
  readonly watchdog_enabled: boolean;
  readonly zone_file: readonly string[];
}

export interface Refusal {
  readonly reason: string;
  readonly field?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Reply;
  readonly headers: Headers;
}

/** What a request may carry besides its method, path and body. */
export interface Extra {
  readonly filter?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An API over machines in memory, and short ways to talk to it. */
export class TestLab {
  readonly app: ApiServer;
  private url: Promise<string> | undefined;

  constructor(
    readonly store: Store = Store.inMemory(),
    readonly machines = new MemoryMachines(),
    readonly disks = new MemoryDisks(),
    readonly networks = new MemoryNetworks(),
    options: Partial<ApiOptions> = {},
  ) {
    this.app = createApi({
      store,
      machines,
      disks,
      networks,
      options: {
        tokens: [{ token: TOKEN, scopes: "*", username: "tester" }],
        delays: { scheduled: 2, work: 2, lassie: 2 },
        ...options,
      },
    });
  }

  static with(options: Partial<ApiOptions>): TestLab {
    return new TestLab(undefined, undefined, undefined, undefined, options);
  }

  /** Starts to listen, on a free port of the loopback. Returns the URL, without `/v4`. */
  listen(): Promise<string> {
    this.url ??= this.app
      .listen({ host: "127.0.0.1", port: 0 })
      .then(() => `http://127.0.0.1:${(this.app.server.address() as AddressInfo).port}`);
    return this.url;
  }

  /** One request; any answer is returned. */
  async ask(method: string, path: string, body?: unknown, extra: Extra = {}): Promise<Answer> {
    const { filter } = extra;
    const url = `${await this.listen()}${path.startsWith("/v4") ? path : `/v4${path}`}`;
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(filter === undefined ? {} : { "x-filter": typeof filter === "string" ? filter : JSON.stringify(filter) }),
        ...extra.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as Reply, headers: answer.headers };
  }

  /** One request that must be answered with 200. Returns the body. */
  async ok(method: string, path: string, body?: unknown, filter?: unknown): Promise<Reply> {
    const answer = await this.ask(method, path, body, { filter });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** One request that must be refused. Returns the status, and the first reason with its field. */
  async refused(method: string, path: string, body?: unknown, filter?: unknown): Promise<Refusal & { status: number }> {
    const answer = await this.ask(method, path, body, { filter });
    if (answer.status === 200) throw new Error(`${method} ${path} was not refused`);
    return { status: answer.status, ...answer.body.errors[0]! };
  }

  /** Waits until nothing is in progress. */
  idle(): Promise<void> {
    return this.app.lab.idle();
  }

  /** A Linode without disks, offline. */
  async linode(more: Record<string, unknown> = {}): Promise<Reply> {
    const linode = await this.ok("POST", "/linode/instances", { region: "us-east", type: "g6-standard-1", ...more });
    await this.idle();
    return linode;
  }

  /** A Linode with a root disk, a data disk and a config; running. */
  async running(more: Record<string, unknown> = {}): Promise<{ linode: Reply; disk: Reply; config: Reply }> {
    const linode = await this.linode(more);
    const path = `/linode/instances/${linode.id}`;
    const image = { label: "boot", size: 5000, image: "linode/debian13", root_pass: "correct horse battery" };
    const disk = await this.ok("POST", `${path}/disks`, image);
    await this.idle();
    const config = await this.ok("POST", `${path}/configs`, {
      label: "main",
      devices: { sda: { disk_id: disk.id } },
      kernel: "linode/grub2",
    });
    await this.ok("POST", `${path}/boot`, { config_id: config.id });
    await this.idle();
    return { linode, disk, config };
  }

  /** The newest event of an action. */
  async event(action: string, entity?: number): Promise<Reply | undefined> {
    const filter = { action, "+order_by": "created", "+order": "desc", ...(entity ? { "entity.id": entity } : {}) };
    return (await this.ok("GET", "/account/events", undefined, filter)).data[0];
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** Waits for a condition, at most two seconds. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + 2000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited two seconds for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
