import { randomBytes } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

/** What the metadata service tells a Linode about itself. */
export interface InstanceMetadata {
  /** `GET /v1/instance`: `id`, `label`, `region`, `type`, `specs`, … */
  readonly instance: Readonly<Record<string, unknown>>;
  /** `GET /v1/user-data`, in base64 as the API got it; absent or empty: the Linode has none. */
  readonly userData?: string;
  /** `GET /v1/network`. */
  readonly network: Readonly<Record<string, unknown>>;
  /** `GET /v1/ssh-keys`. */
  readonly sshKeys: Readonly<Record<string, unknown>>;
}

/** What {@link createMetadataServer} needs to know. */
export interface MetadataOptions {
  /** Which Linode sends from this address. */
  readonly machineAt: (address: string) => number | undefined;
  /** What is known of a Linode; undefined when it is gone. */
  readonly metadataFor: (id: number) => InstanceMetadata | undefined | Promise<InstanceMetadata | undefined>;
  /** Milliseconds since the epoch; for tests. */
  readonly now?: () => number;
}

const MAX_TOKEN_SECONDS = 86_400;

interface Token {
  readonly machine: number;
  readonly expires: number;
}

/**
 * The metadata service as Linode's is: a token by `PUT`, then questions with it. Who asks is known by its source address, which the
 * router has checked. Listen on 169.254.169.254:80 inside the lab's network namespace.
 */
export function createMetadataServer(options: MetadataOptions): FastifyInstance {
  const now = options.now ?? Date.now;
  const tokens = new Map<string, Token>();
  const server = fastify({ logger: false });
  // Curl sends a content type with an empty PUT; the service takes any body and reads none.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", (_request, payload, done) => {
    payload.resume();
    payload.on("end", () => done(null));
  });
  server.setNotFoundHandler((_request, reply) => fail(reply, 404, "Not found"));

  server.put("/v1/token", (request, reply) => {
    const machine = options.machineAt(request.ip);
    if (machine === undefined) return fail(reply, 403, "This address belongs to no Linode of the region");
    const wanted = request.headers["metadata-token-expiry-seconds"] ?? "3600";
    const seconds = Number(wanted);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_TOKEN_SECONDS) {
      return fail(reply, 400, `Metadata-Token-Expiry-Seconds must be between 1 and ${MAX_TOKEN_SECONDS}`);
    }
    for (const [value, { expires }] of tokens) if (expires <= now()) tokens.delete(value);
    const token = randomBytes(32).toString("hex");
    tokens.set(token, { machine, expires: now() + seconds * 1000 });
    // JSON where it is asked for, else the bare token: both are the vendor's.
    return wantsJson(request) ? reply.send([token]) : reply.type("text/plain").send(token);
  });

  const asked = async (request: FastifyRequest): Promise<InstanceMetadata | undefined> => {
    const header = request.headers["metadata-token"];
    const token = typeof header === "string" ? tokens.get(header) : undefined;
    const machine = options.machineAt(request.ip);
    if (token === undefined || token.expires <= now() || token.machine !== machine) return undefined;
    return options.metadataFor(machine);
  };

  const document =
    (part: "instance" | "network" | "sshKeys") => async (request: FastifyRequest, reply: FastifyReply) => {
      const known = await asked(request);
      if (known === undefined) return fail(reply, 401, "A valid Metadata-Token is needed");
      if (wantsJson(request)) return reply.send(known[part]);
      return reply.type("text/plain").send(
        flatten(known[part])
          .map((line) => `${line}\n`)
          .join(""),
      );
    };
  server.get("/v1/instance", document("instance"));
  server.get("/v1/network", document("network"));
  server.get("/v1/ssh-keys", document("sshKeys"));
  server.get("/v1/user-data", async (request, reply) => {
    const known = await asked(request);
    if (known === undefined) return fail(reply, 401, "A valid Metadata-Token is needed");
    return reply.type("text/plain").send(known.userData ?? "");
  });

  // The same for cloud-init before 23.4 (Debian 12's), which has no data source for this platform: NoCloud asks without a token.
  const seed =
    (render: (known: InstanceMetadata) => string | Buffer) => async (request: FastifyRequest, reply: FastifyReply) => {
      const machine = options.machineAt(request.ip);
      const known = machine === undefined ? undefined : await options.metadataFor(machine);
      if (known === undefined) return fail(reply, 403, "This address belongs to no Linode of the region");
      return reply.type("application/octet-stream").send(render(known));
    };
  server.get(
    "/nocloud/meta-data",
    seed(({ instance }) => JSON.stringify({ "instance-id": String(instance.id), "local-hostname": instance.label })),
  );
  server.get(
    "/nocloud/user-data",
    seed(({ userData }) => Buffer.from(userData ?? "", "base64")),
  );
  server.get(
    "/nocloud/vendor-data",
    seed(() => ""),
  );
  return server;
}

const wantsJson = (request: FastifyRequest): boolean => /\bapplication\/json\b/.test(request.headers.accept ?? "");

function fail(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply
    .code(status)
    .type("application/json")
    .send({ errors: [{ reason }] });
}

/** `{a: {b: [1]}}` as `a.b.0: 1`, the service's plain form. */
function flatten(value: unknown, path = ""): readonly string[] {
  if (value === null || typeof value !== "object")
    return [`${path}: ${value === null ? "" : JSON.stringify(value).replace(/^"|"$/g, "")}`];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === "" ? key : `${path}.${key}`));
}
