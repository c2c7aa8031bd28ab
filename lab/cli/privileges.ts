import { spawn, spawnSync } from "node:child_process";
import { LabError } from "../machines/errors";

/** What sudo must not replace: where this user's programs, labs and caches are, and who the user is. */
const KEPT = ["PATH", "HOME", "USER", "LOGNAME", "SHELL"] as const;

/** The command line that does the same as root, with the user's environment. Nothing secret is in it. Pure. */
export function sudoCommand(argv: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  const kept = KEPT.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]));
  return ["sudo", "-E", "--", "env", ...kept, ...argv];
}

/**
 * Goes on as root: returns when this process is root; otherwise runs the same command with sudo and ends with its exit code. Network
 * namespaces and the sockets in the lab's folders are root's.
 */
export function becomeRoot(
  argv: readonly string[] = [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
): void {
  if (process.getuid?.() === 0) return;
  const [sudo = "sudo", ...args] = sudoCommand(argv, process.env);
  const { status, signal, error } = spawnSync(sudo, args, { stdio: "inherit" });
  if (error !== undefined) {
    throw new LabError("The local Linode needs root, and sudo could not be started.", {
      detail: error.message,
      hint: "Install sudo, or run the same command as root.",
    });
  }
  process.exit(status ?? (signal === null ? 1 : 128));
}

/** The part of `up` that needs root, with sudo. It says itself what it does, and how it ended. */
export function sudoUp(lab: string): Promise<undefined> {
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1), "--only", "platform"];
  const [sudo = "sudo", ...args] = sudoCommand(argv, process.env);
  return new Promise((resolve, reject) => {
    const child = spawn(sudo, args, { stdio: "inherit" });
    child.on("error", (error) =>
      reject(
        new LabError("The local Linode needs root, and sudo could not be started.", {
          detail: error.message,
          hint: "Install sudo, or run the same command as root.",
        }),
      ),
    );
    child.on("exit", (code) => {
      if (code === 0) resolve(undefined);
      else reject(new LabError(`The lab "${lab}" could not be started: see above.`));
    });
  });
}

/** A command as the user behind sudo runs it: programs inside the lab's network need no more rights than outside. Pure. */
export function asUser(command: readonly string[], env: NodeJS.ProcessEnv, uid: number | undefined): readonly string[] {
  const { SUDO_UID, SUDO_GID } = env;
  if (uid !== 0 || !Number(SUDO_UID) || SUDO_GID === undefined) return command;
  return ["setpriv", `--reuid=${SUDO_UID}`, `--regid=${SUDO_GID}`, "--init-groups", "--", ...command];
}
