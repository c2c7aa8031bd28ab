import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { readRecord } from "../../lab/daemon/record";
import { labPaths } from "../../lab/paths";
import type { ApiClient, Entity } from "../apiClient";
import { REGION } from "../names";
import { quantile, type Measure } from "../row";

const RATE = 50;
const WARM_UP_SECONDS = 5;
const SECONDS = 30;
const MOST_P99_MS = 20;
const MOST_MIB = 200;
const LINODES = 10;
const DOMAINS = 10;

/** One kind of request, as pollers, lists and updates of real clients make them. */
interface Shot {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly filter?: unknown;
}

/** Latency of the lab's API under a steady stream of requests on loopback, and the memory of its process. */
export const api: Measure = {
  name: "api",
  run: async (bench) => {
    const client = await bench.api();
    const shots = await populate(client);
    bench.say(`${RATE} requests a second for ${SECONDS} s`);
    await stream(client, shots, WARM_UP_SECONDS);
    const latencies = await stream(client, shots, SECONDS);
    const memory = daemonMemory(bench.lab.name);
    await client.clear();
    const at = (share: number): string => `${quantile(latencies, share).toFixed(1)} ms`;
    const writes = shots.filter(({ method }) => method !== "GET").length;
    return [
      {
        what: `API latency at ${RATE} requests/s on loopback`,
        target: `p99 under ${MOST_P99_MS} ms`,
        measured: `p99 ${at(0.99)}`,
        met: quantile(latencies, 0.99) < MOST_P99_MS,
        notes: [
          `${latencies.length} requests, ${writes} of ${shots.length} kinds write; p50 ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`,
          "each counted from the moment it was due, so a stall counts for all that had to wait",
        ],
      },
      {
        what: "memory of the API process",
        target: `under ${MOST_MIB} MiB`,
        measured: `${memory.now.toFixed(0)} MiB, peak ${memory.peak.toFixed(0)} MiB`,
        met: memory.peak < MOST_MIB,
        notes: [
          "resident, right after the requests above; the process also holds the metadata service and the hosts' watch",
        ],
      },
    ];
  },
};

/** Something for the lists to show; no guest is booted. Returns what is asked, by turns. */
async function populate(client: ApiClient): Promise<readonly Shot[]> {
  const linodes = await Promise.all(
    Array.from({ length: LINODES }, (_, index) =>
      client.ask("POST", "linode/instances", {
        label: `load-${index}`,
        region: REGION,
        type: "g6-nanode-1",
        booted: false,
      }),
    ),
  );
  const domains: Entity[] = [];
  for (let index = 0; index < DOMAINS; index += 1) {
    const domain = `load${index}.example.org`;
    domains.push(await client.ask("POST", "domains", { domain, type: "master", soa_email: "root@example.org" }));
    const record = { type: "A", name: "www", target: "198.51.100.200" };
    await client.ask("POST", `domains/${domains[index]!.id}/records`, record);
  }
  for (const { id } of linodes) {
    await client.untilStatus(`linode/instances/${id}`, "offline");
  }
  const linode = `linode/instances/${linodes[0]!.id}`;
  const domain = `domains/${domains[0]!.id}`;
  const filter = { "+order_by": "created", "+order": "desc", "entity.id": linodes[0]!.id, "entity.type": "linode" };
  return [
    { method: "GET", path: "linode/instances?page_size=100" },
    { method: "GET", path: linode },
    { method: "GET", path: "account/events?page_size=25", filter },
    { method: "GET", path: `${linode}/disks` },
    { method: "GET", path: `${linode}/configs` },
    { method: "PUT", path: linode, body: { tags: ["load"] } },
    { method: "GET", path: "domains?page_size=100" },
    { method: "GET", path: `${domain}/records` },
    { method: "GET", path: "networking/firewalls" },
    { method: "PUT", path: domain, body: { ttl_sec: 300 } },
  ];
}

/** Sends at the rate whether or not answers come. Returns every request's milliseconds from the moment it was due. */
async function stream(client: ApiClient, shots: readonly Shot[], seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const start = performance.now();
  const answers: Promise<number>[] = [];
  try {
    for (let index = 0; index < RATE * seconds; index += 1) {
      const due = start + (index * 1000) / RATE;
      const early = due - performance.now();
      if (early > 0) {
        await new Promise((resolve) => setTimeout(resolve, early));
      }
      const answer = fire(client, agent, shots[index % shots.length]!).then(() => performance.now() - due);
      // Awaited below; until then a failure must not end the process.
      answer.catch(() => undefined);
      answers.push(answer);
    }
    return await Promise.all(answers);
  } finally {
    agent.destroy();
  }
}

function fire(client: ApiClient, agent: Agent, { method, path, body, filter }: Shot): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${client.token}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(filter === undefined ? {} : { "X-Filter": JSON.stringify(filter) }),
    };
    const sent = request(`${client.url}/v4/${path}`, { method, agent, headers, timeout: 30_000 }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) {
          resolve();
        } else {
          reject(new Error(`${method} ${path} was answered with ${response.statusCode ?? "nothing"}`));
        }
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function daemonMemory(lab: string): { readonly now: number; readonly peak: number } {
  const pid = readRecord(labPaths(lab))?.process?.pid;
  if (pid === undefined) {
    throw new Error(`lab ${lab} has no daemon`);
  }
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { now: mib("VmRSS"), peak: mib("VmHWM") };
}
