import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { run } from "../../support/run";
import { agent, Desk, fence, fenceByFlags, inState, python, said, scripted, TOKEN } from "./support";

const desk = new Desk();
afterAll(() => desk.close());

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly fallback: string | null;
  readonly required: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The metadata, read by a real XML parser and judged by the order of the fence-agents schema. */
async function metadata() {
  const { stdout, code } = await fence("metadata", {});
  expect(code).toBe(0);
  const read = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
print(json.dumps({
  "tag": root.tag, "name": root.get("name"), "shortdesc": root.get("shortdesc"), "children": [child.tag for child in root],
  "parameters": [{"name": p.get("name"), "required": p.get("required"), "attributes": p.attrib, "children": [c.tag for c in p],
    "type": p.find("content").get("type"), "fallback": p.find("content").get("default"), "getopt": p.find("getopt").get("mixed"),
    "choices": [o.get("value") for o in p.find("content")], "words": p.find("shortdesc").text} for p in root.find("parameters")],
  "actions": [a.attrib for a in root.find("actions")]}))`;
  const parsed = spawnSync(python, ["-c", read], { input: stdout, encoding: "utf8" });
  expect(parsed.stderr).toBe("");
  return JSON.parse(parsed.stdout) as {
    tag: string;
    name: string;
    shortdesc: string;
    children: string[];
    parameters: (Parameter & { children: string[]; choices: string[]; words: string; getopt: string })[];
    actions: Record<string, string>[];
  };
}

describe("metadata", () => {
  test("is XML in the order of the schema, with every parameter described", async () => {
    const { tag, name, shortdesc, children, parameters } = await metadata();
    expect([tag, name, children]).toEqual([
      "resource-agent",
      "fence_linode",
      ["longdesc", "vendor-url", "parameters", "actions"],
    ]);
    expect(shortdesc).not.toBe("");
    for (const each of parameters) {
      expect(each.children).toEqual(["getopt", "content", "shortdesc"]);
      expect(["string", "boolean", "second", "integer", "select"]).toContain(each.type);
      expect(Object.keys(each.attributes)).toEqual(expect.arrayContaining(["name", "unique", "required"]));
      expect(each.words).toMatch(/^[A-Z]/);
    }
    expect(new Set(parameters.map((each) => each.name)).size).toBe(parameters.length);
  });

  test("says what managers look for: plug and port, defaults, methods, and that nodes are not unfenced by `on`", async () => {
    const { parameters, actions } = await metadata();
    const named = (name: string) => parameters.find((each) => each.name === name);
    expect(named("plug")?.attributes).toMatchObject({ obsoletes: "port", required: "0" });
    expect(named("port")?.attributes).toMatchObject({ deprecated: "1" });
    expect(named("action")).toMatchObject({ required: "1", fallback: "reboot" });
    expect(named("method")).toMatchObject({ type: "select", choices: ["onoff", "cycle"], fallback: "onoff" });
    expect(named("api_url")?.fallback).toBe("https://api.linode.com/v4");
    expect(named("power_timeout")).toMatchObject({ type: "second", fallback: "180" });
    expect(parameters.map((each) => each.name).filter((name) => /passw|^token$|insecure/.test(name))).toEqual([]);
    expect(actions.map((each) => each["name"]).sort()).toEqual(
      ["list", "list-status", "metadata", "monitor", "off", "on", "reboot", "status", "validate-all"].sort(),
    );
    expect(actions.find((each) => each["name"] === "on")).toEqual({ name: "on", automatic: "0" });
    expect(actions.some((each) => "on_target" in each)).toBe(false);
  });

  test("the same by flag, and every flag of the metadata is one", async () => {
    expect((await fenceByFlags(["-o", "metadata"])).stdout).toBe((await fence("metadata", {})).stdout);
    const help = (await fenceByFlags(["--help"])).stdout;
    for (const { name } of (await metadata()).parameters) {
      if (name !== "port" && name !== "option") expect(help).toContain(`--${name.replaceAll("_", "-")}`);
    }
  });
});

describe("options", () => {
  test("on standard input: comments, blanks, unknown names and dashes are fine, the last of a name counts", async () => {
    const api = await scripted(["offline"]);
    const input = [
      "# a comment=ignored",
      "",
      "no equals sign",
      "nonsense=1",
      "agent=fence_linode",
      "  action=reboot",
      `api-url=${api.url}/`,
      `token_file=${desk.tokenFile}`,
      "plug=9",
      "plug=7",
      "option=STATUS",
    ].join("\n");
    const { code, stdout, stderr } = await run([python, "-B", agent], { input });
    expect([code, stdout, stderr]).toEqual([2, "Status: OFF\n", ""]);
    expect(api.seen[0]?.path).toBe("/linode/instances/7");
    await api.close();
  });

  test("as flags, short and long, with and without an equals sign", async () => {
    const api = await scripted(["offline"]);
    for (const flags of [
      ["-o", "status", "-n", "7", "-a", api.url, "-t", desk.tokenFile],
      ["--action=status", "--plug=7", `--api-url=${api.url}`, `--token-file=${desk.tokenFile}`],
      ["--action", "status", "--port", "7", "--api-url", api.url, "--token-file", desk.tokenFile, "--quiet"],
    ]) {
      expect(await fenceByFlags(flags)).toMatchObject({
        code: 2,
        stdout: flags.includes("--quiet") ? "" : "Status: OFF\n",
      });
    }
    await api.close();
  });

  test.each<[string[], string]>([
    [["--nonsense"], "no such option: --nonsense"],
    [["--plug"], "--plug needs a value"],
    [["word"], "no such option: a word without a flag"],
    [["-o", "explode"], "no such action"],
    [["-o", "off"], "off needs to know which Linode"],
    [["-o", "status", "-n", "7", "--power-timeout", "soon"], "power_timeout is not a number of seconds"],
    [["-o", "off", "-n", "7", "--delay", "-1"], "delay is not a number of seconds"],
    [["-o", "off", "-n", "7", "--delay", "nan"], "delay is not a number of seconds"],
    [["-o", "reboot", "-n", "7", "--method", "hope"], "method must be one of onoff,cycle"],
    [["-o", "monitor", "--api-url", "ftp://x/v4"], "not an address of the form"],
    [["-o", "monitor", "--api-url", "https://user:pass@x/v4"], "not an address of the form"],
    [["-o", "monitor", "--api-url", "https://x:port/v4"], "api_url is not an address"],
    [["-o", "monitor", "--api-url", "http://api.linode.com/v4"], "api_url is http: the token would cross the network"],
    [["-o", "monitor", "--api-url", "http://8.8.8.8/v4"], "api_url is http"],
    [["-o", "monitor", "--debug-file", "/nowhere/x"], "cannot write debug_file"],
  ])("%j is refused", async (flags, words) => {
    const result = await fenceByFlags(flags);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(`fence_linode: error: `);
    expect(result.stderr).toContain(words);
  });

  test("without any option at all it fails", async () => {
    expect((await run([python, "-B", agent], { input: "" })).code).toBe(1);
  });
});

describe("the token", () => {
  test.each([["--token"], ["--password"], ["--api-token"], ["--passwd"]])(
    "%s is refused, and not repeated",
    async (flag) => {
      for (const flags of [[flag, TOKEN], [`${flag}=${TOKEN}`]]) {
        const result = await fenceByFlags(["-o", "monitor", ...flags]);
        expect(result.code).toBe(1);
        expect(result.stderr).toContain("a secret on the command line");
      }
    },
  );

  test("in place of its file's path, or on standard input, it is not repeated either", async () => {
    expect((await fenceByFlags(["-o", "validate-all", "--token-file", TOKEN])).stderr).toContain(
      "not an absolute path",
    );
    const result = await fence("validate-all", { token: TOKEN, passwd: TOKEN, token_file: desk.tokenFile });
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("option token is not taken: put the token into token_file");
  });

  test.each([0o644, 0o640, 0o604, 0o660, 0o601])("a file of mode %o is refused", async (mode) => {
    const path = desk.write(`mode-${mode}`, TOKEN, mode);
    const result = await fence("validate-all", { token_file: path });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/is open to others \(mode 0\d{3}\)\n {2}do: chmod 0600/);
  });

  test("a file of somebody else is refused", async () => {
    const path = desk.write("foreign", TOKEN);
    // Only root can give a file away; anybody else has root's at hand.
    if (process.getuid?.() === 0) chownSync(path, 65534, 65534);
    const token_file = process.getuid?.() === 0 ? path : "/etc/passwd";
    expect((await fence("validate-all", { token_file })).stderr).toContain("not to root");
  });

  test("what is not one token in a file is refused", async () => {
    const folder = join(desk.folder, "folder");
    mkdirSync(folder);
    const two = desk.write("two", `${TOKEN}\nX: y\n`);
    const empty = desk.write("empty", "\n");
    const gone = join(desk.folder, "gone");
    for (const [token_file, words] of [
      [folder, "is not a file"],
      [two, "one token and nothing else"],
      [empty, "one token and nothing else"],
      [gone, "No such file"],
    ] as const) {
      expect(await fence("validate-all", { token_file })).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(words),
      });
    }
    expect((await fence("validate-all", { token_file: desk.tokenFile })).code).toBe(0);
    const link = join(desk.folder, "link");
    symlinkSync(desk.tokenFile, link);
    expect((await fence("validate-all", { token_file: link })).code).toBe(0);
  });

  test("is neither in the arguments nor in the environment of the running agent, nor in its debug file", async () => {
    const api = await scripted(["hang"]);
    const debugFile = join(desk.folder, "debug.log");
    const child = spawn(python, ["-B", agent], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(
      `action=off\nplug=7\napi_url=${api.url}\ntoken_file=${desk.tokenFile}\nverbose=1\ndebug_file=${debugFile}\nshell_timeout=20\n`,
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    while (api.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(api.seen[0]?.authorized).toBe(true);
    const shown = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${child.pid}/${file}`, "latin1")).join("");
    expect(shown).toContain("fence_linode");
    expect(shown).not.toContain(TOKEN);
    child.kill("SIGTERM");
    expect(await ended).toBe(1);
    expect(said(debugFile)).toContain("ended by signal 15 before it was done: nothing is confirmed");
    expect(said(debugFile)).not.toContain(TOKEN);
    expect(statSync(debugFile).mode & 0o777).toBe(0o600);
    await api.close();
  });

  test("an API that repeats the token in its answer does not bring it into the log", async () => {
    const api = await scripted([{ status: 401, body: { errors: [{ reason: `no such token: ${TOKEN}` }] } }]);
    const result = await fence("status", { plug: 7, api_url: api.url, token_file: desk.tokenFile });
    expect(result.stderr).toContain("no such token: ***");
    await api.close();
  });
});

