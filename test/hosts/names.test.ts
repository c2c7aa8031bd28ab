import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificateRole, certificateSecrets, type CertificateParams } from "../../hosts/services/certificate/render";
import { API_ADDRESS } from "../../lab/network/namespace";
import { NAME_SERVER } from "../../lab/upstream/addresses";
import { authorityCertificate } from "../../lab/upstream/authority";
import { run } from "../support/run";
import { TOKEN } from "../unit/api/support";
import { layFiles, NamesLab } from "./namesLab";

const ZONE = "example.org";
const names = new NamesLab("nm", ZONE);
const { lab } = names;

beforeAll(() => names.open({ authority: true }), 300_000);
afterAll(() => names.close());

describe("the region's name server", () => {
  test("answers for the domains of the account as they are now, and for nothing else", async () => {
    await names.record({ type: "A", name: "", target: "198.51.100.1", ttl_sec: 30 });
    const second = await names.record({ type: "A", name: "", target: "198.51.100.2", ttl_sec: 30 });
    await names.record({ type: "AAAA", name: "www", target: "2001:db8::1" });
    await names.record({ type: "TXT", name: "long", target: `${"x".repeat(300)} "quoted" \\ ` });
    await names.until(
      "all of it",
      () => names.ask(`long.${ZONE}`, "TXT").length > 0 && names.ask(`long.${ZONE}`, "TXT")[0] !== "ENOTFOUND",
    );
    expect(names.ask(ZONE, "A").sort()).toEqual(["198.51.100.1", "198.51.100.2"]);
    expect(names.ask(`www.${ZONE}`, "AAAA")).toEqual(["2001:db8::1"]);
    expect(names.ask(`long.${ZONE}`, "TXT").join("")).toBe(`${"x".repeat(300)} "quoted" \\ `);
    expect(names.ask(ZONE, "NS").sort()).toEqual([1, 2, 3, 4, 5].map((number) => `ns${number}.linode.com`));
    expect(names.ask("ns3.linode.com", "A")).toEqual([NAME_SERVER.ipv4]);
    expect(names.ask("example.com", "A")).toEqual(["EREFUSED"]);
    await lab.ok("DELETE", `/domains/${names.domain}/records/${second.id}`);
    await names.until("one address", () => names.ask(ZONE, "A").length === 1);
  });

  test("takes in new domains, and forgets deleted ones", async () => {
    const { id } = await lab.ok("POST", "/domains", {
      domain: "another.example",
      type: "master",
      soa_email: "a@b.example",
    });
    await names.until("the new domain", () => names.ask("another.example", "NS").length === 5);
    await lab.ok("DELETE", `/domains/${id}`);
    await names.until("its end", () => names.ask("another.example", "NS")[0] === "EREFUSED");
    expect(names.ask(ZONE, "NS")).toHaveLength(5);
  });

  test("tells the last of many changes that come at once", async () => {
    const targets = Array.from({ length: 12 }, (_, index) => `2001:db8::1:${index + 1}`);
    await Promise.all(targets.map((target) => names.record({ type: "AAAA", name: "many", target })));
    await names.until("all of them", () => names.ask(`many.${ZONE}`, "AAAA").length === targets.length);
    const log = readFileSync(join(names.base, "names", "name server.log"), "utf8");
    expect(log).not.toContain("continuing with old database");
  });

  test("comes back when it is killed", async () => {
    const pid = (): number =>
      (JSON.parse(readFileSync(join(names.base, "names", "name server.json"), "utf8")) as { pid: number }).pid;
    const before = pid();
    process.kill(before, "SIGKILL");
    await names.until("another process", () => pid() !== before && names.ask(ZONE, "NS").length === 5);
  });
});

/** A node as far as certificates go: its files below a folder, and an `ssh` and a `systemctl` of the test's. */
class CertificateNode {
  readonly root: string;
  readonly bin: string;

  constructor(
    readonly name: string,
    params: Omit<CertificateParams, "node">,
    private readonly peerRoot: string,
  ) {
    this.root = join(names.base, name);
    this.bin = join(this.root, "bin");
    mkdirSync(this.bin, { recursive: true });
    const secrets = {
      [certificateSecrets.token]: TOKEN,
      [certificateSecrets.peerKey]: "unused",
    };
    layFiles(this.root, certificateRole.files({ ...params, node: name }), secrets);
    this.program("systemctl", `echo "$@" >>'${this.root}/reloads'`);
    this.program(
      "ssh",
      `[ ! -e '${this.root}/alone' ] || exit 255
for word; do :; done
SSH_ORIGINAL_COMMAND=$word CERTIFICATE_ROOT='${this.peerRoot}' PATH='${this.peerRoot}/bin':$PATH exec '${this.peerRoot}/usr/local/sbin/ha-certificate' answer site`,
    );
  }

