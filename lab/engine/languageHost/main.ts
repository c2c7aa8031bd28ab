/**
 * Runs Node.js programs for the Pulumi engine: the engine starts this, reads its port, and calls it over gRPC.
 *
 * The vendor's host of the same version is not published as a Go module. The older one that is (in the SDK 3.60) puts a
 * proxy between the program and the engine that does not know the newer calls, resource hooks among them. This one hands
 * the program the engine's own address.
 */
import * as grpc from "@grpc/grpc-js";
import * as languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import * as pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import { installedPlugins } from "./installedPlugins";
import { runPlugin } from "./runPlugin";
import { runProgram } from "./runProgram";

const MAX_MESSAGE = 400 * 1024 * 1024;
/** How often it looks whether the engine that started it is still there. */
const PARENT_CHECK_MS = 1000;
const VERSION = "3.250.0";

type Answer<T> = (error: Partial<grpc.ServiceError> | null, value?: T) => void;

function answer<T>(callback: Answer<T>, work: Promise<T>): void {
  work.then(
    (value) => {
      callback(null, value);
    },
    (error: unknown) => {
      callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
    },
  );
}

function service(engineAddress: string): Record<string, (call: never, callback: never) => void> {
  const methods = {
    getPluginInfo: (_call: unknown, callback: Answer<pluginProto.PluginInfo>) => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(VERSION);
      callback(null, info);
    },
    getRequiredPlugins: (
      call: { request: proto.GetRequiredPluginsRequest },
      callback: Answer<proto.GetRequiredPluginsResponse>,
    ) => {
      const folder = call.request.getInfo()?.getProgramDirectory() ?? call.request.getPwd();
      const response = new proto.GetRequiredPluginsResponse();
      response.setPluginsList(installedPlugins(folder));
      callback(null, response);
    },
    run: (call: { request: proto.RunRequest }, callback: Answer<proto.RunResponse>) => {
      answer(callback, runProgram(call.request, engineAddress));
    },
    runPlugin,
  };
  return methods;
}

function main(): void {
  const engineAddress = process.argv
    .slice(2)
    .filter((argument) => !argument.startsWith("-"))
    .pop();
  if (engineAddress === undefined) {
    process.stderr.write("usage: pulumi-language-nodejs <engine address>; the Pulumi engine starts it\n");
    process.exit(2);
  }
  const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE });
  server.addService(languageGrpc.LanguageRuntimeService, service(engineAddress) as never);
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      process.stderr.write(`pulumi-language-nodejs cannot listen on loopback: ${error.message}\n`);
      process.exit(1);
    }
    process.stdout.write(`${port}\n`);
  });
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit(1);
    }
  }, PARENT_CHECK_MS).unref();
}

main();
