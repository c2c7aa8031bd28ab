import type { RoleMeaning } from "./roleTypes";
import { ended, harmless, later, OWN_TOOLS, ownProgram, reloads, SETTLING, unseen } from "./roleWords";
import { unfelt, type Verdict } from "./types";

/** A service takes its settings in (`reload`), or goes on with the former ones until a person restarts it. */
export function service(name: string, onChange: "reload" | "restart"): RoleMeaning {
  const taken: Verdict =
    onChange === "reload"
      ? reloads(name)
      : {
          rank: 6,
          why: `${name} goes on with its former settings until a person restarts it, which interrupts it`,
          effect: "none",
          daemon: name,
          procedure: "restart-later",
        };
  const moved: Verdict = {
    rank: 4,
    why: `${name}'s data is wanted somewhere else: it starts there with what it finds, or not at all`,
    effect: "service-restart",
    daemon: name,
    procedure: "quiet-hour",
  };
  return {
    called: name,
    created: unfelt("installed on both nodes; the manager starts it"),
    removed: {
      ...ended(`${name} goes`, name),
      refused: "the node that runs it refuses: its manager has to stop it first",
    },
    unseen: unseen(name, 4),
    program: ownProgram(name, 4),
    secret: later("read when its data is made; a running server keeps the old one", name),
    files: [
      [/^\/etc\/systemd\/system\//, later("counts from its next start on", "systemd")],
      ...OWN_TOOLS,
      [/^\//, taken],
    ],
    variables: {
      ...SETTLING,
      ...Object.fromEntries(
        ["RESOURCE", "MINOR", "MOUNTPOINT", "FSTYPE", "UNIT", "SERVICE"].map((each) => [each, moved]),
      ),
      DATA_PATHS: ({ old = "", new: now = "" }) => {
        const after = now.split(" ");
        return old.split(" ").every((path) => after.includes(path))
          ? later("one more place for data; the step makes data once only, so that place is made by hand", name)
          : moved;
      },
      MOUNT_OPTIONS: later("counts from the next mount on"),
      OTHER_UNITS: later("what must not run beside it"),
      ON_CHANGE: harmless,
    },
  };
}

/** Something beside the services, that nobody outside the pair feels. */
export function beside(called: string, daemon: string): RoleMeaning {
  const taken = reloads(daemon);
  return {
    called,
    created: unfelt(`${called} is set up`),
    removed: reloads(daemon, `${called} goes`),
    unseen: unseen(daemon, 5),
    program: ownProgram(daemon, 5),
    files: [[/^\//, taken]],
    variables: { ...SETTLING, MODULES: taken, ROUND: harmless },
  };
}