  private program(name: string, text: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  /** Whether it reaches its peer. */
  alone(alone: boolean): void {
    if (alone) writeFileSync(join(this.root, "alone"), "");
    else rmSync(join(this.root, "alone"), { force: true });
  }

  async certificate(...words: string[]) {
    const env = {
      CERTIFICATE_ROOT: this.root,
      PATH: `${this.bin}:${process.env["PATH"]}`,
      LINODE_DNS: join(this.root, "usr/local/lib/linode-ha/linode-dns"),
    };
    const command = [join(this.root, "usr/local/sbin/ha-certificate"), ...words];
    const result = await run(names.inside(...command), { env, seconds: 180 });
    expect(result.stdout + result.stderr).not.toContain(TOKEN);
    return result;
  }

  get live(): string {
    return join(this.root, "var/lib/linode-ha/certificates/site/live");
  }

  get serial(): string {
    return execFileSync("openssl", ["x509", "-in", join(this.live, "fullchain.pem"), "-noout", "-serial"], {
      encoding: "utf8",
    });
  }

  get reloads(): number {
    return existsSync(join(this.root, "reloads"))
      ? (readFileSync(join(this.root, "reloads"), "utf8").match(/reload-or-restart/g)?.length ?? 0)
      : 0;
  }
}

describe("a certificate of two nodes", () => {
  const key = `ssh-ed25519 ${Buffer.alloc(51).toString("base64")}`;
  const params = (more: Partial<CertificateParams> = {}): Omit<CertificateParams, "node"> => ({
    name: "site",
    members: [
      { name: "web1", address: "10.20.0.11", hostKey: key },
      { name: "web2", address: "10.20.0.12", hostKey: key },
    ],
    domains: [ZONE, `www.${ZONE}`, `*.dev.${ZONE}`],
    zone: ZONE,
    contact: `root@${ZONE}`,
    directory: "https://203.0.113.4/dir",
    authorityCertificates: readFileSync(authorityCertificate(join(names.base, "authority")), "utf8"),
    renewDays: 30,
    reload: ["nginx.service"],
    peerKey: key,
    apiUrl: `http://${API_ADDRESS}/v4`,
    ...more,
  });
  const pair = (more: Partial<CertificateParams> = {}): [CertificateNode, CertificateNode] => [
    new CertificateNode("web1", params(more), join(names.base, "web2")),
    new CertificateNode("web2", params(more), join(names.base, "web1")),
  ];
  const challenges = async () =>
    (await lab.ok("GET", `/domains/${names.domain}/records`)).data.filter(({ name }) =>
      name.startsWith("_acme-challenge"),
    );

  test("is issued on the first, taken by the second, and not issued again while it lasts", async () => {
    const [one, two] = pair();
    expect((await one.certificate("status", "site")).code).toBe(1);
    expect(await one.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(await one.certificate("status", "site")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/site: (89|90) days left/),
    });
    // It was asked to take it.
    expect(two.serial).toBe(one.serial);
    expect(readFileSync(join(two.live, "privkey.pem"), "utf8")).toBe(
      readFileSync(join(one.live, "privkey.pem"), "utf8"),
    );
    expect([one.reloads, two.reloads]).toEqual([1, 1]);
    const before = readlinkSync(one.live);
    expect(await one.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(await two.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(readlinkSync(one.live)).toBe(before);
    expect(two.serial).toBe(one.serial);
    expect(await challenges()).toEqual([]);
  }, 240_000);

  test("is renewed by either with the other away, which takes it when it is back", async () => {
    const [one, two] = pair();
    const before = one.serial;
    one.alone(true);
    two.alone(true);
    const renewed = await two.certificate("renew", "site", "--force");
    expect(renewed).toMatchObject({ code: 0, stderr: expect.stringContaining("web1 did not take it now") });
    expect(two.serial).not.toBe(before);
    expect(one.serial).toBe(before);
    one.alone(false);
    two.alone(false);
    // A second longer is longer.
    expect(await one.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(one.serial).toBe(two.serial);
  }, 240_000);

  test("names that change make another one; the second node leaves a renewal to the first for some days", async () => {
    const [one, two] = pair({ domains: [ZONE] });
    expect((await two.certificate("status", "site")).stdout).toContain("there is no certificate for example.org");
    expect(await one.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(two.serial).toBe(one.serial);
    // Due for the first, which has 89 days and wants 92; not for the second, which wants 87.
    const [eager, patient] = pair({ domains: [ZONE], renewDays: 92 });
    const before = one.serial;
    expect(await patient.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(patient.serial).toBe(before);
    expect(await eager.certificate("renew", "site")).toMatchObject({ code: 0 });
    expect(eager.serial).not.toBe(before);
    expect(patient.serial).toBe(eager.serial);
  }, 240_000);

  test("a zone that the account lacks, and an authority that refuses, are told with what to do; what is there stays", async () => {
    const [one] = pair();
    await one.certificate("renew", "site");
    const before = one.serial;
    const [other] = pair({ zone: "not-ours.example", domains: ["not-ours.example"] });
    const refused = await other.certificate("renew", "site");
    expect(refused.code).toBe(10);
    expect(refused.stderr).toContain("the account of this token has no domain not-ours.example");
    expect(refused.stderr).toContain("do: ");
    const [again] = pair();
    expect(again.serial).toBe(before);
    expect(await challenges()).toEqual([]);
  }, 240_000);
});
