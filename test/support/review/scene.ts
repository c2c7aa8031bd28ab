import type { Lab } from "../lab";
import type { StackProject } from "../stackProject";
import type { Answer } from "./answers";

/** A deployed stack with clients who use it. */
export interface Scene {
  readonly lab: Lab;
  readonly project: StackProject;
  /** The stack's configuration as it is deployed first, keys without the project's prefix. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Kinds of writes that clients ask for at every door. */
  readonly kinds: readonly string[];
  /** The stack's nodes by its configuration; none where it has none. */
  nodes(config: Readonly<Record<string, unknown>>): readonly string[];
  /** Makes the stack ready for clients; again after nodes or data were made anew. */
  prepare(config: Readonly<Record<string, unknown>>): Promise<void>;
  /** Where clients ask. */
  doors(): readonly string[];
  start(): void;
  stop(): Promise<void>;
  /** All answers so far. */
  answers(): readonly Answer[];
  /** Acknowledged writes that are not there any more. */
  lost(): Promise<number>;
  /** Waits until the stack is as well as it can be. */
  whole(config: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The nodes that a configuration names. */
export const nodesOf = (config: Readonly<Record<string, unknown>>): readonly [string, string] =>
  (config["pair"] as { nodes: [string, string] }).nodes;
