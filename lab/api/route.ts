import type { Context } from "./context";
import type { Schema } from "./judge";
import { paginate, type Page } from "./paging";

/** One request, as a handler sees it. */
export interface Call {
  readonly ctx: Context;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The `X-Filter` header. */
  readonly filter: string | undefined;
  /** Judged by the route's schema, if it has one. Never logged: it may hold passwords. */
  readonly body: unknown;
  readonly username: string;
}

/** One endpoint: how it is reached, what it needs, and what answers. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Without `/v4`; parameters as `:name`. */
  readonly path: string;
  /** The scopes a token needs, with commas; `*`: any token; null: open to everybody. */
  readonly scope: string | null;
  readonly schema?: Schema;
  /** Prepares the copy of the body that the vendor's schema judges, where that schema asks for more than the API does. */
  readonly adapt?: (body: Record<string, unknown>) => Record<string, unknown>;
  /** What is undefined is answered as 204, without a body. */
  readonly handle: (call: Call) => unknown;
}

type Extra = Pick<Route, "schema" | "adapt">;
type Handle = Route["handle"];

/** Makes routes by method. */
export interface Area {
  readonly get: Make;
  readonly post: Make;
  readonly put: Make;
  readonly del: Make;
}

type Make = (path: string, handle: Handle, extra?: Extra) => Route;

/**
 * Builds the routes of one area; the method decides whether its read-only or its read-write scope is needed. Several
 * scopes are all needed; `*` is what every token has; null is for everybody.
 */
export function area(...scopes: readonly string[] | readonly [null]): Area {
  const level = (scope: string | null, method: Route["method"]): string | null =>
    scope === null || scope === "*" ? scope : `${scope}:${method === "GET" ? "read_only" : "read_write"}`;
  const needs = (method: Route["method"]): string | null =>
    scopes[0] === null ? null : scopes.map((scope) => level(scope, method)).join(",");
  const build =
    (method: Route["method"]) =>
    (path: string, handle: Handle, extra: Extra = {}): Route => ({
      method,
      path,
      scope: needs(method),
      handle,
      ...extra,
    });
  return { get: build("GET"), post: build("POST"), put: build("PUT"), del: build("DELETE") };
}

/** A list's answer: paged, filtered by the keys given. */
export function listOf<T extends object>(call: Call, items: readonly T[], keys: readonly string[]): Page<T> {
  return paginate(items, keys, call);
}

/** The body as an object; an empty one when there is none. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows what its schema let through
export function bodyOf<T extends object>({ body }: { readonly body: unknown }): T {
  return (body ?? {}) as T;
}
