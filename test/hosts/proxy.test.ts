import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NginxProxyParams, renderProxy } from "../../hosts/services/nginx-proxy/render";
import { ensureNamespace, removeNamespace } from "../../lab/network/namespace";
import { run } from "../support/run";
import { until } from "./upstreamNodes";

/** The proxy's configuration in nginx itself, before small servers, in a network namespace of its own. */
const base = mkdtempSync(join(tmpdir(), "linode-proxy-"));
const NS = `linode-px${process.pid}`;
const inside = (...command: string[]): string[] => ["nsenter", `--net=/run/netns/${NS}`, ...command];
const SERVERS = ["10.9.0.1", "10.9.0.2", "10.9.0.3"];
const children = new Map<string, ChildProcess>();

/** Tells its name, and what it was told. `/slow` takes half a second, `/hang` never answers, `/502` says so. */
const SERVER = `require("http").createServer((q, a) => {
  const said = JSON.stringify({ by: process.argv[1], for: q.headers["x-forwarded-for"], proto: q.headers["x-forwarded-proto"], host: q.headers.host });
  if (q.method === "POST") require("fs").appendFileSync(process.argv[2], process.argv[1] + "\\n");
  if (q.url === "/hang") return;
  if (q.url === "/502") return a.writeHead(502).end();
  setTimeout(() => a.end(said), q.url === "/slow" ? 500 : 0);
}).listen(8080, process.argv[1], () => console.log("open"));`;
const posts = join(base, "posts");

async function start(address: string): Promise<void> {
  const [file = "", ...args] = inside(process.execPath, "-e", SERVER, address, posts);
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.set(address, child);
  await new Promise((resolve) => child.stdout.once("data", resolve));
}

async function stop(address: string): Promise<void> {
  const child = children.get(address);
  if (child === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  children.delete(address);
  await ended;
}

const params = (more: Partial<NginxProxyParams> = {}): NginxProxyParams => ({
  name: "proxy",
  backends: SERVERS.map((address) => ({ name: address, address, port: 8080 })),
  stick: "none",
  connectSeconds: 1,
  restSeconds: 2,
  answerSeconds: 2,
  maxBodyMiB: 1,
  ...more,
});

async function configure(more: Partial<NginxProxyParams> = {}): Promise<void> {
  writeFileSync(join(base, "proxy.conf"), renderProxy(params(more)));
  const command = ["nginx", "-p", base, "-e", join(base, "error.log"), "-c", join(base, "nginx.conf")];
  const checked = await run(inside(...command, "-t"));
  expect(checked).toMatchObject({ code: 0 });
  const running = (await run(inside(...command, "-s", "reload"))).code === 0;
  if (!running) expect(await run(inside(...command))).toMatchObject({ code: 0 });
}

interface Answer {
  readonly code: number;
  readonly by: string;
  readonly for: string;
  readonly proto: string;
  readonly host: string;
}

async function ask(path = "/", ...more: string[]): Promise<Answer> {
  const { stdout } = await run(
    inside(
      "curl",
      "-sS",
      "-w",
      "\n%{http_code}",
      "--max-time",
      "20",
      "-H",
      "Host: www.example.org",
      ...more,
      `http://203.0.113.1${path}`,
    ),
  );
  const lines = stdout.split("\n");
  const code = Number(lines.pop());
  return {
    code,
    ...(code === 200
      ? (JSON.parse(lines.join("\n")) as Omit<Answer, "code">)
      : { by: "", for: "", proto: "", host: "" }),
  };
}

const many = async (count: number, path?: string): Promise<Answer[]> => {
  const answers: Answer[] = [];
  for (let index = 0; index < count; index++) answers.push(await ask(path));
  return answers;
};

beforeAll(async () => {
  await ensureNamespace(NS);
  for (const address of SERVERS) await run(inside("ip", "address", "add", `${address}/32`, "dev", "lo"));
  mkdirSync(join(base, "temp"));
  writeFileSync(
    join(base, "nginx.conf"),
    `user root; pid ${base}/nginx.pid; events {}\nhttp { access_log off; client_body_temp_path ${base}/temp; proxy_temp_path ${base}/temp; fastcgi_temp_path ${base}/temp; uwsgi_temp_path ${base}/temp; scgi_temp_path ${base}/temp;\ninclude ${base}/proxy.conf; }\n`,
  );
});
afterAll(async () => {
  await run(inside("nginx", "-p", base, "-e", join(base, "error.log"), "-c", join(base, "nginx.conf"), "-s", "stop"));
  for (const address of SERVERS) await stop(address);
  await removeNamespace(NS);
  rmSync(base, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const address of SERVERS) if (!children.has(address)) await start(address);
  writeFileSync(posts, "");
  await configure();
});

test("all servers have their turn, and are told who asks, for which name, and how", async () => {
  const answers = await many(9);
  expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(SERVERS));
  expect(answers[0]).toMatchObject({ code: 200, for: "203.0.113.1", proto: "http", host: "www.example.org" });
});

