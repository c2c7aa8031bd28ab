import { readFileSync } from "node:fs";

/** When a person interrupts a build, the programs that it started end too: each is in a process group of its own. */
export function endChildrenWithUs(): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => {
      for (const pid of childrenOf(process.pid)) {
        try {
          process.kill(-pid, "SIGTERM");
        } catch {
          // It is in our own group, or has just ended.
        }
      }
      process.stderr.write("interrupted; run the same command again to go on\n");
      process.exit(code);
    });
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
