import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostRole } from "../../../hosts/contract";
import { renderStep } from "../../../hosts/bundle";
import { apacheRole, renderApache } from "../../../hosts/services/apache/render";
import { forwardingRole } from "../../../hosts/services/forwarding/render";
import { lighttpdRole, renderLighttpd } from "../../../hosts/services/lighttpd/render";
import { mariadbRole, renderMariadb } from "../../../hosts/services/mariadb/render";
import { mailRelayRole } from "../../../hosts/services/mail-relay/render";
import { differencesOf } from "../../../hosts/services/package-drift/render";
import { postgresqlRole } from "../../../hosts/services/postgresql/render";
import * as cases from "./cases";

const UPDATE = process.env.UPDATE_GOLDEN === "1";

function readable<P, R>(role: HostRole<P, R>, params: P): string {
  const own = Object.entries(role.files(params)).filter(([path]) => !path.startsWith("/usr/local/"));
  return [
    ...Object.entries(role.variables(params)).map(([name, value]) => `${name}=${value}\n`),
    ...own.map(([path, { mode, content }]) => `\n==> ${path} ${mode}\n${content}`),
  ].join("");
}

const texts: Record<string, string> = {
  mariadb: readable(mariadbRole, cases.mariadb),
  lighttpd: readable(lighttpdRole, cases.lighttpd),
  apache: readable(apacheRole, cases.apache),
  postgresql: readable(postgresqlRole, cases.postgresql),
  forwarding: readable(forwardingRole, { schedulers: ["wlc", "rr"] }),
  "mail-relay": readable(mailRelayRole, {
    relayHost: "mail.example.org",
    hostname: "alice",
    domain: "example.org",
    root: "ops@example.org",
  }),
};

test.each(Object.keys(texts))("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(__dirname, "expected", `${name}.txt`);
  if (UPDATE) writeFileSync(path, texts[name] ?? "");
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});

test("a database listens on its floating address only, with its data below the volume's mount point", () => {
  const text = renderMariadb(cases.mariadb);
  expect(text).toContain("\nbind-address = 192.168.128.99\n");
  expect(text).toContain("\ndatadir = /var/mysql/data\n");
});

test("an acknowledged write is on disk", () => {
  expect(renderMariadb(cases.mariadb)).toContain("innodb_flush_log_at_trx_commit = 1");
});

test("each site has its folder, its log and its rewriting; dots in names are dots", () => {
  const text = renderLighttpd(cases.lighttpd);
  expect(text).toContain('$HTTP["host"] =~ "^(www\\.example\\.org|example\\.org)(:[0-9]+)?$" {');
  expect(text).toContain('server.document-root = "/var/www/www.example.org/htdocs"');
  expect(text).toContain('accesslog.filename = "/var/www/logs/static.example.org.access.log"');
  // What stands outside holds for every site, so one without a front controller must say so.
  expect(text.split('$HTTP["host"]')[2]).toContain("url.rewrite-if-not-file = ( )");
});

test("a service never starts without its volume: the guard stands in its unit", () => {
  const unit = mariadbRole.files(cases.mariadb)["/etc/systemd/system/mariadb.service.d/linode-ha.conf"];
  expect(unit?.content).toContain("ExecStartPre=+/usr/local/lib/linode-ha/service-guard mariadb /var/mysql 0");
});

test("steps fit into a command and carry no password", () => {
  const text = renderStep(mariadbRole, cases.mariadb, { step: "service-mysql", node: "web1", machine: "1" });
  expect(text).toContain("mariadb-password");
  expect(text).not.toContain("IDENTIFIED BY 'secret");
});

test("where Apache's configuration is on the volume, nothing is written through its link", () => {
  expect(Object.keys(apacheRole.files(cases.apache)).filter((path) => path.startsWith("/etc/apache2"))).toEqual([]);
  const own = apacheRole.files({ ...cases.apache, configuration: undefined });
  expect(Object.keys(own)).toContain("/etc/apache2/conf-enabled/linode-ha.conf");
  expect(renderApache(cases.apache)).toContain("FallbackResource /index.php");
});

test("packages that differ are named with both versions", () => {
  expect(differencesOf({ a: "1", b: "1", c: "1" }, { a: "1", b: "2", d: "1" })).toEqual({
    b: ["1", "2"],
    c: ["1", ""],
    d: ["", "1"],
  });
});
