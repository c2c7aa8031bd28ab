import { Certificate, type CertificateArgs, type HaPair, UserError } from "../../../components";
import { MockEngine } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

const TOKEN = "dns-token-of-the-test";
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

const certificate = (args: Partial<CertificateArgs> = {}, name = "site") =>
  new Certificate(name, {
    nodes: pair.nodes,
    domains: ["example.org", "*.example.org"],
    zone: "example.org",
    contact: "hostmaster@example.org",
    acceptTerms: true,
    token: TOKEN,
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

test("the first node gets it, then the second, which asks the first; both know where it is", async () => {
  const made = certificate({ reload: ["nginx.service"] });
  await engine.settled();
  const names = engine.ofType("command:remote:Command").map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("site-"))).toEqual(["site-web1-certificate", "site-web2-certificate"]);
  expect(text("site-web1-certificate")).toContain(
    "DOMAINS='example.org *.example.org'\nRENEW_DAYS=30\nPOSITION=1\nPEER_NAME=web2\n",
  );
  expect(text("site-web2-certificate")).toContain("POSITION=2\nPEER_NAME=web1\n");
  expect(text("site-web1-certificate")).toContain("RELOAD='nginx.service'\n");
  expect(text("site-web1-certificate")).toContain("CA='https://acme-v02.api.letsencrypt.org/directory'\n");
  expect(made.certificatePath).toBe("/var/lib/linode-ha/certificates/site/live/fullchain.pem");
  expect(made.keyPath).toBe("/var/lib/linode-ha/certificates/site/live/privkey.pem");
});

test("each node lets the other's key in for one program, and no secret is in the text", async () => {
  certificate();
  await engine.settled();
  for (const name of ["site-web1-certificate", "site-web2-certificate"]) {
    expect(text(name)).toMatch(
      /restrict,from="10\.20\.0\.\d+",command="\/usr\/local\/sbin\/ha-certificate answer site" ssh-ed25519 \S+ certificate-site@web\d\n/,
    );
    expect(text(name)).not.toContain(TOKEN);
    expect(text(name)).not.toContain("PRIVATE KEY-----");
    expect(JSON.stringify(step(name)["stdin"])).toContain(Buffer.from(TOKEN).toString("base64"));
  }
  const granted = (name: string) => /ha-certificate answer site" (ssh-ed25519 \S+)/.exec(text(name))?.[1];
  expect(granted("site-web1-certificate")).toBe(granted("site-web2-certificate"));
});

test("another authority, and who signed its own HTTPS", async () => {
  certificate({
    authority: {
      directory: "https://203.0.113.4/dir",
      certificates: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
    },
  });
  await engine.settled();
  expect(text("site-web1-certificate")).toContain("CA='https://203.0.113.4/dir'\n");
  expect(text("site-web1-certificate")).toContain("--cacert /etc/linode-ha/certificates/site/authority.pem");
});

test.each<[string, Partial<CertificateArgs>, string]>([
  ["no name", { domains: [] }, "domains: is empty"],
  ["one name twice", { domains: ["example.org", "example.org"] }, "domains: has one name twice"],
  ["a name of another zone", { domains: ["example.org", "example.com"] }, "domains[1]: is not a name in the zone"],
  ["a name that only ends alike", { domains: ["notexample.org"] }, "domains[0]: is not a name in the zone"],
  ["a star inside", { domains: ["a.*.example.org"] }, "domains[0]: is not a name in the zone"],
  ["no mailbox", { contact: "nobody" }, "contact: is not a mailbox"],
  ["a mailbox that a shell would read", { contact: "a'b@example.org" }, "contact: is not a mailbox"],
  ["no consent", { acceptTerms: false as unknown as true }, "acceptTerms: must be true"],
  [
    "an authority without encryption",
    { authority: { directory: "http://203.0.113.4/dir" } },
    "authority.directory: is not",
  ],
  ["renewed too late", { renewDays: 9 }, "renewDays: is out of range"],
  ["a unit that is none", { reload: ["nginx; reboot"] }, "reload[0]: is not a service unit"],
  ["no token", { token: "" }, "token: is empty"],
])("refused: %s", (_what, args, words) => {
  expect(problems(() => certificate(args))).toEqual([expect.stringContaining(words)]);
});

test("all problems make one report, before anything is registered", () => {
  const before = engine.registered.length;
  expect(problems(() => certificate({ domains: [], contact: "", token: "" }, "Not A Name"))).toHaveLength(4);
  expect(engine.registered.slice(before).filter(({ type }) => !type.startsWith("linode-ha:"))).toEqual([]);
});
