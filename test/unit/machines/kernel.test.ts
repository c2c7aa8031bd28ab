import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adoptKernel, guestKernel, nameKernel } from "../../../lab/image/kernel";
import { kernelCommand, withLoader } from "../../../lab/image/kernelProgram";

let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "linode-ha-kernel-"));
});

afterEach(() => {
  rmSync(cache, { recursive: true });
});

function fetched(suite: string, release: string, program = release): string {
  const folder = join(cache, "kernels", suite);
  mkdirSync(join(folder, "modules", release), { recursive: true });
  writeFileSync(join(folder, "linux.uml"), program, { mode: 0o755 });
  return folder;
}

test("new images are made for the best kernel of their kind", () => {
  fetched("bookworm", "6.1.90");
  fetched("trixie", "6.12.73");
  expect(guestKernel(cache, "quick").release).toBe("6.12.73");
  const folder = fetched("forky", "7.2.7");
  expect(guestKernel(cache, "quick")).toEqual({ release: "7.2.7", folder, modules: join(folder, "modules", "7.2.7") });
  expect(guestKernel(cache, "ocfs2").release).toMatch(/^6\.1\./);
});

test("a lab keeps the kernel of its disks when the cache is emptied", async () => {
  fetched("forky", "7.2.7", "the program");
  mkdirSync(join(cache, "images"));
  mkdirSync(join(cache, "disks"));
  const image = join(cache, "images", "debian13-0123456789ab.ext4");
  await nameKernel(image, guestKernel(cache, "quick"));
  const disks = [1, 2, 3].map(() => adoptKernel(image, join(cache, "disks")));
  const [name, ...others] = await Promise.all(disks);
  expect(others).toEqual([name, name]);
  rmSync(join(cache, "kernels"), { recursive: true });
  rmSync(join(cache, "images"), { recursive: true });
  expect(readdirSync(join(cache, "disks"))).toEqual([name]);
  const [program, ...words] = kernelCommand(join(cache, "disks", name ?? ""));
  expect(readFileSync(program ?? "", "utf8")).toBe("the program");
  expect(words).toEqual(["seccomp=auto"]);
});

test("an image that names no kernel runs on this machine's package", async () => {
  await expect(adoptKernel(join(cache, "old.ext4"), cache)).resolves.toBeUndefined();
});

test("a program gets another loader in place of its own", () => {
  const program = Buffer.from("ELF /lib64/ld-linux-x86-64.so.2\0.text", "latin1");
  const changed = withLoader(program, "/run/linode-lab/01234567");
  expect(changed).toHaveLength(program.length);
  expect(changed.toString("latin1")).toBe("ELF /run/linode-lab/01234567\0\0\0\0.text");
  expect(() => withLoader(changed, "/run/x")).toThrow(/no loader/);
  expect(() => withLoader(program, "/run/linode-lab/0123456789abc")).toThrow(/longer/);
});
