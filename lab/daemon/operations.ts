import { connect, type Socket } from "node:net";
import { LabError } from "../machines/errors";
import type { UmlMachines } from "../machines/umlMachines";
import { OUT_OF_BAND } from "../network/namespace";
import type { LabPaths } from "../paths";
import type { ControlRoutes, Tunnel } from "./controlServer";
import { FaultBook, nodeNamed } from "./faultBook";
import { HostKeys } from "./hostKeys";
import type { FaultCall, LabStatus, LinodeAccess } from "./protocol";
import type { LabRecord } from "./record";
import type { Region } from "./region";

const CONNECT_MS = 10_000;
/** How long a guest may take to shut down when the lab goes down. */
export const SHUTDOWN_SECONDS = 45;

/** What the daemon does for the command, route by route. */
export interface Operations {
  readonly routes: ControlRoutes;
  readonly tunnel: Tunnel;
  readonly faults: FaultBook;
}

/** @param end ends the daemon once the answer is out. */
export function operationsOf(paths: LabPaths, record: LabRecord, region: Region, end: () => Promise<void>): Operations {
  const faults = new FaultBook(paths, region);
  const hostKeys = new HostKeys(paths);
  const status = (): LabStatus => ({
    linodes: region.api.lab.nodes().map((node) => ({
      id: node.id,
      label: node.label,
      status: node.status,
      region: node.region,
      ipv4: [...node.publicIpv4s, ...(node.privateIpv4 === undefined ? [] : [node.privateIpv4])],
      ipv6: node.ipv6,
    })),
    faults: faults.active(),
    images: Object.keys(record.images).sort(),
    memoryMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    uptimeSeconds: Math.round(process.uptime()),
  });
  const access = (label: string | undefined): LinodeAccess => {
    const node = nodeNamed(region, label);
    const console = region.machines.consoleLog(node.id);
    const all = region.api.lab.nodes().map(({ id }) => id);
    // Before its kernel runs, its console still tells of the start before.
    const hostKeyAlias = node.status === "running" ? hostKeys.alias(node.id, console, all) : undefined;
    return {
      id: node.id,
      label: node.label,
      status: node.status,
      address: node.publicIpv4 ?? node.ipv6,
      console,
      hostKeyAlias,
    };
  };
  return {
    faults,
    routes: {
      "GET /status": async () => status(),
      "GET /linodes/:": async ({ params }) => access(params[0]),
      "POST /faults/:": async ({ params, body }) => faults.run(params[0] ?? "", callOf(body)),
      // The hosts run on, and the next daemon finds them.
      "POST /restart": async () => end(),
      "POST /down": async ({ progress }) => {
        // The API first: whoever asks it to boot something now gets no answer instead of a host that is forgotten.
        await region.api.close();
        await stopAll(region.machines, progress);
        await end();
      },
    },
    tunnel: (label, port) => openTunnel(nodeNamed(region, label).publicIpv4 ?? nodeNamed(region, label).ipv6, port),
  };
}

/** Shuts all guests down together, and cuts the power of those that take too long. */
export async function stopAll(machines: UmlMachines, progress: (line: string) => void): Promise<void> {
  const running = (await machines.adopt()).filter((id) => machines.isRunning(id));
  if (running.length === 0) return;
  progress(`shutting down ${running.length} Linode${running.length === 1 ? "" : "s"} (at most ${SHUTDOWN_SECONDS} s)`);
  await Promise.all(
    running.map(async (id) => {
      // A frozen one could not hear it.
      await machines.thaw(id);
      await machines.stop(id, SHUTDOWN_SECONDS);
    }),
  );
}

function callOf(body: unknown): FaultCall {
  const { args = [], options = {} } = (body ?? {}) as Partial<FaultCall>;
  return { args, options };
}

function openTunnel(address: string, port: number): Promise<Socket> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new LabError(`${port} is not a port.`);
  const own = address.includes(":") ? OUT_OF_BAND.ipv6 : OUT_OF_BAND.ipv4;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, localAddress: own });
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(new LabError(`${address}:${port} cannot be reached: ${error.message}`));
    });
  });
}
