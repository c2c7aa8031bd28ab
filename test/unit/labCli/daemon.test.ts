import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, NoDaemon, openTunnel } from "../../../lab/cli/control";
import { checkMachine, NEEDS, type Probes } from "../../../lab/cli/preflight";
import { readPackages } from "../../../lab/cli/platform";
import { program } from "../../../lab/cli/program";
import { serveControl, type ControlRoutes } from "../../../lab/daemon/controlServer";
import { faultOf } from "../../../lab/daemon/faults/api";
import { FAULTS, faultName } from "../../../lab/daemon/faults";
import { HostKeys, reportedKeys } from "../../../lab/daemon/hostKeys";
import { LabError } from "../../../lab/machines/errors";
import { cachePaths, labPaths } from "../../../lab/paths";
import { mkdirSync, writeFileSync } from "node:fs";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "linode-lab-unit-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("the control socket", () => {
  // Deeper than a socket's address has room for.
  const deep = () => {
    const paths = labPaths("a", { LINODE_LAB_STATE: join(folder, "d".repeat(100)) });
    mkdirSync(paths.state, { recursive: true });
    return paths;
  };
  let server: Server | undefined;
  const serve = async (paths: ReturnType<typeof deep>, routes: ControlRoutes, port = 0) => {
    server = await serveControl(paths.controlSocket, routes, async (label) => {
      if (label !== "web1") throw new LabError(`There is no Linode "${label}".`);
      return connect(port, "127.0.0.1");
    });
  };
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  it("hands over parameters, bodies, progress, results and errors, and is nobody else's", async () => {
    const paths = deep();
    await serve(paths, {
      "POST /echo/:": async ({ params, body, progress }) => {
        progress("half");
        return { params, body };
      },
      "POST /nothing": async () => undefined,
      "GET /fails": async () => {
        throw new LabError("It failed.", { hint: "Try again." });
      },
    });
    const said: string[] = [];
    const progress = (line: string) => said.push(line);
    await expect(ask(paths, "POST", "/echo/a%20b", { body: { x: 1 }, progress })).resolves.toEqual({
      params: ["a b"],
      body: { x: 1 },
    });
    expect(said).toEqual(["half"]);
    await expect(ask(paths, "POST", "/nothing")).resolves.toBeNull();
    await expect(ask(paths, "GET", "/fails")).rejects.toThrow("It failed.\nTry again.");
    await expect(ask(paths, "GET", "/unknown")).rejects.toThrow(/does not know `GET \/unknown`/);
    expect(statSync(paths.controlSocket).mode & 0o777).toBe(0o600);
  });

  it("says that the lab is not running, or hangs", async () => {
    const paths = deep();
    await expect(ask(paths, "GET", "/status")).rejects.toThrow(NoDaemon);
    await expect(ask(paths, "GET", "/status")).rejects.toThrow(/lab "a" is not running[^]*linode-lab --lab a up/);
    await serve(paths, { "GET /status": () => new Promise(() => undefined) });
    await expect(ask(paths, "GET", "/status", { timeoutMs: 100 })).rejects.toThrow(/did not answer within 0.1 s/);
  });

  it("carries connections into the lab", async () => {
    const paths = deep();
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    try {
      await serve(paths, {}, (echo.address() as { port: number }).port);
      const socket = await openTunnel(paths, "web1", 80);
      const heard = new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(String(chunk))));
      socket.write("hello");
      await expect(heard).resolves.toBe("hello");
      socket.destroy();
      await expect(openTunnel(paths, "web9", 80)).rejects.toThrow('There is no Linode "web9".');
    } finally {
      echo.close();
    }
  });
});

describe("host keys", () => {
  const key = (kind: string, body: string) => `sh[9]: linode-lab: host key ${kind} ${body}\r\n`;

  it("are those of the guest's last start", () => {
    const before = `Linux version 6.1\n${key("ssh-ed25519", "OLD=")}`;
    expect(reportedKeys(before)).toEqual(["ssh-ed25519 OLD="]);
    expect(reportedKeys(`${before}Linux version 6.1\n`)).toEqual([]);
    const after = `${before}Linux version 6.1\n${key("ssh-rsa", "B=")}${key("ssh-ed25519", "A=")}${key("ssh-ed25519", "C=")}`;
    expect(reportedKeys(after)).toEqual(["ssh-ed25519 C=", "ssh-rsa B="]);
    expect(reportedKeys(`${before}linode-lab: power on\n`)).toEqual([]);
    expect(reportedKeys("so much was written that its start is lost\n")).toBeUndefined();
  });

  it("are remembered when the console has forgotten them, but not over a new start", () => {
    const paths = labPaths("a", { LINODE_LAB_STATE: folder });
    mkdirSync(paths.state);
    const console = join(folder, "console.log");
    const keys = new HostKeys(paths);
    expect(keys.alias(7, console, [7])).toBeUndefined();
    writeFileSync(console, `Linux version 6.1\n${key("ssh-ed25519", "A=")}`);
    expect(keys.alias(7, console, [7])).toBe("linode-7");
    expect(readFileSync(paths.knownHosts, "utf8")).toBe("linode-7 ssh-ed25519 A=\n");
    writeFileSync(console, "chatter\n");
    expect(keys.alias(7, console, [7])).toBe("linode-7");
    writeFileSync(console, "Linux version 6.1\n");
    expect(keys.alias(7, console, [7])).toBeUndefined();
  });
});

