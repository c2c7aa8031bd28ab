import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingHostPackages, requireRoot } from "../../../lab/image/hostPackages";
import { parseIndexTargets, sourceLines } from "../../../lab/image/mirrors";
import { defaultPackages, recipeFolder, recipeHash, RECIPES } from "../../../lab/image/recipe";

const targets = `http://mirror.example/debian/|bookworm|main
http://mirror.example/debian/|bookworm-updates|main
http://security.example/debian-security/|bookworm-security|main
https://other.example/apt/|nodistro|main
`;

test("the mirror is this machine's own, for any suite, with its ways of fetching", () => {
  const mirrors = parseIndexTargets(
    targets,
    'Acquire::http::Proxy "http://proxy.example:3128/";\nAcquire::Languages "none";\n',
  );
  expect(sourceLines(mirrors, "trixie")).toEqual([
    "deb http://mirror.example/debian/ trixie main",
    "deb http://mirror.example/debian/ trixie-updates main",
    "deb http://security.example/debian-security/ trixie-security main",
  ]);
  expect(mirrors.aptOptions).toEqual(['Acquire::http::Proxy "http://proxy.example:3128/";']);
});

test("a machine without a Debian mirror is told what to do", () => {
  expect(() => parseIndexTargets("https://other.example/apt/|nodistro|main\n")).toThrow(
    /name no Debian mirror[^]*sources\.list\.d/,
  );
});

test("an image's key changes with each thing it is made of, and with nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  try {
    cpSync(recipeFolder(), folder, { recursive: true });
    const recipe = RECIPES["linode/debian13"]!;
    const key = recipeHash(recipe, ["b", "a"], "6.1", folder);
    expect(recipeHash(recipe, ["a", "b"], "6.1", folder)).toBe(key);
    expect(recipeHash(recipe, ["a"], "6.1", folder)).not.toBe(key);
    expect(recipeHash(recipe, ["a", "b"], "6.2", folder)).not.toBe(key);
    expect(recipeHash(RECIPES["linode/debian12"]!, ["a", "b"], "6.1", folder)).not.toBe(key);
    writeFileSync(join(folder, "rootfs", "etc", "new"), "");
    expect(recipeHash(recipe, ["a", "b"], "6.1", folder)).not.toBe(key);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the packages for hosts are named once, in order", () => {
  const packages = defaultPackages();
  expect(packages).toEqual([...new Set(packages)].sort());
  expect(packages).toEqual(expect.arrayContaining(["drbd-utils", "ocfs2-tools"]));
});

test("what is missing on this machine is named; without root the way out is", () => {
  expect(missingHostPackages(() => true)).toEqual([]);
  expect(missingHostPackages((path) => !path.endsWith("uml_mconsole"))).toEqual(["uml-utilities"]);
  expect(() => requireRoot(1000)).toThrow(/needs root[^]*sudo/);
});
