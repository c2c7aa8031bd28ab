/**
 * The process behind a lab: API, metadata service, hosts and network. `linode-lab up` starts it inside the lab's network namespace and
 * hands it a socket that listens outside, on the machine's loopback: so the API has the same address on both sides.
 */
import { createServer, type Server } from "node:http";
import type { Server as NetServer } from "node:net";
import { serveControl } from "./daemon/controlServer";
import { createLog } from "./daemon/log";
import { operationsOf } from "./daemon/operations";
import type { DaemonMessage, StartMessage } from "./daemon/protocol";
import { readRecord, writeRecord } from "./daemon/record";
import { startRegion, type Region } from "./daemon/region";
import { LabError } from "./machines/errors";
import { startTimeOf } from "./machines/process";
import { API_FOR_NODES } from "./network/ruleset";
import { labName, labPaths } from "./paths";

const CLOSE_MS = 90_000;

function tell(message: DaemonMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) {
      resolve();
      return;
    }
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

/** One more door to the same API. */
function door(region: Region): Server {
  const server = createServer((request, response) => region.api.routing(request, response));
  // Clients keep connections for their next request; a server that ends them first makes that request fail.
  server.keepAliveTimeout = 72_000;
  return server;
}

async function listen(server: Server, where: NetServer | { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, resolve);
  });
}

async function start(outside: NetServer): Promise<void> {
  const paths = labPaths(labName(undefined));
  const log = createLog(paths.log);
  const record = readRecord(paths);
  if (record === undefined) throw new LabError(`There is nothing to start: ${paths.daemonFile} is missing or damaged.`);
  writeRecord(paths, { ...record, process: { pid: process.pid, startTime: startTimeOf(process.pid) ?? "" } });
  log(`starts (process ${process.pid}, port ${record.port})`);
  const region = await startRegion(paths, record, log);
  const doors = [door(region), door(region), door(region)];
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= (async () => {
      log("ends");
      // Nothing may keep it: what is not done by then is taken up by the next daemon.
      setTimeout(() => process.exit(1), CLOSE_MS).unref();
      for (const server of doors) {
        server.close();
        server.closeIdleConnections();
      }
      await region.close();
      for (const server of doors) server.closeAllConnections();
      // The answer to whoever asked for this goes out first.
      setTimeout(() => process.exit(0), 50);
    })();
    return ending;
  };
  const operations = operationsOf(paths, record, region, end);
  await operations.faults.takeUp();
  const [inner, outer, guests] = doors as [Server, Server, Server];
  await listen(outer, outside);
  await listen(inner, { host: "127.0.0.1", port: record.port });
  await listen(guests, { host: API_FOR_NODES.address, port: API_FOR_NODES.port });
  await serveControl(paths.controlSocket, operations.routes, operations.tunnel);
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
  log("ready");
  await tell({ kind: "ready" });
  if (process.connected) process.disconnect();
}

function fail(error: unknown): void {
  const text =
    error instanceof LabError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  // Standard error is the end of the log.
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  const message = error instanceof Error ? error.message : String(error);
  void tell({ kind: "failed", message }).then(() => process.exit(1));
}

process.on("unhandledRejection", fail);
process.on("uncaughtException", fail);
// Whoever started it may be gone before it is ready; it goes on all the same.
process.on("disconnect", () => undefined);
process.once("message", (_message: StartMessage, handle) => {
  start(handle as NetServer).catch(fail);
});
