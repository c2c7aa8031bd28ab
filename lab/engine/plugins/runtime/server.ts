/**
 * Carries {@link Handlers} over the engine's gRPC protocol.
 *
 * `@pulumi/pulumi/provider` has a server of its own, meant for component providers: it keeps the provider's settings
 * (token, url) from the provider, knows no preview, no `ignoreChanges` and no detailed differences, and has no way to the
 * engine's log. A reviewer of previews needs all of these as the vendors' plugins give them, so this one answers the same
 * protocol (`@pulumi/pulumi/proto`) itself.
 */
import * as grpc from "@grpc/grpc-js";
import * as engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import * as pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import * as providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import * as status from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { defined, Handlers, InitFailed, Log, Request } from "./handlers";
import { Difference } from "./model";
import { Plugin } from "./table";
import { Props } from "./wire";

const MAX_MESSAGE = 400 * 1024 * 1024;
const severities: Record<string, engine.LogSeverity> = {
  debug: engine.LogSeverity.DEBUG,
  info: engine.LogSeverity.INFO,
  warning: engine.LogSeverity.WARNING,
  error: engine.LogSeverity.ERROR,
};
const toStruct = (props: Props): Struct => Struct.fromJavaScript(defined(props));
const toProps = (value: Struct | undefined): Props => (value ? value.toJavaScript() : {});

/** Starts a plugin, prints its port for the engine and serves until the engine ends the process. */
export async function serve<C>(plugin: Plugin<C>, argv: readonly string[]): Promise<void> {
  const engineAddress = argv.filter((arg) => !arg.startsWith("-")).pop();
  const handlers = new Handlers(plugin, engineLog(engineAddress));
  const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE });
  server.addService(providerGrpc.ResourceProviderService, implementation(handlers) as never);
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), done);
  });
  process.stdout.write(`${port}\n`);
}

/** Lines go to the engine; where there is none (a test), to standard error. */
function engineLog(address: string | undefined): Log {
  if (!address) return (severity, message) => void process.stderr.write(`${severity}: ${message}\n`);
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  return (severity, message, urn, ephemeral) => {
    const line = new engine.LogRequest();
    line.setSeverity(severities[severity] ?? engine.LogSeverity.INFO);
    line.setMessage(message);
    line.setUrn(urn);
    line.setEphemeral(ephemeral);
    // A line that cannot be delivered must not fail the work that it is about.
    client.log(line, () => undefined);
  };
}

type Call<Q> = { request: Q };
type Reply<R> = (error: unknown, response?: R) => void;

/** An answer from a promise, with failures in the form that the engine understands. */
function answer<Q, R>(work: (request: Q) => Promise<R> | R) {
  return (call: Call<Q>, reply: Reply<R>): void => {
    Promise.resolve()
      .then(() => work(call.request))
      .then(
        (response) => reply(null, response),
        (error: unknown) => reply(toGrpcError(error)),
      );
  };
}

function toGrpcError(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InitFailed)) return { code: grpc.status.UNKNOWN, message, details: message };
  const detail = new proto.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.properties));
  detail.setInputs(toStruct(error.inputs));
  detail.setReasonsList(error.reasons);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const body = new status.Status();
  body.setCode(grpc.status.UNKNOWN);
  body.setMessage(message);
  body.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(body.serializeBinary()));
  return { code: grpc.status.UNKNOWN, message, details: message, metadata };
}

