import { type Detection, type ManagerTimings, managerTimings } from "../../hosts/managerTimings";
import type { NodePair } from "../haNode";
import { UserError } from "../internal/errors";
import { Findings } from "../internal/rules";
import type { PlannedGroup, ServiceGroup } from "../serviceGroup";
import { checkFencing, type ManagerFencing } from "./fencing";
import { NAME } from "./memberChecks";
import { claimManager } from "./oneManager";
import { planGroups } from "./planGroups";

/** What every manager is told. */
export interface ManagerArgs {
  readonly nodes: NodePair;
  /** What runs where. Their order tells how much they matter: the first most. */
  readonly groups: readonly ServiceGroup[];
  /** The systemd services that the nodes will have by then; others are refused before anything changes. Default: checked on the hosts. */
  readonly knownServices?: readonly string[];
}

/** What automatic managers are told beside. */
export interface AutomaticArgs extends ManagerArgs {
  readonly fencing: ManagerFencing;
  /** How soon a dead node is noticed. Default: the longest of the groups' volumes, else 3 s. All other times follow from it. */
  readonly detection?: Pick<Detection, "seconds" | "heartbeat">;
}

/** A manager's arguments with every default filled in. */
export interface ManagerPlan {
  readonly groups: readonly PlannedGroup[];
  readonly timings: ManagerTimings;
}

/**
 * Checks a manager's arguments and fills in the defaults.
 *
 * @param kind the component, as a reader knows it
 * @param more further checks, which may read the groups with their defaults
 * @throws UserError with every problem at once.
 */
export function planManager(
  kind: string,
  name: string,
  args: ManagerArgs & Partial<AutomaticArgs>,
  more: (groups: readonly PlannedGroup[], found: Findings) => void = () => undefined,
): ManagerPlan {
  const found = new Findings();
  const owner = `${kind} "${name}"`;
  found.require(NAME.test(name), {
    path: "name",
    given: name,
    what: "is not a name for a manager",
    allowed: 'up to 32 of a-z, 0-9 and "-", starting with a letter',
    todo: 'choose a short one such as "cluster"',
  });
  const groups = planGroups(args.groups, args, found);
  const fencingSeconds = args.fencing === undefined ? 0 : checkFencing(args.fencing, args.nodes, found);
  const seconds = checkDetection(args, groups, found);
  more(groups, found);
  // Last, so that a report about other things does not also say that its own earlier attempt is in the way.
  if (found.problems.length === 0) {
    claimManager(args.nodes, owner, found);
  }
  let timings: ManagerTimings | undefined;
  try {
    timings = managerTimings({ seconds, fencingSeconds, heartbeat: args.detection?.heartbeat });
  } catch (error) {
    found.require(false, {
      path: "detection.heartbeat",
      given: args.detection?.heartbeat,
      what: error instanceof Error ? error.message : String(error),
      todo: "leave it out: the times follow from detection.seconds",
    });
  }
  if (found.problems.length > 0 || timings === undefined) {
    throw new UserError(`${owner} cannot be built:`, found.problems);
  }
  return { groups, timings };
}

/** Returns the seconds; a good number even where what was given is not, so that the other checks can go on. */
function checkDetection(
  args: ManagerArgs & Partial<AutomaticArgs>,
  groups: readonly PlannedGroup[],
  found: Findings,
): number {
  const volumes = groups.flatMap(({ runs }) => runs.flatMap((run) => (run.kind === "drbd" ? [run.volume] : [])));
  const slowest = Math.max(0, ...volumes.map((volume) => volume.detectionSeconds ?? 0));
  const seconds = args.detection?.seconds ?? (slowest === 0 ? 3 : slowest);
  const good = Number.isFinite(seconds) && seconds >= 2 && seconds <= 30;
  found.require(good, {
    path: "detection.seconds",
    given: seconds,
    what: "is out of range",
    allowed: "2 to 30",
    todo: "leave it out",
  });
  found.require(!good || slowest <= seconds, {
    path: "detection.seconds",
    given: seconds,
    what: `a volume of these groups notices a dead peer only after ${slowest} s, and could not be promoted before`,
    allowed: `${slowest} to 30`,
    todo: "give manager and volumes the same detection",
  });
  return good ? seconds : 3;
}
