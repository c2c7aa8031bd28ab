import { spawn } from "node:child_process";
import { constants } from "node:os";
import { LabError } from "../machines/errors";

const SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** The exit code that a shell gives to a program's end. */
export const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

/** Runs a command in our place: its input, output, signals and exit code are ours. */
export function passThrough(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "inherit", env });
    // From a terminal the child gets ^C itself; what is sent to us alone is passed on.
    const pass = (signal: NodeJS.Signals): void => {
      if (!(process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT"))) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, pass);
    child.on("error", (cause) => {
      reject(
        new LabError(`${file} could not be started.`, {
          detail: cause.message,
          hint: `Is ${file} installed and in PATH?`,
          cause,
        }),
      );
    });
    child.on("exit", (code, signal) => {
      for (const each of SIGNALS) process.off(each, pass);
      resolve(exitCodeOf(code, signal));
    });
  });
}

/** A command inside a lab's network. */
export const inLab = (namespace: string, command: readonly string[]): readonly string[] => [
  "nsenter",
  `--net=/run/netns/${namespace}`,
  "--",
  ...command,
];

/** The command after `--`, which is no part of it. */
export const afterDashes = (given: readonly string[]): readonly string[] =>
  given[0] === "--" ? given.slice(1) : given;
