import * as proto from "@pulumi/pulumi/proto/language_pb";
import { spawn } from "child_process";
import { createRequire } from "module";
import { join } from "path";

/** The SDK's runner ends with this code when it has already told the user what is wrong. */
const ALREADY_TOLD = 32;

/** Runs the user's program to its end, connected to the engine. */
export function runProgram(request: proto.RunRequest, engineAddress: string): Promise<proto.RunResponse> {
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() ?? request.getPwd();
  const response = new proto.RunResponse();
  let runner: string;
  try {
    runner = createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    response.setError(`@pulumi/pulumi is not installed in ${folder}: run \`npm install\` there first`);
    return Promise.resolve(response);
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [runner, ...runnerArguments(request, engineAddress, folder)], {
      cwd: folder,
      env: { ...process.env, ...runnerEnvironment(request) },
      // The engine shows what this host writes; the program writes to the same places.
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.on("error", (error) => {
      response.setError(`the program could not be started: ${error.message}`);
      resolve(response);
    });
    child.on("close", (code, signal) => {
      if (code === ALREADY_TOLD) {
        response.setBail(true);
      } else if (code !== 0) {
        response.setError(
          `the program ended with ${signal === null ? `exit code ${code ?? "none"}` : `signal ${signal}`}`,
        );
      }
      resolve(response);
    });
  });
}

function runnerArguments(request: proto.RunRequest, engineAddress: string, folder: string): string[] {
  const settings: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engineAddress],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["stack", request.getStack()],
    ["root-directory", request.getInfo()?.getRootDirectory() ?? ""],
    ["pwd", folder],
    ["parallel", String(request.getParallel())],
  ];
  return [
    ...settings.filter(([, value]) => value !== "").flatMap(([name, value]) => [`--${name}`, value]),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    request.getInfo()?.getEntryPoint() ?? (request.getProgram() || "."),
    ...request.getArgsList(),
  ];
}

function runnerEnvironment(request: proto.RunRequest): Record<string, string> {
  const options = (request.getInfo()?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
  return {
    // Never as arguments: a secret setting would show in the process list.
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject(true))),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: options["typescript"] === false ? "false" : "true",
    ...(typeof options["tsconfig"] === "string" ? { PULUMI_NODEJS_TSCONFIG_PATH: options["tsconfig"] } : {}),
  };
}
