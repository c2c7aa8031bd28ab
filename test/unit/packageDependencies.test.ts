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

test("the lock file has an entry for everything in it, packages for other platforms too: npm ci refuses it otherwise", () => {
  interface Locked {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const lock = JSON.parse(fs.readFileSync(path.join(projectRoot, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const found = (from: string, name: string): boolean => {
    const key = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
    if (key in lock.packages) return true;
    return from !== "" && found(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
  };
  const missing = Object.entries(lock.packages).flatMap(([where, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !found(where, name))
      .map((name) => `${name}, for ${where}`),
  );
  expect(missing).toEqual([]);
});

test.each(["@grpc/grpc-js", "google-protobuf"])("Pulumi's SDK uses our own copy of %s", (name) => {
  // Messages of one copy are nothing to another.
  const ours = require.resolve(`${name}/package.json`, { paths: [projectRoot] });
  const sdk = path.dirname(require.resolve("@pulumi/pulumi/package.json", { paths: [projectRoot] }));
  expect(require.resolve(`${name}/package.json`, { paths: [sdk] })).toBe(ours);
  const { version } = JSON.parse(fs.readFileSync(ours, "utf8")) as { version: string };
  expect(manifest.dependencies[name]).toBe(version);
});

test("every package that the product imports is a dependency of its own", () => {
  const imported = new Set<string>();
  for (const room of ["components", "config", "hosts", "stacks", "cli", "lab", "review", "policy"]) {
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
  const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules]);
  expect([...imported].filter((name) => !name.startsWith("node:") && !known.has(name)).sort()).toEqual([]);
});
