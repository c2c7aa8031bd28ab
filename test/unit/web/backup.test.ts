import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { backupRole } from "../../../hosts/services/backup/render";
import { assetPath } from "../../../hosts/assets";
import { run, type RunResult } from "../../support/run";
import * as cases from "./cases";

/** `ha-backup` with the programs around it played: ssh gives what a node would, btrfs copies. */
let root: string;
const base = () => join(root, "base");
const node = (name: string, file = ""): string => join(root, "nodes", name, file);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "linode-ha-backup-"));
  write(
    "bin/ssh",
    'for word; do case $word in root@*) at=${word#root@} ;; esac; done\n[ -e "$ROOT/nodes/$at/ready" ] || { echo "$at: no" >&2; exit 10; }\n[ "$word" != dump ] || cat "$ROOT/nodes/$at/dump"',
  );
  // The last but one word names the node, the last the folder.
  write(
    "bin/rsync",
    'while [ $# -gt 2 ]; do shift; done\nat=${1#root@}; rm -rf "$2"; cp -a "$ROOT/nodes/${at%%:*}/files" "$2"',
  );
  write("bin/btrfs", 'case $3 in create) mkdir "$4" ;; snapshot) cp -a "$5" "$6" ;; delete) rm -rf "$4" ;; esac');
  write("bin/stat", 'if [ "$1" = -f ]; then echo btrfs; else exec /usr/bin/stat "$@"; fi');
  mkdirSync(base());
  for (const name of ["10.20.0.1", "10.20.0.2"]) {
    for (const [file, text] of [
      ["ready", ""],
      ["dump", `CREATE TABLE \`a\` (\nCREATE TABLE \`b\` (\n-- ${name}\n-- Dump completed on a day\n`],
      ["files/one", "1"],
      ["files/sub/two", "2"],
    ] as const) {
      mkdirSync(dirname(node(name, file)), { recursive: true });
      writeFileSync(node(name, file), text);
    }
  }
  settings();
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `#!/bin/sh\n${text}\n`);
  chmodSync(join(root, path), 0o755);
}

function settings(change: Record<string, string> = {}): void {
  const folder = join(root, "etc/linode-ha/backup/nightly");
  mkdirSync(folder, { recursive: true });
  const text =
    backupRole.files({ ...cases.backup, base: base() as `/${string}` })["/etc/linode-ha/backup/nightly/settings"]
      ?.content ?? "";
  const more = Object.entries(change).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(folder, "settings"), text + more.join(""));
}

