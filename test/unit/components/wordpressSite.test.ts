import { type HaPair, UserError, WordpressSite, type WordpressSiteArgs } from "../../../components";
import { MockEngine } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

const PASSWORD = "correct-horse-battery";
let engine: MockEngine;
let pair: HaPair;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  pair = mockPair("data");
});
afterEach(async () => {
  await engine.settled();
});

const site = (args: Partial<WordpressSiteArgs> = {}, name = "site") =>
  new WordpressSite(name, {
    nodes: pair.nodes,
    share: { mountpoint: "/srv/www", ready: [] },
    host: "www.example.org",
    aliases: ["example.org"],
    database: { name: "site", user: "site", password: "db-password-of-the-test" },
    title: "It's a site",
    adminUser: "editor",
    adminEmail: "editor@example.org",
    adminPassword: PASSWORD,
    ...args,
  });
const step = (name: string) => engine.named(name, "command:remote:Command").inputs;
const text = (name: string): string => step(name)["create"] as string;
const certificate = { certificatePath: "/c/fullchain.pem", keyPath: "/c/privkey.pem", ready: [] };

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

test("the first node makes the site, and both have the same salts, which nobody sees", async () => {
  expect(site().url).toBe("http://www.example.org");
  await engine.settled();
  expect(text("site-web1-wordpress")).toContain("FIRST=yes\n");
  expect(text("site-web2-wordpress")).toContain("FIRST=no\n");
  for (const name of ["site-web1-wordpress", "site-web2-wordpress"]) {
    expect(text(name)).not.toContain(PASSWORD);
    expect(text(name)).not.toContain("db-password-of-the-test");
    expect(text(name)).not.toContain("secret-of-site-salt");
    const secrets = JSON.stringify(step(name)["stdin"]);
    for (const secret of [PASSWORD, "db-password-of-the-test", "secret-of-site-salt"]) {
      expect(secrets).toContain(Buffer.from(secret).toString("base64"));
    }
  }
});

test("programs come onto both nodes before the first node's turn", async () => {
  site();
  await engine.settled();
  const commands = engine.ofType("command:remote:Command").map(({ name }) => name);
  expect(commands.filter((name) => name.startsWith("site-")).map((name) => name.replace(/-web[12]-/, " "))).toEqual([
    "site packages",
    "site packages",
    "site wordpress",
    "site wordpress",
  ]);
  expect(text("site-web2-packages")).toMatch(/PACKAGES='[^']*\bwordpress\b/);
});

test("with a certificate everything is sent to https; without one nothing speaks it", async () => {
  expect(site({ certificate }).url).toBe("https://www.example.org");
  await engine.settled();
  expect(text("site-web1-wordpress")).toContain(
    "  ssl_certificate /c/fullchain.pem;\n  ssl_certificate_key /c/privkey.pem;\n",
  );
  expect(text("site-web1-wordpress")).toContain("    return 301 https://www.example.org$request_uri;\n");
  expect(text("site-web1-wordpress")).toContain("define('WP_HOME', 'https://www.example.org');");
});

test("behind proxies their word counts, and only theirs", async () => {
  site({ proxies: { cidrs: ["10.20.0.0/24"], https: true } });
  await engine.settled();
  expect(text("site-web1-wordpress")).toContain("set_real_ip_from 10.20.0.0/24;\nreal_ip_header X-Forwarded-For;\n");
  expect(text("site-web1-wordpress")).not.toContain('HTTP_X_FORWARDED_PROTO "";');
});

test("without proxies nobody can claim that a request came over HTTPS", async () => {
  site();
  await engine.settled();
  expect(text("site-web1-wordpress")).toContain('fastcgi_param HTTP_X_FORWARDED_PROTO "";\n');
  expect(text("site-web1-wordpress")).not.toContain("set_real_ip_from");
});

test("two databases that both write: transients stay on the node", async () => {
  site({ database: { name: "site", user: "site", password: "db-password-of-the-test", multiMaster: true } });
  await engine.settled();
  expect(text("site-web1-wordpress")).toContain("TRANSIENTS=local\n");
  expect(text("site-web1-wordpress")).toContain("define('DB_HOST', 'localhost:/run/mysqld/mysqld.sock');");
});

test("a database elsewhere, by node", async () => {
  const hosts = { web1: "10.20.0.21", web2: "10.20.0.22:3307" };
  site({ database: { name: "site", user: "site", password: "db-password-of-the-test", hosts } });
  await engine.settled();
  expect(text("site-web1-wordpress")).toContain("define('DB_HOST', '10.20.0.21');");
  expect(text("site-web2-wordpress")).toContain("define('DB_HOST', '10.20.0.22:3307');");
  expect(text("site-web1-wordpress")).toContain("TRANSIENTS=database\n");
});

test.each<[string, Partial<WordpressSiteArgs>, string]>([
  ["no web server", { nodes: [] }, "nodes: is empty"],
  ["a weak password", { adminPassword: "short" }, "adminPassword: is too weak"],
  ["a password of two lines", { adminPassword: "long-enough-but\nin-two" }, "adminPassword: is too weak"],
  ["a host that is none", { host: "example" }, "host: is not a host name"],
  ["a name twice", { aliases: ["www.example.org"] }, "aliases[0]: is given twice"],
  ["an account that nobody can type", { adminUser: "a b" }, "adminUser: cannot be used"],
  ["no mailbox", { adminEmail: "editor" }, "adminEmail: cannot be used"],
  ["a title of two lines", { title: "one\ntwo" }, "title: cannot be used"],
  ["a share that is no path", { share: { mountpoint: "srv", ready: [] } }, "share.mountpoint: is not an absolute path"],
  ["proxies from nowhere", { proxies: { cidrs: ["10.0.0.0"], https: true } }, "proxies.cidrs[0]: is not a network"],
  ["no PHP", { workers: 0 }, "workers: is out of range"],
])("refused: %s", (_what, args, words) => {
  expect(problems(() => site(args))).toEqual([expect.stringContaining(words)]);
});

test("a second site on the same port is refused, and names the first", () => {
  site();
  expect(problems(() => site({ host: "b.example.org", aliases: [] }, "other"))).toEqual([
    'nodes: this tcp port of web1 is already used by WordpressSite "site"',
    'nodes: this tcp port of web2 is already used by WordpressSite "site"',
  ]);
});
