import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostRole } from "../../../hosts/contract";
import { maxStepBytes, renderStep } from "../../../hosts/bundle";
import { localFilesystemRole } from "../../../hosts/local-filesystem/render";
import { renderMariadbPair } from "../../../hosts/services/mariadb-pair/config";
import { mariadbServerSideRole } from "../../../hosts/services/mariadb-pair/render";
import { mariadbReplicationRole } from "../../../hosts/services/mariadb-replication/render";
import { mariadbSeedRole } from "../../../hosts/services/mariadb-seed/render";
import { mariadbTrustRole } from "../../../hosts/services/mariadb-trust/render";
import { multiMaster, replica } from "./support";

const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

function readable<P, R>(role: HostRole<P, R>, params: P): string {
  const own = Object.entries(role.files(params)).filter(([path]) => !/^\/usr\/local\/|health\.d/.test(path));
  return [
    `### ${role.name}\n`,
    ...Object.entries(role.variables(params)).map(([name, value]) => `${name}=${value}\n`),
    ...own.map(([path, { mode, secret, content }]) =>
      [`\n==> ${path} ${mode}`, secret && `secret ${secret}`].filter(Boolean).join(" ").concat("\n", content),
    ),
    "\n",
  ].join("");
}

const certificate = (name: string): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(name).toString("base64")}\n-----END CERTIFICATE-----`;
const side = (name: string) => ({
  certificate: certificate(name),
  copyKey: `ssh-ed25519 ${Buffer.from(`copy-${name}`).toString("base64")}`,
  hostKey: `ssh-ed25519 ${Buffer.from(`host-${name}`).toString("base64")}`,
});
const account = { database: "site", user: "site", clients: ["localhost", "10.20.0.9"] };

const whole = (params: typeof multiMaster): string =>
  [
    readable(mariadbServerSideRole, { ...params, certificateRound: "1", certificateDays: 3650 }),
    readable(mariadbTrustRole, { ...params, own: side("own"), peer: side("peer") }),
    readable(mariadbSeedRole, { ...params, account }),
    readable(mariadbReplicationRole, params),
  ].join("");

const texts: Record<string, string> = {
  "multi-master": whole(multiMaster),
  replica: whole(replica),
  "local-filesystem": readable(localFilesystemRole, {
    device: "/dev/disk/by-id/scsi-0Linode_Volume_web1-db",
    type: "ext4",
    label: "db",
    mountpoint: "/srv/mariadb",
  }),
};

test.each(Object.keys(texts))("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(__dirname, "expected", `${name}.txt`);
  if (UPDATE) writeFileSync(path, texts[name] ?? "");
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});

test("numbers never meet: each node has its own server, domain and offset", () => {
  const of = (node: string) => renderMariadbPair({ ...multiMaster, node });
  for (const line of ["server_id = 1", "gtid_domain_id = 1", "auto_increment_offset = 1"]) {
    expect(of("web1").split("\n")).toContain(line);
    expect(of("web2").split("\n")).toContain(line.replace("= 1", "= 2"));
  }
});

test("an acknowledged write survives a power cut, and a row that is not as expected stops replication", () => {
  for (const params of [multiMaster, replica]) {
    const lines = renderMariadbPair(params).split("\n");
    for (const line of [
      "innodb_flush_log_at_trx_commit = 1",
      "sync_binlog = 1",
      "slave_exec_mode = STRICT",
      "gtid_strict_mode = ON",
      "binlog_format = ROW",
    ]) {
      expect(lines).toContain(line);
    }
  }
});

test("a replica's server starts read-only and follows nobody: what it is, is found out first", () => {
  const lines = renderMariadbPair(replica).split("\n");
  expect(lines).toEqual(expect.arrayContaining(["read_only = ON", "skip_slave_start = ON"]));
  // An acknowledging server that crashed takes back what was not acknowledged: on a writer that would be a loss.
  expect(lines.join()).not.toMatch(/rpl_semi_sync_(slave|master)_enabled/);
});

test("the peer's key may run one program from one address, and nothing else", () => {
  const files = mariadbTrustRole.files({ ...multiMaster, own: side("own"), peer: side("peer") });
  expect(files["/etc/linode-ha/peer-keys.d/mariadb-copy"]?.content).toMatch(
    /^restrict,from="10\.20\.0\.2",command="\/usr\/local\/lib\/linode-ha\/mariadb\/donor" ssh-ed25519 \S+ mariadb-copy@web2\n$/,
  );
  expect(files["/etc/ssh/sshd_config.d/60-linode-ha-peer-10-20-0-2.conf"]?.content).toContain(
    "Match User root Address 10.20.0.2\n    AuthorizedKeysCommand /usr/local/lib/linode-ha/peer-keys\n",
  );
});

test.each([
  ["two certificates", { certificate: `${certificate("a")}\n${certificate("b")}` }, /not one certificate/],
  [
    "a key among them",
    { certificate: certificate("a").replaceAll("CERTIFICATE", "PRIVATE KEY") },
    /not one certificate/,
  ],
  ["options before a key", { copyKey: 'command="sh" ssh-ed25519 AAAA' }, /not an Ed25519 public key/],
  ["a second line", { hostKey: "ssh-ed25519 AAAA\nssh-ed25519 BBBB" }, /not an Ed25519 public key/],
])("what a host says of itself is not taken as it comes: %s", (_what, change, words) => {
  const params = { ...multiMaster, own: side("own"), peer: { ...side("peer"), ...change } };
  expect(() => mariadbTrustRole.files(params)).toThrow(words);
});

test("steps fit into a command and carry no password", () => {
  const identity = { step: "mariadb-db", node: "web1", machine: "1" };
  const steps = [
    renderStep(mariadbServerSideRole, { ...replica, certificateRound: "1", certificateDays: 3650 }, identity),
    renderStep(mariadbTrustRole, { ...replica, own: side("own"), peer: side("peer") }, identity),
    renderStep(mariadbSeedRole, { ...replica, account }, identity),
    renderStep(mariadbReplicationRole, replica, identity),
  ];
  for (const text of steps) expect(Buffer.byteLength(text)).toBeLessThan(maxStepBytes);
  expect(steps[1]).toContain("password = {{secret:mariadb-health}}");
});
