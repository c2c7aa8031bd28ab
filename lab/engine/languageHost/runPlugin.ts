import type * as grpc from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import { spawn } from "child_process";
import { createRequire } from "module";
import { join } from "path";

type Call = grpc.ServerWritableStream<proto.RunPluginRequest, proto.RunPluginResponse>;

/** Of the kinds of plugins that may be written for Node.js, the one that the lab's users have. */
const RUNNERS: Readonly<Record<string, string>> = { analyzer: "@pulumi/pulumi/cmd/run-policy-pack" };

/** Runs a policy pack for the engine: what it writes goes there, and so does its exit code. It ends with the call. */
export function runPlugin(call: Call): void {
  const { request } = call;
  const folder = request.getInfo()?.getProgramDirectory() ?? request.getProgram();
  const module = RUNNERS[request.getKind()];
  if (module === undefined) {
    fail(call, `the lab's host for Node.js runs no plugin of kind "${request.getKind()}"`);
    return;
  }
  let runner: string;
  try {
    runner = createRequire(join(folder, "package.json")).resolve(module);
  } catch {
    fail(call, `@pulumi/pulumi is not installed for ${folder}: run \`npm install\` there first`);
    return;
  }
  const own = Object.fromEntries(
    request.getEnvList().map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const child = spawn(process.execPath, [runner, ...request.getArgsList(), folder], {
    // As the vendor's host does for policy packs, whose own settings would otherwise be the program's.
    cwd: folder,
    env: { ...process.env, ...own },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const send = (fill: (response: proto.RunPluginResponse) => void): void => {
    const response = new proto.RunPluginResponse();
    fill(response);
    call.write(response);
  };
  child.stdout.on("data", (data: Buffer) => send((response) => response.setStdout(data)));
  child.stderr.on("data", (data: Buffer) => send((response) => response.setStderr(data)));
  child.on("error", (error) => fail(call, `the plugin could not be started: ${error.message}`));
  child.on("close", (code) => {
    send((response) => response.setExitcode(code ?? 1));
    call.end();
  });
  call.on("cancelled", () => child.kill());
}

function fail(call: Call, details: string): void {
  const unknown = 2;
  call.emit("error", { code: unknown, details });
}
