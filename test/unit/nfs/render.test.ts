import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { renderStep } from "../../../hosts/bundle";
import type { HostRole } from "../../../hosts/contract";
import { nfsMountRole, renderMount } from "../../../hosts/nfs-mount/render";
import { nfsRole, renderExports, renderNfs } from "../../../hosts/services/nfs/render";
import { run, type RunResult } from "../../support/run";
import * as cases from "./cases";

const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

function readable<P, R>(role: HostRole<P, R>, params: P): string {
  const own = Object.entries(role.files(params)).filter(([path]) => !path.startsWith("/usr/local/"));
  return [
    ...Object.entries(role.variables(params)).map(([name, value]) => `${name}=${value}\n`),
    ...own.map(([path, { mode, content }]) => `\n==> ${path} ${mode}\n${content}`),
  ].join("");
}

const texts: Record<string, string> = {
  nfs: readable(nfsRole, cases.nfs),
  "nfs-mount": readable(nfsMountRole, cases.mount),
};

test.each(Object.keys(texts))("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(__dirname, "expected", `${name}.txt`);
  if (UPDATE) writeFileSync(path, texts[name] ?? "");
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});

test("what a client holds, and who has what locked, is the same on the other node", () => {
  const text = renderExports(cases.nfs);
  expect(text).toMatch(/^\/srv\/files\/export \\$/m);
  expect(text.match(/fsid=0/g)).toHaveLength(3);
  expect(text).not.toContain("async");
  expect(renderNfs(cases.nfs)).toContain("[nfsdcld]\nstoragedir = /srv/files/.nfs-clients\n");
  expect(renderNfs(cases.nfs)).toContain("vers3 = n\n");
});

test("neither node starts the server at a boot, and nothing of it before the volume is there", () => {
  const files = nfsRole.files(cases.nfs);
  for (const unit of ["nfs-server", "nfsdcld"]) {
    const dropIn = files[`/etc/systemd/system/${unit}.service.d/linode-ha.conf`]?.content;
    expect(dropIn).toContain("ConditionPathExists=/run/linode-ha/nfs");
  }
  expect(files["/etc/systemd/system/linode-ha-nfs.service.d/linode-ha.conf"]?.content).toContain(
    "ExecStartPre=+/usr/local/lib/linode-ha/service-guard nfs /srv/files 0",
  );
});

test("a client waits through a failover, and is never told an error", () => {
  const text = renderMount(cases.mount);
  expect(text).toContain("What=10.20.0.103:/\n");
  expect(text).toMatch(/Options=.*\bhard\b/);
  expect(text).not.toMatch(/\b(soft|softerr|intr|bg)\b/);
  expect(renderMount({ ...cases.mount, server: "2001:db8::1" })).toContain("What=[2001:db8::1]:/\n");
});

test.each([
  ["a client that is a name", () => renderExports({ ...cases.nfs, clients: ["web1"] })],
  ["options in a client's place", () => renderExports({ ...cases.nfs, clients: ["*(rw)"] })],
  ["nobody", () => renderExports({ ...cases.nfs, clients: [] })],
  ["a server that is a name", () => renderMount({ ...cases.mount, server: "files" })],
  ["a scope with words", () => renderNfs({ ...cases.nfs, scope: "a; reboot" })],
])("refused: %s", (_what, render) => {
  expect(render).toThrow();
});

test("steps fit into a command", () => {
  const identity = { step: "a-step", node: "nfs1", machine: "1" };
  for (const text of [renderStep(nfsRole, cases.nfs, identity), renderStep(nfsMountRole, cases.mount, identity)]) {
    expect(Buffer.byteLength(text)).toBeLessThan(60_000);
  }
});

describe("the service's start and stop", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "linode-ha-nfs-"));
    mkdirSync(join(root, "bin"));
    writeFileSync(join(root, "settings"), "EXPORT='/srv/files/export'\nSTATE='/srv/files/.nfs-clients'\n");
    writeFileSync(
      join(root, "bin/systemctl"),
      `#!/bin/sh\n[ "$1" = is-active ] || echo "$* $([ -e ${root}/run/nfs ] && echo allowed || echo barred)" >>${root}/calls\n`,
    );
    chmodSync(join(root, "bin/systemctl"), 0o755);
    const helper = readFileSync(assetPath("services/nfs/helper.sh"), "utf8")
      .replaceAll("/etc/linode-ha/services/nfs", join(root, "settings"))
      .replaceAll("/run/linode-ha/nfs", join(root, "run/nfs"))
      .replaceAll("/proc/fs/nfsd/threads", join(root, "threads"));
    writeFileSync(join(root, "helper"), helper);
    writeFileSync(join(root, "threads"), "16\n");
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const helper = (verb: string): Promise<RunResult> =>
    run(["bash", join(root, "helper"), verb], { env: { PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}` } });
  const calls = (): string[] => readFileSync(join(root, "calls"), "utf8").trim().split("\n");

  test("its memory before the server; the server's sockets before all else", async () => {
    expect((await helper("start")).code).toBe(0);
    expect((await helper("stop")).code).toBe(0);
    expect(calls()).toEqual([
      "start nfsdcld.service allowed",
      "start nfs-server.service allowed",
      "stop nfs-server.service allowed",
      "stop nfs-mountd.service nfs-idmapd.service nfsdcld.service allowed",
    ]);
    expect(existsSync(join(root, "run/nfs"))).toBe(false);
  });

  test("a server without threads has not started, whatever its unit says", async () => {
    writeFileSync(join(root, "threads"), "0\n");
    const { code, stderr } = await helper("start");
    expect(code).toBe(1);
    expect(stderr).toContain("the NFS server does not run");
  });
});