const backup = (...words: string[]): Promise<RunResult> =>
  run(["bash", assetPath("services/backup/backup.sh"), "nightly", ...words], {
    env: { BACKUP_ROOT: root, ROOT: root, PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}` },
    seconds: 60,
  });
const snapshots = (): string[] =>
  existsSync(join(base(), "snapshots")) ? readdirSync(join(base(), "snapshots")).sort() : [];
const at = (daysAgo: number): string =>
  new Date(Date.now() - daysAgo * 86_400_000).toISOString().replace(/[-:]|\.\d+/g, "");

/** A snapshot as a run would have left it. */
function old(daysAgo: number, manifest = "source=web1\ntables=2\ndump=x\nfiles=2\n"): string {
  const name = at(daysAgo);
  mkdirSync(join(base(), "snapshots", name, "files"), { recursive: true });
  writeFileSync(join(base(), "snapshots", name, "manifest"), manifest);
  return name;
}

test("a run is one snapshot with what the first node has, and says how much that is", async () => {
  const result = await backup("run");
  expect(result).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d{8}T\d{6}Z: 2 tables and 2 files of web1\n$/) as string,
  });
  const [name = ""] = snapshots();
  expect(readFileSync(join(base(), "snapshots", name, "manifest"), "utf8")).toMatch(
    /^source=web1\ntables=2\ndump=[0-9a-f]{64}\nfiles=2\n$/,
  );
  expect(readFileSync(join(base(), "snapshots", name, "files/sub/two"), "utf8")).toBe("2");
  expect((await backup("status")).code).toBe(0);
});

test("the second node is asked when the first has not all of it", async () => {
  rmSync(node("10.20.0.1", "ready"));
  expect(await backup("run")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("of web2") as string,
    stderr: expect.stringContaining("10.20.0.1: no") as string,
  });
});

test("nobody to back up: an error, and no snapshot", async () => {
  rmSync(node("10.20.0.1", "ready"));
  rmSync(node("10.20.0.2", "ready"));
  expect(await backup("run")).toMatchObject({
    code: 10,
    stderr: expect.stringContaining("no node can be backed up") as string,
  });
  expect(snapshots()).toEqual([]);
});

test("a dump that broke off is no backup, and does not replace a good one", async () => {
  await backup("run");
  const before = snapshots();
  writeFileSync(node("10.20.0.1", "dump"), "CREATE TABLE `a` (\n");
  expect(await backup("run")).toMatchObject({
    code: 10,
    stderr: expect.stringContaining("did not come whole") as string,
  });
  expect(snapshots()).toEqual(before);
  expect((await backup("list")).stdout.trim().split("\n")).toHaveLength(1);
});

test("six weeks are kept, and the last good one however old it is", async () => {
  const [tooOld, justIn] = [old(43), old(41)];
  await backup("run");
  expect(snapshots()).toHaveLength(2);
  expect(snapshots()).toContain(justIn);
  expect(snapshots()).not.toContain(tooOld);
});

test("the last good one stays even where all are too old, as after a leap of the clock", async () => {
  settings({ KEEP_DAYS: "-1" });
  old(3);
  await backup("run");
  expect(snapshots()).toHaveLength(1);
});

test("what is no snapshot of this command is not touched", async () => {
  mkdirSync(join(base(), "snapshots", "mine"), { recursive: true });
  await backup("run");
  expect(snapshots()).toContain("mine");
});

test.each<[string, () => void, number, string]>([
  ["no backup yet", () => undefined, 1, "there is no backup yet"],
  ["an old one", () => void old(2), 1, "the last is 48 h old"],
  ["a fresh one", () => void old(0.5), 0, "the last is 12 h old"],
  [
    "a fresh one beside one without a manifest",
    () => {
      old(0.5);
      mkdirSync(join(base(), "snapshots", at(0.1)), { recursive: true });
    },
    0,
    "the last is 12 h old",
  ],
  [
    "never rehearsed for two weeks",
    () => {
      old(15);
      old(0.1);
    },
    1,
    "last rehearsed: never",
  ],
])("status of %s", async (_what, make, code, words) => {
  make();
  expect(await backup("status")).toMatchObject({ code, stdout: expect.stringContaining(words) as string });
});

test("a rehearsal that is long ago is an alarm", async () => {
  old(0.1);
  const note = join(base(), "rehearsed");
  writeFileSync(note, "20260101T000000Z\n");
  expect((await backup("status")).code).toBe(0);
  const longAgo = Date.now() / 1000 - 15 * 86_400;
  utimesSync(note, longAgo, longAgo);
  expect((await backup("status")).code).toBe(1);
});

test("a rehearsal notices a file that is missing, and a dump that changed on the disk", async () => {
  await backup("run");
  const [name = ""] = snapshots();
  const dump = join(base(), "snapshots", name, "database.sql.gz");
  const whole = readFileSync(dump);
  writeFileSync(dump, gzipSync("-- Dump completed\n"));
  expect(await backup("rehearse")).toMatchObject({ code: 1, stderr: expect.stringContaining("is damaged") as string });
  writeFileSync(dump, whole);
  rmSync(join(base(), "snapshots", name, "files/one"));
  expect(await backup("rehearse", name)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("has 1 files, and should have 2") as string,
  });
  expect(existsSync(join(base(), "rehearsed"))).toBe(false);
});

test("files alone can be rehearsed without a database server", async () => {
  settings({ DATABASE: "" });
  await backup("run");
  expect(await backup("rehearse")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("no tables, 2 files") as string,
  });
  expect((await backup("status")).stdout).toMatch(/last rehearsed: \d{8}T/);
});

test.each([[[]], [["run", "now"]], [["erase"]]])("usage: %j", async (words) => {
  expect(await backup(...words)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("usage: ha-backup NAME run") as string,
  });
});
