import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../hosts/assets";
import { nfsRole, renderExports, renderNfs } from "../../hosts/services/nfs/render";
import { run, type RunResult } from "../support/run";
import { nfs } from "../unit/nfs/cases";

/** The export's settings in the distribution's own tools, in a mount namespace of their own. */
const base = mkdtempSync(join(tmpdir(), "linode-nfs-"));
afterAll(() => rmSync(base, { recursive: true }));

const volume = { ...nfs.volume, mountpoint: join(base, "files") as `/${string}` };
const params = { ...nfs, volume };

beforeAll(() => {
  for (const folder of ["etc/exports.d", "etc/nfs.conf.d", "memory/nfs", "services", "files/export"]) {
    mkdirSync(join(base, folder), { recursive: true });
  }
  writeFileSync(join(base, "etc/exports.d/linode-ha.exports"), renderExports(params));
  writeFileSync(join(base, "etc/nfs.conf.d/linode-ha.conf"), renderNfs(params));
  writeFileSync(join(base, "etc/exports"), "");
  writeFileSync(join(base, "etc/nfs.conf"), "[general]\n");
  writeFileSync(join(base, "services/nfs"), nfsRole.files(params)["/etc/linode-ha/services/nfs"]?.content ?? "");
  const helper = readFileSync(assetPath("services/nfs/helper.sh"), "utf8")
    .replaceAll("/etc/linode-ha/services/nfs", join(base, "services/nfs"))
    // The kernel of the machine that tests need not have a server.
    .replace("modprobe -n -q nfsd", "true");
  writeFileSync(join(base, "helper"), helper);
});

/** With a host's /etc and its server's memory in place of the machine's. */
function inside(script: string): Promise<RunResult> {
  const places = [
    "mount --make-rprivate /",
    `mount --bind ${base}/memory /var/lib`,
    ": >/var/lib/nfs/etab",
    `mount --bind ${base}/etc /etc`,
  ].join(" && ");
  return run(["unshare", "--mount", "bash", "-c", `${places} && ${script}`], { seconds: 60 });
}

test("exportfs takes the export, with a number of its own and writes that are on the disk", async () => {
  const { code, stdout, stderr } = await inside("exportfs -r && exportfs -s");
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: "",
  });
  const lines = stdout.trim().split("\n").sort();
  expect(lines).toHaveLength(3);
  for (const [index, client] of ["10.20.0.11", "10.20.0.12", "2001:db8::/64"].entries()) {
    expect(lines[index]).toMatch(
      new RegExp(`^${base}/files/export  ${client}\\(sync,.*no_subtree_check,fsid=0,sec=sys,rw,`),
    );
    expect(lines[index]).toContain("no_root_squash");
  }
});

test("the server's settings are read from where the packages read them", async () => {
  const get = async (section: string, key: string): Promise<string> =>
    (await inside(`nfsconf --get ${section} ${key}`)).stdout.trim();
  expect(await get("nfsd", "grace-time")).toBe("15");
  expect(await get("nfsd", "vers3")).toBe("n");
  expect(await get("nfsdcld", "storagedir")).toBe(`${volume.mountpoint}/.nfs-clients`);
});

test("a file that says another place for the server's memory is found before it serves", async () => {
  expect(await inside(`bash ${base}/helper check`)).toMatchObject({ code: 0 });
  writeFileSync(join(base, "etc/nfs.conf.d/zz-mine.conf"), "[nfsdcld]\nstoragedir = /var/lib/nfs/nfsdcld\n");
  try {
    const { code, stderr } = await inside(`bash ${base}/helper check`);
    expect(code).toBe(1);
    expect(stderr).toContain("says another storagedir");
  } finally {
    rmSync(join(base, "etc/nfs.conf.d/zz-mine.conf"));
  }
});