function implementation<C>(handlers: Handlers<C>): Record<string, unknown> {
  return {
    getPluginInfo: answer(() => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(handlers.plugin.version);
      return info;
    }),
    attach: answer(() => new Empty()),
    cancel: answer(() => {
      handlers.cancel();
      return new Empty();
    }),
    getSchema: answer(() => {
      const response = new proto.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: handlers.plugin.name, version: handlers.plugin.version }));
      return response;
    }),
    checkConfig: answer((request: proto.CheckRequest) => {
      const response = new proto.CheckResponse();
      response.setInputs(toStruct(handlers.checkConfig(toProps(request.getNews()))));
      return response;
    }),
    diffConfig: answer(() => new proto.DiffResponse()),
    configure: answer(async (request: proto.ConfigureRequest) => {
      await handlers.configure(toProps(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setAcceptresources(false);
      response.setAcceptoutputs(false);
      return response;
    }),
    check: answer((request: proto.CheckRequest) => {
      const made = handlers.check(basics(request, request.getOlds(), request.getNews()));
      const response = new proto.CheckResponse();
      response.setInputs(toStruct(made.inputs));
      response.setFailuresList(
        made.failures.map(({ property, reason }) => {
          const failure = new proto.CheckFailure();
          failure.setProperty(property);
          failure.setReason(reason);
          return failure;
        }),
      );
      return response;
    }),
    diff: answer((request: proto.DiffRequest) => {
      const { differences, replaces, coarse } = handlers.diff({
        ...basics(request, request.getOlds(), request.getNews()),
        ...(request.hasOldInputs() ? { oldInputs: toProps(request.getOldInputs()) } : {}),
        ignoreChanges: request.getIgnorechangesList(),
      });
      return diffResponse(differences, replaces, coarse);
    }),
    create: answer(async (request: proto.CreateRequest) => {
      const made = await handlers.create({
        ...basics(request, undefined, request.getProperties()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new proto.CreateResponse();
      response.setId(made.id);
      response.setProperties(toStruct(made.properties));
      return response;
    }),
    read: answer(async (request: proto.ReadRequest) => {
      const inputs = request.hasInputs() ? { oldInputs: toProps(request.getInputs()) } : {};
      const found = await handlers.read({
        ...basics(request, request.getProperties(), undefined),
        id: request.getId(),
        ...inputs,
      });
      const response = new proto.ReadResponse();
      response.setId(found.id);
      response.setProperties(toStruct(found.properties));
      response.setInputs(toStruct(found.inputs));
      return response;
    }),
    update: answer(async (request: proto.UpdateRequest) => {
      const properties = await handlers.update({
        ...basics(request, request.getOlds(), request.getNews()),
        id: request.getId(),
        ...(request.hasOldInputs() ? { oldInputs: toProps(request.getOldInputs()) } : {}),
        ignoreChanges: request.getIgnorechangesList(),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(properties));
      return response;
    }),
    delete: answer(async (request: proto.DeleteRequest) => {
      await handlers.remove({
        ...basics(request, request.getProperties(), undefined),
        id: request.getId(),
        timeout: request.getTimeout(),
      });
      return new Empty();
    }),
    invoke: answer(async (request: proto.InvokeRequest) => {
      const response = new proto.InvokeResponse();
      response.setReturn(toStruct(await handlers.invoke(request.getTok(), toProps(request.getArgs()))));
      return response;
    }),
  };
}

function basics(request: { getUrn(): string }, olds: Struct | undefined, news: Struct | undefined): Request {
  return { urn: request.getUrn(), olds: toProps(olds), news: toProps(news) };
}

function diffResponse(
  differences: readonly Difference[],
  replaces: string[],
  coarse: string[] | undefined,
): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  response.setChanges(differences.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setReplacesList(replaces);
  if (coarse) {
    response.setDiffsList(coarse);
    return response;
  }
  response.setDiffsList([...new Set(differences.map((entry) => entry.path.split(/[.[]/)[0] as string))]);
  response.setHasdetaileddiff(true);
  const kinds = proto.PropertyDiff.Kind;
  for (const { path, kind, replaces: isReplace } of differences) {
    const entry = new proto.PropertyDiff();
    const name = `${kind.toUpperCase()}${isReplace ? "_REPLACE" : ""}` as keyof typeof kinds;
    entry.setKind(kinds[name]);
    response.getDetaileddiffMap().set(path, entry);
  }
  return response;
}
