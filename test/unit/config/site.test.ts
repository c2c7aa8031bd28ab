import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { Problem } from "../../../components/internal/errors";
import { parseDualPrimary } from "../../../config/dualPrimary";
import { withSiteSecrets } from "../../../config/siteRules";
import { projectRoot } from "../../support/lab";
import { setAt } from "../services/setAt";

type Document = Record<string, unknown>;

/** A whole site, with its secrets. */
function whole(change: (document: Document) => void = () => undefined): Document {
  const file = join(projectRoot, "stacks", "Pulumi.example-dual-primary-site.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as { config: Document };
  const document = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("linode-ha:", ""), value]),
  );
  Object.assign(document, { fencingToken: "f-token", dnsToken: "d-token", siteAdminPassword: "well-known-in-a-test" });
  change(document);
  return document;
}

function problemsOf(document: Document): readonly Problem[] {
  const parsed = parseDualPrimary(document);
  return "problems" in parsed ? parsed.problems : [];
}

const told = (document: Document): string[] => problemsOf(document).map(({ path, what }) => `${path}: ${what}`);
const without = (...keys: string[]) =>
  whole((document) => keys.forEach((key) => Reflect.deleteProperty(document, key)));

test("the example is a whole site, and its device joins the pair's", () => {
  const parsed = parseDualPrimary(whole());
  expect(parsed).not.toHaveProperty("problems");
  const { config } = parsed as Extract<typeof parsed, { config: unknown }>;
  expect(config.pair.disks.volumes).toEqual({ www: { sizeGiB: 10 }, mariadb: { sizeGiB: 10 } });
  expect(config.site).toMatchObject({ host: "www.example.org", volume: "www", workers: 8 });
  expect(config.dns).toMatchObject({ zone: "example.org", ttlSeconds: 120, health: true });
});

test("without any of it the stack is what it was", () => {
  const bare = without("database", "site", "dns", "certificate", "dnsToken", "siteAdminPassword");
  const parsed = parseDualPrimary(bare);
  expect(parsed).toMatchObject({ config: { pair: { disks: { volumes: { www: { sizeGiB: 10 } } } } } });
});

test.each<[string, Document, string[]]>([
  ["a site without a database", without("database"), ["database: is missing: a site needs one"]],
  ["names of nothing", without("site"), ["site: is missing: a certificate and names are those of a site"]],
  ["a certificate without a zone", without("dns"), ["dns: is missing: a certificate is proven through the zone"]],
  ["no token", without("dnsToken"), ["dnsToken: is missing: the nodes change records of the zone"]],
  ["no password", without("siteAdminPassword"), ["siteAdminPassword: is missing: the site's first account needs one"]],
  [
    "a short one",
    whole((d) => setAt(d, "siteAdminPassword", "short")),
    ["siteAdminPassword: is shorter than 12 characters"],
  ],
  [
    "a host outside the zone",
    whole((d) => setAt(d, "site.host", "www.example.com")),
    ["site.host: is not in the zone example.org"],
  ],
  [
    "a name twice",
    whole((d) => setAt(d, "site.aliases", ["www.example.org"])),
    ["site.aliases[0]: is a name of the site already"],
  ],
  ["a volume that is none", whole((d) => setAt(d, "site.volume", "files")), ["site.volume: is not one of the volumes"]],
  [
    "ports that are closed",
    whole((d) => setAt(d, "pair.access.publicTcpPorts", [80])),
    ["pair.access.publicTcpPorts: does not open port 443: nobody could see the site"],
  ],
  [
    "a time of 60 s",
    whole((d) => setAt(d, "dns.ttlSeconds", 60)),
    ["dns.ttlSeconds: is no time that the vendor's name servers know; nearest: 30 or 120"],
  ],
  [
    "no consent",
    whole((d) => setAt(d, "certificate.acceptTerms", false)),
    ["certificate.acceptTerms: must be true: no authority gives a certificate to who does not agree to its terms"],
  ],
  [
    "the database's mount point",
    whole((d) => setAt(d, "volumes.www.filesystem.mountpoint", "/srv/mariadb")),
    ["volumes.www.filesystem.mountpoint: is where the database's own file system is mounted"],
  ],
  ["an unknown key", whole((d) => setAt(d, "site.tittle", "x")), ["site.tittle: is not a known key"]],
])("refused: %s", (_what, document, expected) => {
  expect(told(document)).toEqual(expected);
});

test("several volumes: the site's must be named", () => {
  const document = whole((d) =>
    setAt(d, "volumes.more", { port: 7790, minor: 1, filesystem: { mountpoint: "/srv/more" } }),
  );
  expect(told(document)).toEqual(["site.volume: is missing: there are several volumes"]);
  setAt(document, "site.volume", "more");
  expect(told(document)).toEqual([]);
});

test("the name of the database's own device is taken", () => {
  const document = whole((d) => setAt(d, "volumes", { mariadb: { filesystem: { mountpoint: "/srv/www" } } }));
  expect(told(document)).toEqual(["volumes.mariadb: is the name of the database's own device"]);
});

test("no secret is shown, whatever is wrong with it", () => {
  for (const key of ["dnsToken", "siteAdminPassword"]) {
    const [problem] = problemsOf(whole((d) => setAt(d, key, { not: "a-secret-that-nobody-sees" })));
    expect(problem?.path).toBe(key);
    expect(JSON.stringify(problem)).not.toContain("a-secret-that-nobody-sees");
  }
});

describe("what the environment adds", () => {
  const folder = mkdtempSync(join(tmpdir(), "linode-ha-site-"));
  const file = join(folder, "authority.pem");
  afterAll(() => rmSync(folder, { recursive: true }));

  const environment = {
    LINODE_DNS_TOKEN: "of-the-environment",
    SITE_ADMIN_PASSWORD: "of-the-environment-too",
    LINODE_ACME_CA_FILE: file,
  };

  test("secrets and the authority's certificate, where the stack says none", () => {
    writeFileSync(file, "-----BEGIN CERTIFICATE-----\n");
    const document = withSiteSecrets(without("dnsToken", "siteAdminPassword"), environment);
    expect(document).toMatchObject({ dnsToken: "of-the-environment", siteAdminPassword: "of-the-environment-too" });
    expect(document["certificate"]).toMatchObject({ caCertificates: "-----BEGIN CERTIFICATE-----\n" });
  });

  test("nothing where the stack has its own, or needs none", () => {
    expect(withSiteSecrets(whole(), environment)).toMatchObject({
      dnsToken: "d-token",
      siteAdminPassword: "well-known-in-a-test",
    });
    const own = whole((d) => setAt(d, "certificate.caCertificates", "own"));
    expect(withSiteSecrets(own, environment)["certificate"]).toMatchObject({ caCertificates: "own" });
    const bare = without("database", "site", "dns", "certificate", "dnsToken", "siteAdminPassword");
    expect(withSiteSecrets(bare, environment)).toEqual(bare);
  });
});