describe("the machine that a lab needs", () => {
  const paths = labPaths("a", { LINODE_LAB_STATE: "/state" });
  const cache = cachePaths({ LINODE_LAB_CACHE: "/cache" });
  const fine: Probes = {
    uid: 0,
    platform: "linux",
    arch: "x64",
    isDevice: () => true,
    freeMemory: () => NEEDS.memory,
    freeSpace: () => NEEDS.cache,
    capabilities: () => 0x1ffffffffffn,
  };
  const check = (probes: Partial<Probes>, images = ["linode/debian13"]) =>
    checkMachine(paths, cache, images, { ...fine, ...probes });
  const only = (folder: string, free: number) => (asked: string) => (asked === folder ? free : NEEDS.cache);

  it("may be just good enough", () => {
    expect(() => check({})).not.toThrow();
  });

  it.each<[string, Partial<Probes>, RegExp]>([
    ["another system", { platform: "darwin" }, /this is darwin[^]*Debian/],
    ["another processor", { arch: "arm64" }, /on arm64/],
    ["no root", { uid: 1000 }, /needs root[^]*sudo/],
    ["a tame root", { capabilities: () => 0n }, /NET_ADMIN[^]*--privileged/],
    ["no tun", { isDevice: () => false }, /\/dev\/net\/tun is missing[^]*modprobe tun/],
    ["little memory", { freeMemory: () => 1535 }, /memory \(this machine\): 1535 MiB are free, the lab needs 1536/],
    ["little shared memory", { freeSpace: only("/dev/shm", 64) }, /\/dev\/shm\): 64 MiB[^]*--shm-size/],
    ["a full disk for state", { freeSpace: only("/state", 10) }, /space \(\/state\): 10 MiB[^]*LINODE_LAB_STATE/],
    ["a full disk for images", { freeSpace: only("/cache", 10) }, /space \(\/cache\): 10 MiB[^]*LINODE_LAB_CACHE/],
  ])("says what is wrong: %s", (_what, probes, text) => {
    expect(() => check(probes)).toThrow(text);
  });

  it("needs no room for images that are there", () => {
    expect(() => check({ freeSpace: only("/cache", 10) }, [])).not.toThrow();
  });
});

describe("packages", () => {
  const read = (text: string) => {
    writeFileSync(join(folder, "list"), text);
    return readPackages(join(folder, "list"));
  };

  it("are a list of lines, or of JSON", () => {
    expect(read("rsync # why\n\nacl\nacl\n")).toEqual(["acl", "rsync"]);
    expect(read('["rsync", "g++"]')).toEqual(["g++", "rsync"]);
  });

  it("are refused by name", () => {
    expect(() => read("rsync\n--force\n")).toThrow(/"--force" is not a name of a Debian package/);
    expect(() => readPackages(join(folder, "none"))).toThrow(/none cannot be read/);
  });
});

describe("faults", () => {
  it("have names of their own", () => {
    expect(new Set(FAULTS.map(faultName)).size).toBe(FAULTS.length);
  });

  it("turn options into what the API shall answer", () => {
    expect(faultOf({ error: "429", rate: "0.2", seed: "7" })).toEqual({ status: 429, rate: 0.2, seed: 7 });
    expect(faultOf({ error: "busy" })).toMatchObject({ status: 400, reason: "Linode busy.", rate: 1 });
    expect(faultOf({ error: "503", path: "^/volumes", method: "post,PUT", late: true })).toEqual({
      status: 503,
      rate: 1,
      seed: 1,
      match: { methods: ["POST", "PUT"], path: "^/volumes" },
      when: "after",
    });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ error: "200" }, /--error 200 is not an error/],
    [{ error: "often" }, /--error often/],
    [{ error: "429", rate: "1.5" }, /--rate 1.5 is out of range[^]*from 0 to 1/],
    [{ error: "429", rate: "" }, /--rate {2}is out of range/],
    [{ error: "429", seed: "-1" }, /--seed -1/],
    [{ error: "429", path: "(" }, /--path \( is not a regular expression/],
  ])("refuse %j", (options, text) => {
    expect(() => faultOf(options)).toThrow(text);
  });
});

describe("the command line", () => {
  const parse = (...args: string[]) =>
    program()
      .configureOutput({ writeErr: () => undefined })
      .parseAsync(["node", "linode-lab", ...args]);

  it("has all subcommands, and each fault", () => {
    const command = program();
    expect(command.commands.map((each) => each.name()).sort()).toEqual(
      ["down", "env", "exec", "fault", "forward", "logs", "mail", "ssh", "status", "up"].sort(),
    );
    const faults = command.commands.find((each) => each.name() === "fault");
    expect(faults?.commands.map((each) => each.name()).sort()).toEqual([...FAULTS.map(faultName), "list"].sort());
  });

  it.each([[["nonsense"]], [["fault", "freeze"]], [["up", "--nonsense"]], [["exec"]], [["ssh"]]])(
    "refuses %j as wrong usage",
    async (args) => {
      await expect(parse(...args)).rejects.toMatchObject({ name: "CommanderError" });
    },
  );
});