describe("the encrypted connection", () => {
  test("a certificate of nobody known is refused, and the token not sent", async () => {
    const key = join(desk.folder, "key.pem");
    const certificate = join(desk.folder, "cert.pem");
    const made = spawnSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
      ]
        .concat([
          "-addext",
          "subjectAltName=DNS:localhost,IP:127.0.0.1",
          "-addext",
          "keyUsage=critical,digitalSignature,keyCertSign",
        ])
        .concat(["-keyout", key, "-out", certificate]),
      { encoding: "utf8" },
    );
    expect(made.stderr).not.toMatch(/error/i);
    const seen: (string | undefined)[] = [];
    const server = (await import("node:https")).createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (request, response) => {
        seen.push(request.headers.authorization);
        response.end(JSON.stringify((inState("offline") as { body: unknown }).body));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const options = { plug: 7, token_file: desk.tokenFile };
    const refused = await fence("status", { ...options, api_url: `https://127.0.0.1:${port}/v4` });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("the API's certificate is not to be trusted");
    expect(seen).toEqual([]);
    const trusted = { ...options, ca_file: certificate };
    expect((await fence("status", { ...trusted, api_url: `https://127.0.0.1:${port}/v4` })).code).toBe(2);
    expect(seen).toEqual([`Bearer ${TOKEN}`]);
    expect(
      (await fence("status", { ...options, ca_file: "/nowhere", api_url: "https://127.0.0.1/v4" })).stderr,
    ).toContain("cannot use ca_file");
    await new Promise((resolve) => server.close(resolve));
  });
});

test("compiles, and imports only what comes with Python", () => {
  const cache = join(desk.folder, "cache");
  const compiled = spawnSync(python, ["-m", "py_compile", agent], {
    env: { ...process.env, PYTHONPYCACHEPREFIX: cache },
  });
  expect(compiled.status).toBe(0);
  rmSync(cache, { recursive: true, force: true });
  const check = `
import ast, sys
tree = ast.parse(open(sys.argv[1]).read())
names = {n.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
names |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
print(sorted(names - set(sys.stdlib_module_names)))`;
  expect(spawnSync(python, ["-c", check, agent], { encoding: "utf8" }).stdout.trim()).toBe("[]");
});
