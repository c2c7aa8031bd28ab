/** The language in which a plugin describes its resource types: tables of fields, and the calls behind them. */
import { Json, Props } from "./wire";

/** What kind of value a property holds. A `set` is a list whose order means nothing. */
export type Kind = "string" | "int" | "number" | "bool" | "list" | "set" | "map" | "object" | "any";

/** One property of a resource, or one field inside a nested object. */
export interface Field {
  readonly kind: Kind;
  /** Of a list or set: what it holds. */
  readonly items?: Field;
  /** Of an object: its fields. */
  readonly fields?: Fields;
  /** The user must give it. */
  readonly required?: boolean;
  /** Only ever an output. */
  readonly output?: boolean;
  /** Filled in by the service when the user leaves it out; leaving it out later changes nothing. */
  readonly computed?: boolean;
  /** Always a secret in inputs and state. */
  readonly secret?: boolean;
  /** A change needs a new resource. */
  readonly replaces?: boolean;
  /** Taken when the user leaves it out. */
  readonly default?: Json;
  /** Of an output: not known during the preview of an update. */
  readonly volatile?: boolean;
  /** Allowed values. */
  readonly oneOf?: readonly (string | number)[];
  /** Least and greatest length of a string. */
  readonly length?: readonly [number, number];
  /** True when a difference between the two values means nothing. */
  readonly same?: (before: Json, after: Json, news: Props, olds: Props) => boolean;
}

/** Fields by property name. */
export type Fields = Readonly<Record<string, Field>>;

type Extra = Omit<Field, "kind" | "items" | "fields">;
const of =
  (kind: Kind) =>
  (extra: Extra = {}): Field => ({ kind, ...extra });

/** Builders that keep the tables short. */
export const t = {
  string: of("string"),
  int: of("int"),
  number: of("number"),
  bool: of("bool"),
  any: of("any"),
  map: of("map"),
  list: (items: Field, extra: Extra = {}): Field => ({ kind: "list", items, ...extra }),
  set: (items: Field, extra: Extra = {}): Field => ({ kind: "set", items, ...extra }),
  object: (fields: Fields, extra: Extra = {}): Field => ({ kind: "object", fields, ...extra }),
};

/** What a call may use while it works. */
export interface Context<C> {
  /** The provider's own state: its client, its settings. */
  readonly provider: C;
  /** The resource's unique name. */
  readonly urn: string;
  /** A line in the engine's output; `status` lines replace one another beside the resource. */
  log(severity: "debug" | "info" | "warning" | "error", message: string, status?: boolean): void;
  /** Ends when the operator cancels or the time is over. */
  readonly signal: AbortSignal;
  /** Seconds that the operation may take; `fallback` where the program sets no timeout. */
  timeout(fallback: number): number;
}

/** A change between state and inputs, as a call to `update` sees it. */
export interface Change {
  readonly id: string;
  readonly olds: Props;
  readonly news: Props;
  /** Whether a property differs. */
  readonly changed: (...names: string[]) => boolean;
}

/** One resource type. */
export interface ResourceType<C> {
  readonly token: string;
  readonly fields: Fields;
  /** Which value stands in the state where the service answers other than the program asked: its own or the program's. */
  readonly trust: "service" | "program";
  /** Whether defaults are written into the inputs (they then show in previews) or only into the state. */
  readonly defaultsIn: "inputs" | "state";
  /** Whether differences are told by path or, as some of the vendor's types do, by property name only. Default: by path. */
  readonly coarseDiff?: boolean;
  /** The state has no `id` property beside the resource's id. */
  readonly withoutId?: boolean;
  /** More rules than the table can say. Each text names the property and what to do. */
  check?(news: Props, olds: Props): { property: string; reason: string }[];
  /** Makes it. Throws {@link PartialFailure} when it exists but is not finished. */
  create(ctx: Context<C>, news: Props): Promise<{ id: string; state: Props }>;
  /** Looks at it; undefined when it is gone. */
  read?(ctx: Context<C>, id: string, state: Props): Promise<{ id: string; state: Props } | undefined>;
  /** Changes it in place. */
  update?(ctx: Context<C>, change: Change): Promise<Props>;
  /** Removes it; nothing happens when it is gone already. */
  remove(ctx: Context<C>, id: string, state: Props): Promise<void>;
  /** Takes an import id apart into the id and the properties that `read` needs. */
  parseImport?(id: string): { id: string; state: Props };
}

/** A function that a program can call. */
export interface FunctionType<C> {
  readonly token: string;
  readonly required: readonly string[];
  call(ctx: Pick<Context<C>, "provider" | "signal">, args: Props): Promise<Props>;
}

/** A whole plugin. */
export interface Plugin<C> {
  readonly name: string;
  readonly version: string;
  readonly resources: readonly ResourceType<C>[];
  readonly functions: readonly FunctionType<C>[];
  /** Names of provider settings that are secret. */
  readonly secretConfig: readonly string[];
  /** Turns the provider's settings into what the calls use. Throws with a text for the user. */
  configure(config: Record<string, string>, signal: AbortSignal): Promise<C>;
}

/** The resource exists, but the work on it did not finish: the engine keeps it and says why. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly state: Props,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.name = "PartialFailure";
  }
}
