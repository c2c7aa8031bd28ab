import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostRole } from "../../../hosts/contract";
import { renderStep } from "../../../hosts/bundle";
import { dnsWatchRole, nameLabel } from "../../../hosts/dns-watch/render";
import { peerAccess } from "../../../hosts/peer/access";
import { backupSourceRole } from "../../../hosts/services/backup-source/render";
import { backupRole } from "../../../hosts/services/backup/render";
import { certificateRole, renderDehydrated } from "../../../hosts/services/certificate/render";
import { nginxProxyRole } from "../../../hosts/services/nginx-proxy/render";
import { renderSiteServer } from "../../../hosts/services/wordpress/nginx";
import { renderPool, renderWordpressConfig, wordpressRole } from "../../../hosts/services/wordpress/render";
import * as cases from "./cases";

const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

function readable<P, R>(role: HostRole<P, R>, params: P): string {
  const own = Object.entries(role.files(params)).filter(
    ([path]) => !/^\/usr\/local\/|@\.|linode-ha-dns-watch\.service$/.test(path),
  );
  return [
    ...Object.entries(role.variables(params)).map(([name, value]) => `${name}=${value}\n`),
    ...own.map(([path, { mode, owner = "", content }]) => `\n==> ${path} ${mode} ${owner}\n${content}`),
  ].join("");
}

const texts: Record<string, string> = {
  backup: readable(backupRole, cases.backup),
  "backup-source": readable(backupSourceRole, cases.backupSource),
  certificate: readable(certificateRole, cases.certificate),
  "dns-watch": readable(dnsWatchRole, cases.dnsWatch),
  "nginx-proxy": readable(nginxProxyRole, cases.proxy),
  wordpress: readable(wordpressRole, cases.wordpress),
  "wordpress-behind": readable(wordpressRole, cases.wordpressBehind),
};

test.each(Object.keys(texts))("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(__dirname, "expected", `${name}.txt`);
  if (UPDATE) writeFileSync(path, texts[name] ?? "");
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});

test("steps fit into a command", () => {
  const identity = { step: "a-step", node: "web1", machine: "1" };
  for (const text of [
    renderStep(certificateRole, cases.certificate, identity),
    renderStep(dnsWatchRole, cases.dnsWatch, identity),
    renderStep(wordpressRole, cases.wordpress, identity),
  ]) {
    expect(Buffer.byteLength(text)).toBeLessThan(60_000);
  }
});

test("what shells read back from settings is what was meant", () => {
  const folder = mkdtempSync(join(tmpdir(), "linode-ha-web-"));
  try {
    const files = certificateRole.files(cases.certificate);
    writeFileSync(join(folder, "settings"), files["/etc/linode-ha/certificates/site/settings"]?.content ?? "");
    writeFileSync(join(folder, "dehydrated"), renderDehydrated(cases.certificate));
    const script =
      '. "$0/settings"; . "$0/dehydrated"; printf "%s|" "$DOMAINS" "$POSITION" "$RELOAD" "$CA" "$HOOK_SETTINGS" "$CURL_OPTS"';
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-uec", script, folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(stderr).toBe("");
    expect(stdout).toBe(
      "www.example.org example.org|1|nginx.service|https://acme-v02.api.letsencrypt.org/directory|/etc/linode-ha/certificates/site/dns|--connect-timeout 20 --max-time 120|",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a title with quotes cannot leave its text", () => {
  const text = renderWordpressConfig(
    { ...cases.wordpress, database: { host: "x", name: "a'b\\", user: "u" } },
    "/etc/linode-ha/wordpress/site",
  );
  expect(text).toContain("define('DB_NAME', 'a\\'b\\\\');");
});

test("uploads are never run, and hidden files never shown", () => {
  const text = renderSiteServer(cases.wordpress, "/usr/local/lib/linode-ha/wordpress-lib");
  expect(text).toMatch(/location ~ \^\/wp-content\/\(uploads\|languages\)\/\.\*\\\.php\$ \{\n\s+return 403;/);
  expect(text.match(/location ~ \/\\\. \{\n\s+return 404;/g)).toHaveLength(2);
});

test("a request for another name never reaches WordPress", () => {
  const text = renderSiteServer(cases.wordpress, "/usr/local/lib/linode-ha/wordpress-lib");
  const [plain = "", secure = ""] = text.split("\nserver {").slice(-2);
  expect(plain).toContain("return 301 https://www.example.org$request_uri;");
  expect(plain).not.toContain("root ");
  expect(secure).toContain("if ($host != www.example.org) {\n    return 301 https://www.example.org$request_uri;");
});

test("the body that nginx takes is the one that PHP takes, and a file fits in", () => {
  const params = { ...cases.wordpress, maxUploadMiB: 10 };
  expect(renderSiteServer(params, "/lib")).toContain("client_max_body_size 11m;");
  expect(renderPool(params)).toContain(
    "php_admin_value[upload_max_filesize] = 10M\nphp_admin_value[post_max_size] = 11M\n",
  );
});

test.each([
  ["", "apex"],
  ["www", "www"],
  ["*.dev", "wildcard-dev"],
])("%j is parked as %s", (name, label) => {
  expect(nameLabel(name)).toBe(label);
});

test("a grant is for one address", () => {
  const grant = { grant: "a", peerName: "web2", key: "ssh-ed25519 AAAA", command: "/bin/true" };
  expect(() => peerAccess({ ...grant, address: "10.0.0.0/8 " })).toThrow(/not an address/);
  expect(Object.keys(peerAccess({ ...grant, address: "2001:db8::2" }))).toContain(
    "/etc/ssh/sshd_config.d/60-linode-ha-peer-2001-db8--2.conf",
  );
});

test.each([
  ["a domain with a quote", { domains: ["a'b.example.org"] }],
  ["a node that is none of the two", { node: "web3" }],
])("refused: %s", (_what, change) => {
  expect(() => certificateRole.files({ ...cases.certificate, ...change })).toThrow();
});
