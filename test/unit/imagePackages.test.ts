import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { packages, roles } from "../../hosts/packages";
import { defaultPackages, EXTRA_PACKAGES } from "../../lab/image/recipe";
import { projectRoot } from "../support/lab";

const file = path.join(projectRoot, "lab", "image", "packages.json");

test("lab/image/packages.json is what the roles declare today (npm run build writes it)", () => {
  expect(fs.readFileSync(file, "utf8")).toBe(`${JSON.stringify(packages, null, 2)}\n`);
});

test("every role counts", () => {
  const hosts = path.join(projectRoot, "hosts");
  const rendered = fs
    .readdirSync(hosts, { recursive: true, encoding: "utf8" })
    .filter((name) => path.basename(name) === "render.ts")
    .map((name) => path.dirname(name))
    // What the services share is no role itself.
    .filter((name) => name !== path.join("services", "common"));
  expect(roles.map((role) => role.name).sort()).toEqual(rendered.map((name) => name.replaceAll(path.sep, "-")).sort());
});

test("an image provides that, and what is named as extra for a reason", () => {
  expect(defaultPackages()).toEqual([...packages, ...EXTRA_PACKAGES].sort());
});

test("the build writes it, only when it would change", () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(projectRoot, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const command = /&& node dist\/(hosts\/printPackages)\.js (\S+)$/.exec(scripts["build"] ?? "");
  expect(command?.[2]).toBe("lab/image/packages.json");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "image-packages-"));
  try {
    const target = path.join(folder, "packages.json");
    const source = path.join(projectRoot, `${command![1]!}.ts`);
    const write = () =>
      execFileSync(process.execPath, ["-r", "ts-node/register/transpile-only", source, target], { cwd: projectRoot });
    write();
    expect(fs.readFileSync(target)).toEqual(fs.readFileSync(file));
    fs.utimesSync(target, 1, 1);
    write();
    expect(fs.statSync(target).mtimeMs).toBe(1000);
    fs.writeFileSync(target, "[]\n");
    write();
    expect(fs.readFileSync(target)).toEqual(fs.readFileSync(file));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
