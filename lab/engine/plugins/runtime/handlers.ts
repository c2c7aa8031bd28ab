/**
 * The provider protocol over one plugin's tables, on plain objects: `server.ts` carries it over gRPC. Kept apart so that
 * tests call it without a socket.
 */
import {
  check,
  Difference,
  diff,
  Failure,
  fillDefaults,
  inputsFromState,
  markSecrets,
  mergeState,
  previewState,
} from "./model";
import { Context, PartialFailure, Plugin, ResourceType } from "./table";
import { Json, plainProps, Props, secret, secretKeys, UNKNOWN } from "./wire";

/** Where log lines go. */
export type Log = (severity: string, message: string, urn: string, status: boolean) => void;

/** One call about one resource. */
export interface Request {
  readonly urn: string;
  readonly id?: string;
  readonly olds?: Props;
  readonly news?: Props;
  readonly oldInputs?: Props;
  readonly ignoreChanges?: readonly string[];
  readonly preview?: boolean;
  /** Seconds; 0 when the program set none. */
  readonly timeout?: number;
}

/** Work that began and must be kept although it failed. Its properties are ready for the wire. */
export class InitFailed extends Error {
  constructor(
    readonly id: string,
    readonly properties: Props,
    readonly inputs: Props,
    readonly reasons: string[],
  ) {
    super(reasons.join("; "));
  }
}

/** The resource type that a URN names, without the types of its parents. */
export function tokenOf(urn: string): string {
  const type = urn.split("::")[2] ?? "";
  return type.slice(type.lastIndexOf("$") + 1);
}

/** A plugin ready to answer calls. */
export class Handlers<C> {
  private provider: C | undefined;
  private readonly cancelled = new AbortController();

  constructor(
    readonly plugin: Plugin<C>,
    private readonly log: Log,
  ) {}

  /** Ends whatever waits. */
  cancel(): void {
    this.cancelled.abort(new Error("cancelled"));
  }

  /** Provider settings with the secret ones marked. */
  checkConfig(news: Props): Props {
    const names = this.plugin.secretConfig;
    return Object.fromEntries(
      Object.entries(news).map(([key, value]) => [key, names.includes(key) && value ? secret(value) : value]),
    );
  }

  async configure(args: Props): Promise<void> {
    const config: Record<string, string> = {};
    for (const [key, value] of Object.entries(plainProps(args))) {
      if (value === null || value === undefined || value === UNKNOWN || key === "version") continue;
      config[key] = typeof value === "string" ? value : JSON.stringify(value);
    }
    this.provider = await this.plugin.configure(config, this.cancelled.signal);
  }

  check(request: Request): { inputs: Props; failures: Failure[] } {
    const type = this.typeOf(request.urn);
    const wire = request.news ?? {};
    const { inputs, failures } = check(type, plainProps(request.olds ?? {}), plainProps(wire));
    return { inputs: markSecrets(type, inputs, secretKeys(wire)), failures };
  }