test("what a client says of itself is not passed on", async () => {
  const answer = await ask("/", "-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Forwarded-Proto: https");
  expect(answer).toMatchObject({ for: "203.0.113.1", proto: "http" });
});

test("a server that is gone is out of the rotation at once, and nobody sees it; back, it has its turn again", async () => {
  await stop(SERVERS[0] ?? "");
  const answers = await many(12);
  expect(answers.every(({ code }) => code === 200)).toBe(true);
  expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(SERVERS.slice(1)));
  await start(SERVERS[0] ?? "");
  let back = false;
  const look = setInterval(() => void ask().then(({ by }) => (back ||= by === SERVERS[0])), 200);
  await until("the first server has its turn", () => back, 10_000).finally(() => clearInterval(look));
});

test("a server that hangs costs one request its time; what may have had its effect is not asked twice", async () => {
  expect((await ask("/502")).code).toBe(502);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const posted = await ask("/hang", "-X", "POST", "-d", "x=1");
  expect(posted.code).toBe(504);
  const { stdout } = await run(["cat", posts]);
  expect(stdout.trim().split("\n")).toHaveLength(1);
});

test("a client that sticks has one server, until that is gone", async () => {
  await configure({ stick: "address" });
  // A reload's new workers take over within moments.
  let first: string[] = [];
  for (let round = 0; round < 20 && new Set(first).size !== 1; round++) first = (await many(6)).map(({ by }) => by);
  expect(new Set(first).size).toBe(1);
  await stop(first[0] ?? "");
  const next = await many(6);
  expect(next.every(({ code }) => code === 200)).toBe(true);
  expect(new Set(next.map(({ by }) => by)).size).toBe(1);
});

test("a reload loses no request", async () => {
  const slow = Array.from({ length: 6 }, () => ask("/slow"));
  const answers: Answer[] = [];
  for (let round = 0; round < 6; round++) {
    await configure({ restSeconds: 2 + round });
    answers.push(...(await many(3)));
  }
  expect([...answers, ...(await Promise.all(slow))].filter(({ code }) => code !== 200)).toEqual([]);
});

test("a single server is asked always", async () => {
  await configure({ backends: [{ name: "only", address: SERVERS[0] ?? "", port: 8080 }] });
  expect((await ask("/502")).code).toBe(502);
  let answer = await ask();
  for (let round = 0; round < 20 && answer.by !== SERVERS[0]; round++) answer = await ask();
  expect(answer).toMatchObject({ code: 200, by: SERVERS[0] });
});

test("over HTTPS the servers are told so, and HTTP is sent there", async () => {
  const [key, certificate] = [join(base, "key.pem"), join(base, "certificate.pem")];
  await run([
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    "/CN=www.example.org",
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  await configure({ tls: { key: key as `/${string}`, certificate: certificate as `/${string}` } });
  let moved = { stdout: "" };
  for (let round = 0; round < 20 && !moved.stdout.startsWith("301"); round++)
    moved = await run(
      inside(
        "curl",
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code} %{redirect_url}",
        "-H",
        "Host: www.example.org",
        "http://203.0.113.1/a?b",
      ),
    );
  expect(moved.stdout).toBe("301 https://www.example.org/a?b");
  const { stdout } = await run(inside("curl", "-sSk", "--connect-to", "::203.0.113.1:443", "https://www.example.org/"));
  expect(JSON.parse(stdout)).toMatchObject({ proto: "https", for: "203.0.113.1", host: "www.example.org" });
});
