import type { LabNode } from "../../api";
import type { Region } from "../region";
import type { FaultCall } from "../protocol";

/** An option of a fault on the command line. */
export interface FaultOption {
  /** As commander wants it: `--rate <share>`. */
  readonly flags: string;
  readonly help: string;
}

/** What a fault may use. */
export interface FaultContext {
  readonly region: Region;
  /** The Linode with this label (or id), or an error that names those there are. */
  readonly node: (label: string | undefined) => LabNode;
  /** Whether a Linode's CPUs stand still. */
  readonly isFrozen: (id: number) => boolean;
}

/**
 * A fault on demand. One file a fault: how it is called, what it does, and how it is seen and undone. The command builds its
 * options from this, the daemon runs it.
 */
export interface Fault {
  /** As commander wants it: `power-cut <node>`. The first word is its name. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly FaultOption[];
  /** Makes it happen and says what happened. */
  run(context: FaultContext, call: FaultCall): Promise<string>;
  /** The faults of this kind that are at work now, each in words. */
  active?(context: FaultContext): readonly string[];
  /** What must be said again to a new daemon so that the fault stays at work; undefined: the call ended it, or nothing needs to be. */
  readonly lasting?: (call: FaultCall) => "keep" | "forget" | undefined;
}
