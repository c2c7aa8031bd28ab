import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import { runPlugin } from "../../../lab/engine/languageHost/runPlugin";
import { until } from "../../support/run";

const folder = mkdtempSync(join(tmpdir(), "linode-ha-pack-"));
const bare = mkdtempSync(join(tmpdir(), "linode-ha-bare-"));
// In the place of the SDK's runner: it says what it was given.
const runner = join(folder, "node_modules", "@pulumi", "pulumi", "cmd");
mkdirSync(runner, { recursive: true });
writeFileSync(join(runner, "run-policy-pack.js"), 'console.log(process.argv.slice(2).join(" ")); process.exit(7);');

afterAll(() => {
  for (const each of [folder, bare]) rmSync(each, { recursive: true, force: true });
});

/** A call of the engine's, and what it was answered. */
class Call extends EventEmitter {
  readonly answers: proto.RunPluginResponse[] = [];
  ended = false;
  error: { details?: string } | undefined;
  readonly request = new proto.RunPluginRequest();

  constructor(kind: string, directory: string) {
    super();
    const info = new proto.ProgramInfo();
    info.setProgramDirectory(directory);
    this.request.setInfo(info);
    this.request.setKind(kind);
    this.request.setArgsList(["127.0.0.1:1"]);
    this.on("error", (error: { details?: string }) => (this.error = error));
  }

  write(answer: proto.RunPluginResponse): void {
    this.answers.push(answer);
  }

  end(): void {
    this.ended = true;
  }
}

const run = (call: Call): void => runPlugin(call as unknown as Parameters<typeof runPlugin>[0]);

it("runs no plugin but a policy pack", () => {
  const call = new Call("resource", folder);
  run(call);
  expect(call.error?.details).toMatch(/runs no plugin of kind "resource"/);
});

it("says what is missing where Pulumi's SDK is not installed", () => {
  const call = new Call("analyzer", bare);
  run(call);
  expect(call.error?.details).toMatch(/npm install/);
});

it("passes on what the pack writes, and its end", async () => {
  const call = new Call("analyzer", folder);
  run(call);
  expect(call.error).toBeUndefined();
  await until("the pack to end", 40, async () => call.ended, 50);
  const out = call.answers.map((answer) => Buffer.from(answer.getStdout_asU8()).toString()).join("");
  expect(out).toBe(`127.0.0.1:1 ${folder}\n`);
  expect(call.answers.at(-1)?.getExitcode()).toBe(7);
});
