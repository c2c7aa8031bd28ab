import type { Visitors } from "../failover/visitor";
import type { Lab } from "../lab";
import type { StackProject } from "../stackProject";
import { answersOf, type Answer } from "./answers";
import { nodesOf, type Scene } from "./scene";

/** What the pairs of the failover tests have in common. */
export interface VisitedPair {
  readonly lab: Lab;
  readonly project: StackProject;
  readonly visitors: Visitors;
}

const DOOR = "site";

/** A pair on one node of which the service runs, and clients of its one address. */
export class FailoverScene implements Scene {
  readonly kinds = ["db", "file"] as const;
  readonly lab: Lab;
  readonly project: StackProject;

  constructor(
    private readonly pair: VisitedPair,
    readonly config: Readonly<Record<string, unknown>>,
    private readonly does: {
      /** Puts the visitors' page where the service runs. */
      readonly prepare: () => Promise<void>;
      readonly whole: (config: Readonly<Record<string, unknown>>) => Promise<void>;
    },
  ) {
    this.lab = pair.lab;
    this.project = pair.project;
  }

  nodes(config: Readonly<Record<string, unknown>>): readonly [string, string] {
    return nodesOf(config);
  }

  prepare(): Promise<void> {
    return this.does.prepare();
  }

  doors(): readonly string[] {
    return [DOOR];
  }

  start(): void {
    this.pair.visitors.start(500);
  }

  stop(): Promise<void> {
    return this.pair.visitors.stop();
  }

  answers(): readonly Answer[] {
    return answersOf(DOOR, this.pair.visitors.attempts);
  }

  async lost(): Promise<number> {
    const { visitors } = this.pair;
    return (await visitors.lost("db")).length + (await visitors.lost("file")).length;
  }

  whole(config: Readonly<Record<string, unknown>>): Promise<void> {
    return this.does.whole(config);
  }
}
