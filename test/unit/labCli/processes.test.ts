import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLabLock } from "../../../lab/daemon/lock";
import { createLog } from "../../../lab/daemon/log";
import { daemonLives, readRecord, tokensOf, writeRecord, type LabRecord } from "../../../lab/daemon/record";
import { DEFAULT_PORT, openDoor, parsePort } from "../../../lab/cli/port";
import { exitCodeOf } from "../../../lab/cli/passThrough";
import { startTimeOf } from "../../../lab/machines/process";
import { labPaths } from "../../../lab/paths";
import { TestLab, TOKEN } from "../api/support";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "linode-lab-unit-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const self = () => ({ pid: process.pid, startTime: startTimeOf(process.pid) ?? "" });
const record: LabRecord = { port: 14320, token: "t", fencingToken: "f", dnsToken: "names", images: {} };

describe("the record of a lab", () => {
  it("knows three tokens: the operator's, and the nodes' own, of which one can fence, one answer for names, and neither more", async () => {
    const narrow = { authorization: "Bearer the-nodes" };
    const lab = TestLab.with({ tokens: [...tokensOf({ token: TOKEN, fencingToken: "the-nodes", dnsToken: "names" })] });
    try {
      const { linode } = await lab.running({ label: "web1" });
      const ask = async (method: string, path: string) =>
        (await lab.ask(method, path, undefined, { headers: narrow })).status;
      expect(await ask("GET", "/volumes")).toBe(401);
      expect(await ask("GET", "/profile/tokens")).toBe(401);
      expect(await ask("GET", `/linode/instances/${linode.id}`)).toBe(200);
      expect(await ask("POST", `/linode/instances/${linode.id}/shutdown`)).toBe(200);
      expect(await ask("GET", "/domains")).toBe(401);
      const headers = { authorization: "Bearer names" };
      expect((await lab.ask("GET", "/domains", undefined, { headers })).status).toBe(200);
      expect((await lab.ask("GET", `/linode/instances/${linode.id}`, undefined, { headers })).status).toBe(401);
      expect((await lab.ask("GET", "/volumes")).status).toBe(200);
    } finally {
      await lab.close();
    }
  });

  it("is private, and read back as it was written", () => {
    const paths = labPaths("a", { LINODE_LAB_STATE: folder });
    writeRecord(paths, record);
    expect(readRecord(paths)).toEqual(record);
    expect(statSync(paths.daemonFile).mode & 0o777).toBe(0o600);
    expect(statSync(paths.state).mode & 0o777).toBe(0o700);
  });

  it.each(["", "{", "[]", '{"port":"x"}', "null"])("is none when damaged: %j", (text) => {
    const paths = labPaths("a", { LINODE_LAB_STATE: folder });
    mkdirSync(paths.state);
    writeFileSync(paths.daemonFile, text);
    expect(readRecord(paths)).toBeUndefined();
  });

  it("does not believe a process number that another process has by now", () => {
    expect(daemonLives({ ...record, process: self() })).toBe(true);
    expect(daemonLives({ ...record, process: { ...self(), startTime: "1" } })).toBe(false);
    expect(daemonLives(record)).toBe(false);
    expect(daemonLives(undefined)).toBe(false);
  });
});

describe("the lock of a lab", () => {
  const options = { timeoutMs: 300, waiting: () => undefined };

  it("lets one at a time work", async () => {
    const file = join(folder, "lock");
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 30));
      order.push(`${name} ends`);
    };
    const wait = { ...options, timeoutMs: 5_000 };
    await Promise.all([withLabLock(file, wait, work("a")), withLabLock(file, wait, work("b"))]);
    expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  it("is not held by a process that is gone, nor by another one with its number", async () => {
    const file = join(folder, "lock");
    for (const holder of [{ pid: 4_000_000, startTime: "5" }, { ...self(), startTime: "1" }, "nonsense"]) {
      writeFileSync(file, JSON.stringify(holder));
      await expect(withLabLock(file, options, async () => "done")).resolves.toBe("done");
    }
  });

  it("names who holds it for too long", async () => {
    const file = join(folder, "lock");
    writeFileSync(file, JSON.stringify(self()));
    await expect(withLabLock(file, options, async () => "done")).rejects.toThrow(
      `Process ${process.pid} has been at work`,
    );
  });
});

describe("the port", () => {
  const listen = (port: number) =>
    new Promise<ReturnType<typeof createServer>>((resolve) => {
      const server = createServer();
      server.listen(port, "127.0.0.1", () => resolve(server));
    });
  const free = async () => {
    const server = await listen(0);
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  it("is the one asked for, or an error that names it", async () => {
    const port = await free();
    const door = await openDoor({ asked: port }, () => undefined);
    try {
      expect(door.port).toBe(port);
      await expect(openDoor({ asked: port }, () => undefined)).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
    } finally {
      door.server.close();
    }
  });

  it("is the one it had, and another when that is taken, with a word about it", async () => {
    const before = await free();
    const said: string[] = [];
    const first = await openDoor({ before }, (line) => said.push(line));
    const second = await openDoor({ before }, (line) => said.push(line));
    first.server.close();
    second.server.close();
    expect(first.port).toBe(before);
    expect(second.port).toBeGreaterThanOrEqual(DEFAULT_PORT);
    expect(second.port).not.toBe(before);
    expect(said).toEqual([expect.stringContaining(`port ${before} is taken`)]);
  });

  it.each(["", "80", "65536", "1.5", "x", "-1"])("refuses --port %j", (text) => {
    expect(() => parsePort(text)).toThrow(/is not a port that the lab may use/);
  });
});

describe("what is left of a process", () => {
  it("is its exit code, or 128 and its signal", () => {
    expect(exitCodeOf(7, null)).toBe(7);
    expect(exitCodeOf(null, "SIGTERM")).toBe(143);
    expect(exitCodeOf(null, "SIGKILL")).toBe(137);
  });

  it("is no start time once it has ended", async () => {
    const child = spawn("true");
    await new Promise((resolve) => child.on("exit", resolve));
    expect(startTimeOf(child.pid as number)).toBeUndefined();
  });
});

describe("the log", () => {
  it("stays bounded and keeps the newest lines", () => {
    const file = join(folder, "log");
    const log = createLog(file, 2_000);
    for (let i = 0; i < 200; i += 1) log(`line ${i}`);
    expect(statSync(file).size).toBeLessThanOrEqual(2_000);
    expect(readFileSync(`${file}.1`, "utf8") + readFileSync(file, "utf8")).toContain("line 199");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
