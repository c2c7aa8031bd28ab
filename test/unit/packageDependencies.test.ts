import * as fs from "node:fs";
import { builtinModules } from "node:module";
import * as path from "node:path";
import { projectRoot } from "../support/lab";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(fs.readFileSync(path.join(projectRoot, "package.json"), "utf8")) as Manifest;
const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });

test("every dependency is pinned to an exact version", () => {
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("every dependency has its version and its reason in docs/dependencies.md", () => {
  const text = fs.readFileSync(path.join(projectRoot, "docs", "dependencies.md"), "utf8");
  expect(
    all.filter(([name, version]) => !new RegExp(`^\\| \`${name}\` +\\| ${version} +\\| \\S.{10,}`, "m").test(text)),
  ).toEqual([]);
});

/** Imported, but not declared: messages only fit the very copies that `@pulumi/pulumi` uses, so its own are taken. */
const FROM_PULUMI = ["@grpc/grpc-js", "google-protobuf"];

test("what is taken from Pulumi's SDK is there to be taken", () => {
  const file = path.join(projectRoot, "node_modules", "@pulumi", "pulumi", "package.json");
  const { dependencies } = JSON.parse(fs.readFileSync(file, "utf8")) as Manifest;
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(FROM_PULUMI));
});

test("every package that the product imports is a dependency of its own", () => {
  const imported = new Set<string>();
  for (const room of ["components", "config", "hosts", "stacks", "cli", "lab"]) {
    for (const file of fs.readdirSync(path.join(projectRoot, room), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue;
      const source = fs.readFileSync(path.join(projectRoot, room, file), "utf8");
      for (const [, name] of source.matchAll(/^(?:import(?! type)|export) [^;]*?from "([^."][^"]*)"/gm)) {
        imported.add(
          (name ?? "")
            .split("/")
            .slice(0, name?.startsWith("@") === true ? 2 : 1)
            .join("/"),
        );
      }
    }
  }
  const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules, ...FROM_PULUMI]);
  expect([...imported].filter((name) => !name.startsWith("node:") && !known.has(name)).sort()).toEqual([]);
});
