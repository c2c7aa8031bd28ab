import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { deadLocks, mendStackFiles } from "../../../cli/fileBackend";

let folder: string;
let backend: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-backend-"));
  backend = `file://${folder}`;
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = path.join(folder, ".pulumi", name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}

function lock(pid: number, hostname = os.hostname()): string {
  return write(
    "locks/organization/shop/lab/one.json",
    JSON.stringify({ pid, hostname, timestamp: "2026-01-01T00:00:00Z" }),
  );
}

describe("a stack's locks", () => {
  it("are dead when their process is", () => {
    const file = lock(2 ** 22 + 1);
    expect(deadLocks(backend, "shop", "lab")).toEqual([file]);
  });

  it("are respected while their process runs, here or on another machine", () => {
    lock(process.pid);
    expect(() => deadLocks(backend, "shop", "lab")).toThrow(/still running[\s\S]*process \d+/);
    lock(2 ** 22 + 1, "elsewhere");
    expect(() => deadLocks(backend, "shop", "lab")).toThrow(/on elsewhere/);
  });

  it("of another stack, or in another kind of backend, are none of its business", () => {
    lock(process.pid);
    expect(deadLocks(backend, "shop", "other")).toEqual([]);
    expect(deadLocks("https://api.pulumi.com", "shop", "lab")).toEqual([]);
  });
});

describe("a stack's files", () => {
  it("lose a companion file whose writing was cut short", () => {
    const state = write("stacks/shop/lab.json", "{}");
    const torn = write("stacks/shop/lab.json.attrs", "");
    const whole = write("stacks/shop/lab.json.bak.attrs", "{}");
    expect(mendStackFiles(backend, "shop", "lab")).toHaveLength(1);
    expect([fs.existsSync(state), fs.existsSync(torn), fs.existsSync(whole)]).toEqual([true, false, true]);
  });

  it("fall back on the state before one that breaks off, which is kept", () => {
    const state = write("stacks/shop/lab.json", '{"half":');
    write("stacks/shop/lab.json.bak", '{"whole":true}');
    expect(mendStackFiles(backend, "shop", "lab")).toHaveLength(1);
    expect(fs.readFileSync(state, "utf8")).toBe('{"whole":true}');
    expect(fs.readFileSync(`${state}.broken`, "utf8")).toBe('{"half":');
  });

  it("stay as they are when nothing is wrong with them", () => {
    write("stacks/shop/lab.json", "{}");
    expect(mendStackFiles(backend, "shop", "lab")).toEqual([]);
  });
});