  diff(request: Request): { differences: Difference[]; replaces: string[]; coarse: string[] | undefined } {
    const type = this.typeOf(request.urn);
    const oldInputs = request.oldInputs && plainProps(request.oldInputs);
    const ignored = request.ignoreChanges ?? [];
    const differences = diff(type, plainProps(request.olds ?? {}), plainProps(request.news ?? {}), oldInputs).filter(
      (difference) => !ignored.some((path) => difference.path === path || /^[.[]/.test(rest(difference.path, path))),
    );
    const replaces = new Set(differences.filter((entry) => entry.replaces).map((entry) => topLevel(entry.path)));
    const names = [...new Set(differences.map((entry) => topLevel(entry.path)))];
    const moving = Object.keys(type.fields).filter((key) => type.fields[key]?.volatile);
    const coarse = type.coarseDiff ? [...names, ...(names.length > 0 ? moving : [])] : undefined;
    return { differences, replaces: [...replaces], coarse };
  }

  async create(request: Request): Promise<{ id: string; properties: Props }> {
    const type = this.typeOf(request.urn);
    const wire = request.news ?? {};
    const news = plainProps(wire);
    const hidden = secretKeys(wire);
    if (request.preview) return { id: "", properties: markSecrets(type, previewState(type, news), hidden) };
    try {
      const made = await type.create(this.context(request), fillDefaults(type.fields, { ...news }));
      return {
        id: made.id,
        properties: withId(type, made.id, markSecrets(type, mergeState(type, news, made.state), hidden)),
      };
    } catch (cause) {
      throw this.initFailed(type, cause, news, wire);
    }
  }

  async read(request: Request): Promise<{ id: string; properties: Props; inputs: Props }> {
    const type = this.typeOf(request.urn);
    const wire = request.olds ?? {};
    const importing = Object.keys(wire).length === 0;
    let id = request.id ?? "";
    let olds = plainProps(wire);
    if (importing && type.parseImport) ({ id, state: olds } = type.parseImport(id));
    const hidden = secretKeys(wire, request.oldInputs ?? {});
    const oldInputs = importing || !request.oldInputs ? undefined : plainProps(request.oldInputs);
    if (!type.read) return { id, properties: wire, inputs: request.oldInputs ?? {} };
    const found = await type.read(this.context(request), id, olds);
    if (!found) return { id: "", properties: {}, inputs: {} };
    const state: Props = { ...olds, ...found.state };
    return {
      id: found.id,
      properties: withId(type, found.id, markSecrets(type, state, hidden)),
      inputs: markSecrets(type, inputsFromState(type, state, oldInputs), hidden),
    };
  }

  async update(request: Request): Promise<Props> {
    const type = this.typeOf(request.urn);
    const wire = request.news ?? {};
    const [news, olds] = [plainProps(wire), plainProps(request.olds ?? {})];
    const hidden = secretKeys(wire);
    if (request.preview) return markSecrets(type, previewState(type, news, olds), hidden);
    if (!type.update) throw new Error(`${type.token} cannot be changed in place`);
    const { differences } = this.diff(request);
    const names = new Set(differences.map((entry) => topLevel(entry.path)));
    try {
      const state = await type.update(this.context(request), {
        id: request.id ?? "",
        olds,
        news: fillDefaults(type.fields, { ...news }),
        changed: (...asked) => asked.some((name) => names.has(name)),
      });
      return withId(type, request.id ?? "", markSecrets(type, mergeState(type, news, state, olds), hidden));
    } catch (cause) {
      throw this.initFailed(type, cause, news, wire, olds);
    }
  }

  async remove(request: Request): Promise<void> {
    const type = this.typeOf(request.urn);
    await type.remove(this.context(request), request.id ?? "", plainProps(request.olds ?? {}));
  }

  async invoke(token: string, args: Props): Promise<Props> {
    const entry = this.plugin.functions.find((candidate) => candidate.token === token);
    if (!entry) throw new Error(`the lab's ${this.plugin.name} plugin has no function ${token}`);
    const given = plainProps(args);
    for (const name of entry.required) {
      if (given[name] === undefined || given[name] === null) throw new Error(`${token}: missing argument '${name}'`);
    }
    return entry.call({ provider: this.configured(), signal: this.cancelled.signal }, given);
  }

  private typeOf(urn: string): ResourceType<C> {
    const token = tokenOf(urn);
    const type = this.plugin.resources.find((candidate) => candidate.token === token);
    if (!type) {
      const known = this.plugin.resources.map((candidate) => candidate.token.split(":").pop()).join(", ");
      throw new Error(`the lab's ${this.plugin.name} plugin has no resource type ${token}; it has ${known}`);
    }
    return type;
  }

  private configured(): C {
    if (this.provider === undefined) throw new Error(`the ${this.plugin.name} provider is not configured yet`);
    return this.provider;
  }

  private context(request: Request): Context<C> {
    const given = request.timeout ?? 0;
    return {
      provider: this.configured(),
      urn: request.urn,
      signal: this.cancelled.signal,
      timeout: (fallback) => (given > 0 ? given : fallback),
      log: (severity, message, status = false) => this.log(severity, message, request.urn, status),
    };
  }

  private initFailed(type: ResourceType<C>, cause: unknown, news: Props, wire: Props, olds: Props = {}): Error {
    if (!(cause instanceof PartialFailure)) return cause instanceof Error ? cause : new Error(String(cause));
    const state = markSecrets(type, mergeState(type, news, cause.state, olds), secretKeys(wire));
    return new InitFailed(cause.id, withId(type, cause.id, state), wire, [cause.message]);
  }
}

/** The vendors' plugins made from Terraform providers keep the id among the properties too. */
function withId(type: Pick<ResourceType<never>, "withoutId">, id: string, props: Props): Props {
  return type.withoutId ? props : { ...props, id };
}

const rest = (path: string, prefix: string): string => (path.startsWith(prefix) ? path.slice(prefix.length) : "");

/** The property that a path begins with. */
export function topLevel(path: string): string {
  return path.split(/[.[]/)[0] ?? path;
}

/** Drops what the wire cannot carry. */
export function defined(props: Props): Record<string, Json> {
  return Object.fromEntries(Object.entries(props).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
