import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Server } from "node:net";
import type { DaemonMessage, StartMessage } from "../daemon/protocol";
import { LabError } from "../machines/errors";
import type { LabPaths } from "../paths";
import { daemonProgram } from "./installation";
import { inLab } from "./passThrough";

const READY_MS = 120_000;

/** Where the daemon finds its lab; nothing else of our environment is its business. */
const ENVIRONMENT = [
  "PATH",
  "HOME",
  "LANG",
  "TZ",
  "LINODE_LAB_STATE",
  "XDG_STATE_HOME",
  "SUDO_UID",
  "SUDO_GID",
  "TMPDIR",
];

/** Starts a lab's daemon in the lab's network, gives it the socket that listens outside, and waits until it is ready. */
export async function startDaemon(paths: LabPaths, outside: Server): Promise<void> {
  const log = openSync(paths.log, "a", 0o600);
  const [command = "", ...args] = inLab(paths.namespace, [process.execPath, daemonProgram()]);
  const env = Object.fromEntries(
    ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn(command, args, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    env: { ...env, LINODE_LAB: paths.name },
  });
  closeSync(log);
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (reason: string): void =>
        reject(new LabError(reason, { hint: `What it said is in ${paths.log}.` }));
      const timer = setTimeout(() => failed(`The lab's daemon was not ready within ${READY_MS / 1000} s.`), READY_MS);
      timer.unref();
      child.once("error", (error) => failed(`The lab's daemon could not be started: ${error.message}.`));
      child.once("exit", (code, signal) =>
        failed(`The lab's daemon ended at once (${signal ?? `exit code ${code}`}).`),
      );
      child.on("message", (message: DaemonMessage) => {
        if (message.kind === "ready") resolve();
        if (message.kind === "failed") failed(message.message);
      });
      const start: StartMessage = { kind: "start" };
      child.send(start, outside, {}, (error) => {
        if (error !== null) failed(`The lab's daemon took no orders: ${error.message}.`);
      });
    });
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}
