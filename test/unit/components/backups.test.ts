import { Backups, type BackupsArgs, type HaNode, type HaPair, UserError } from "../../../components";
import { MockEngine } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

let engine: MockEngine;
let pair: HaPair;
let store: HaNode;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  pair = mockPair("data");
  store = { ...pair.nodes[0], name: "store" };
});
afterEach(async () => {
  await engine.settled();
});

const backups = (args: Partial<BackupsArgs> = {}, name = "nightly") =>
  new Backups(name, {
    nodes: pair.nodes,
    target: store,
    database: "site",
    files: { folder: "/srv/www", mountpoint: "/srv/www" },
    ...args,
  });
const step = (name: string) => engine.named(name, "command:remote:Command").inputs;
const text = (name: string): string => step(name)["create"] as string;

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

test("the nodes let the target in before it is set up; it may fetch, they may read, and nobody may write", async () => {
  backups();
  await engine.settled();
  const names = engine
    .ofType("command:remote:Command")
    .map(({ name }) => name)
    .filter((name) => name.startsWith("nightly-"));
  expect(names).toEqual(["nightly-web1-backup-source", "nightly-web2-backup-source", "nightly-store-backup"]);
  expect(text("nightly-web1-backup-source")).toContain(
    'command="/usr/local/lib/linode-ha/backup-source nightly" ssh-ed25519 ',
  );
  expect(
    text("nightly-store-backup").match(/command="\/usr\/local\/lib\/linode-ha\/backup-answer nightly" ssh-ed25519 /g),
  ).toHaveLength(2);
  for (const name of names) expect(text(name)).not.toContain("PRIVATE KEY-----");
});

test("the key that fetches is not the one that restores", async () => {
  backups();
  await engine.settled();
  const fetches = /backup-source nightly" (ssh-ed25519 \S+)/.exec(text("nightly-web1-backup-source"))?.[1];
  const restores = /backup-answer nightly" (ssh-ed25519 \S+)/.exec(text("nightly-store-backup"))?.[1];
  expect(fetches).toBeDefined();
  expect(fetches).not.toBe(restores);
});

test("files alone need no database's programs", async () => {
  backups({ database: undefined });
  await engine.settled();
  expect(text("nightly-store-backup")).toContain("PACKAGES='btrfs-progs openssh-client rsync'\n");
});

test.each<[string, () => Partial<BackupsArgs>, string]>([
  ["a target inside the pair", () => ({ target: pair.nodes[1] }), "target: is one of the nodes"],
  ["nobody", () => ({ nodes: [] }), "nodes: is empty"],
  ["nothing", () => ({ database: undefined, files: undefined }), "database: is missing, and so are the files"],
  ["a database that a shell would read", () => ({ database: "a;b" }), "database: is not the name of a database"],
  ["a folder that is none", () => ({ files: { folder: "srv" } }), "files.folder: is not an absolute path"],
  ["a time that is none", () => ({ at: "24:00" }), "at: is not a time of the day"],
  ["no day at all", () => ({ keepDays: 0 }), "keepDays: is out of range"],
  ["an alarm every hour", () => ({ alarmHours: 1 }), "alarmHours: is out of range"],
  ["rehearsals never", () => ({ rehearsalDays: 61 }), "rehearsalDays: is out of range"],
])("refused: %s", (_what, args, words) => {
  expect(problems(() => backups(args()))).toEqual([expect.stringContaining(words)]);
});
