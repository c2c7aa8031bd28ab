import { readHostText, type HostText } from "../hostText";

/** A preview, whichever of the engine's two formats it came in. */

/** A resource before or after a step; only what is read. */
export interface State {
  readonly type: string;
  readonly urn: string;
  readonly custom: boolean;
  readonly id?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deletedWith?: string;
  /** Of one of the product's steps on a host: its text, taken apart. The input `create` is then only its name. */
  readonly host?: HostText;
}

/** What is done to one resource. */
export type Operation = "same" | "create" | "update" | "delete" | "replace" | "read" | "import" | "forget" | "unknown";

/** One resource of the plan and what happens to it. */
export interface Step {
  readonly op: Operation;
  /** As the engine calls it, where that says more. */
  readonly engineOp: string;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly old?: State;
  readonly new?: State;
  /** Properties that the provider says are different, by their top names; undefined where it says nothing. */
  readonly diffs: readonly string[];
  /** Those of them that need a new resource. */
  readonly replaces: readonly string[];
}

/** Everything a preview says that matters to a review. */
export interface Plan {
  readonly format: "digest" | "events";
  readonly steps: readonly Step[];
  /** The system that the configuration names, if it is one of this product. */
  readonly system?: string;
  /** Why the preview cannot be taken as the whole plan; empty when it can. */
  readonly gaps: readonly string[];
  readonly warnings: number;
  /** For whoever ran the preview, never for a review's output: a program's error may quote a secret. */
  readonly errors: readonly string[];
}

/** The preview cannot be read. The message says what it is instead, `todo` what to give. */
export class PreviewError extends Error {
  constructor(
    message: string,
    readonly todo: string,
  ) {
    super(message);
    this.name = "PreviewError";
  }
}

/** The name at a URN's end. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** The type that a URN names, without those of its parents. */
export function typeOf(urn: string): string {
  const types = urn.split("::")[2] ?? "";
  return types.slice(types.lastIndexOf("$") + 1);
}

/** The types from the outermost parent on. */
export function typesOf(urn: string): readonly string[] {
  return (urn.split("::")[2] ?? "").split("$");
}

/** The text of a step on a host, or undefined where it is none of the product's or not known yet. */
export function hostTextOf(state: State | undefined): HostText | undefined {
  return state?.host ?? readHostText(state?.inputs["create"]);
}
