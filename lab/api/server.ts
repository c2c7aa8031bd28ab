import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";

import { allows, Auth, type Identity } from "./auth";
import { contextOf, type Context, type Parts } from "./context";
import { controlOf, type LabControl } from "./control";
import { ApiError, notFound, notInLab, unauthorized } from "./errors";
import { judge } from "./judge";
import { RateLimit } from "./limit";
import type { Route } from "./route";
import { NOT_IN_LAB, ROUTES } from "./routes";
import { defineDiskJobs } from "./services/disks";
import { defineInstanceJobs } from "./services/instanceJobs";
import { definePowerJobs, machineStopped, takeUp } from "./services/power";
import { defineVolumeJobs } from "./services/volumes";

const PREFIXES = ["/v4", "/v4beta"];
const BODY_LIMIT = 1024 * 1024;

/** The API as a server that does not listen yet, and what the lab may do with it beside requests. */
export type ApiServer = FastifyInstance & { readonly lab: LabControl };

/**
 * Builds the local Linode's API. It works from `ready()` on (`listen` and `inject` call that): machines that still run
 * are found again and unfinished operations go on. `close()` lets operations stop where the next start takes them up.
 * For more than one listener, give `app.routing` to further servers of `node:http`.
 */
export function createApi(parts: Parts): ApiServer {
  const ctx = contextOf(parts);
  definePowerJobs(ctx);
  defineDiskJobs(ctx);
  defineInstanceJobs(ctx);
  defineVolumeJobs(ctx);
  const app = fastify({ logger: false, bodyLimit: BODY_LIMIT, routerOptions: { maxParamLength: 300 } });
  readBodies(app);
  addHooks(app, ctx);
  for (const route of ROUTES) addRoute(app, ctx, route);
  addErrors(app, ctx);
  app.addHook("onReady", async () => {
    ctx.machines.onExit((id, reason) => machineStopped(ctx, id, reason));
    await takeUp(ctx);
    ctx.jobs.resume();
  });
  app.addHook("onClose", async () => {
    await ctx.jobs.stop();
    await ctx.store.close();
  });
  return Object.assign(app, { lab: controlOf(ctx) });
}

/** Bodies are JSON whatever the header says; clients send none, or an empty one, with POST and DELETE. */
function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => {
    if (String(text).trim() === "") {
      done(null, undefined);
      return;
    }
    try {
      done(null, JSON.parse(String(text)));
    } catch {
      done(new ApiError(400, [{ reason: "The request's body is not valid JSON." }]));
    }
  });
}

/** What a route says of itself before its handler runs. */
interface RouteNotes {
  readonly scope?: string | null;
}

/** What the real API sends with every answer. What it lets web pages of any origin do, a lab on loopback does not. */
const ALWAYS = {
  "Cache-Control": "max-age=0, no-cache, no-store",
  Vary: "Authorization, X-Filter",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

interface Request extends FastifyRequest {
  identity?: Identity;
}

function addHooks(app: FastifyInstance, ctx: Context): void {
  const auth = new Auth(ctx);
  const limit = new RateLimit(ctx.settings.rateLimit, ctx.settings.clock);
  app.addHook("onRequest", async (request: Request, reply) => {
    const header = request.headers.authorization;
    const standing = limit.take(header ?? request.ip);
    void reply.headers({
      "X-RateLimit-Limit": standing.limit,
      "X-RateLimit-Remaining": standing.remaining,
      "X-RateLimit-Reset": standing.reset,
      ...ALWAYS,
      // Told to those, too, whom nothing is answered; a known token's own scopes replace the second.
      "X-Accepted-OAuth-Scopes": (request.routeOptions.config as RouteNotes).scope ?? "*",
      "X-OAuth-Scopes": "unknown",
    });
    if (standing.retryAfter !== undefined) {
      void reply.header("Retry-After", standing.retryAfter);
      throw new ApiError(429, [{ reason: "Too many requests" }]);
    }
    if (ctx.faults.latency > 0) await ctx.jobs.pause(ctx.faults.latency);
    const fault = ctx.faults.draw(request.method, pathOf(request), "before");
    if (fault) throw fault;
    if (header === undefined) return;
    request.identity = auth.identify(header);
    void reply.header("X-OAuth-Scopes", request.identity.scopes);
  });
  app.addHook("onSend", async (_request, reply) => {
    // The vendor's Go client takes no other text for JSON, and then does not understand any error.
    if (reply.statusCode !== 204) void reply.header("Content-Type", "application/json");
    // Nobody is told of a change before it is on the disk.
    await ctx.store.flush();
  });
}

function addRoute(app: FastifyInstance, ctx: Context, route: Route): void {
  for (const prefix of PREFIXES) {
    app.route({
      method: route.method,
      url: `${prefix}${route.path}`,
      config: { scope: route.scope } satisfies RouteNotes,
      handler: async (request: Request, reply) => {
        const username = demandScope(request, route);
        const body = request.body ?? {};
        if (typeof body !== "object" || Array.isArray(body))
          throw new ApiError(400, [{ reason: "The body must be a JSON object." }]);
        if (route.schema) {
          judge(route.schema, route.adapt ? route.adapt(body as Record<string, unknown>) : body);
        }
        const answer = await route.handle({
          ctx,
          params: request.params as Record<string, string>,
          query: request.query as Record<string, string | undefined>,
          filter: request.headers["x-filter"] as string | undefined,
          body,
          username,
        });
        const lost = ctx.faults.draw(request.method, pathOf(request), "after");
        if (lost) throw lost;
        return answer === undefined ? reply.status(204).send() : answer;
      },
    });
  }
}

function demandScope(request: Request, route: Route): string {
  if (route.scope === null) return request.identity?.username ?? "";
  if (request.identity === undefined) throw unauthorized();
  if (!allows(request.identity.scopes, route.scope)) {
    throw unauthorized("Your OAuth token is not authorized to use this endpoint.");
  }
  return request.identity.username;
}

function addErrors(app: FastifyInstance, ctx: Context): void {
  const shapes = ROUTES.map((route) => ({ method: route.method, shape: shapeOf(route.path) }));
  app.setNotFoundHandler((request: Request) => {
    const path = pathOf(request);
    const here = shapes.filter(({ shape }) => shape.test(path));
    if (NOT_IN_LAB.some((pattern) => pattern.test(path))) throw notInLab(`${request.method} ${path}`);
    if (here.length > 0 && !here.some(({ method }) => method === request.method)) {
      throw new ApiError(405, [{ reason: "Method Not Allowed" }]);
    }
    throw notFound();
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const known = error instanceof ApiError ? error : fromFramework(error);
    if (known === undefined) ctx.settings.log(`${request.method} ${request.url}: ${error.stack ?? error.message}`);
    const { status, reasons } = known ?? new ApiError(500, [{ reason: "The lab failed: see its log." }]);
    if (status === 429 && !reply.hasHeader("Retry-After")) void reply.header("Retry-After", 1);
    return reply.status(status).send({ errors: reasons });
  });
}

function fromFramework(error: Error & { statusCode?: number }): ApiError | undefined {
  const status = error.statusCode ?? 500;
  return status >= 400 && status < 500 ? new ApiError(status, [{ reason: error.message }]) : undefined;
}

/** The path without prefix and query. */
function pathOf(request: FastifyRequest): string {
  const path = request.url.split("?")[0] ?? "";
  return path.replace(/^\/v4(beta)?(?=\/)/, "");
}

function shapeOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/:[a-zA-Z]+/g, "[^/]+")}$`);
}
