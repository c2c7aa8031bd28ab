import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { Store } from "../../../lab/api";
import { MemoryDisks, MemoryMachines, MemoryNetworks } from "../../support/memoryMachines";
import { TestLab, TOKEN, type Reply } from "./support";

describe("the store", () => {
  let directory: string;
  let cleanup: (() => unknown)[];
  beforeEach(() => {
    cleanup = [];
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "lab-store-"));
  });
  afterEach(async () => {
    for (const step of cleanup.reverse()) await step();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  /** An API on a store, closed after the test however that ends. */
  function open(where: string, ...parts: [MemoryMachines?, MemoryDisks?, MemoryNetworks?]): TestLab {
    const lab = new TestLab(Store.open(where), ...parts);
    cleanup.push(() => lab.close());
    return lab;
  }

  /** What a process killed now would leave behind. */
  function snapshot(): string {
    const copy = `${directory}-copy`;
    fs.rmSync(copy, { recursive: true, force: true });
    fs.cpSync(directory, copy, { recursive: true });
    cleanup.unshift(() => fs.rmSync(copy, { recursive: true, force: true }));
    return copy;
  }

  it("has everything that was answered, and is nobody else's to read", async () => {
    const lab = open(directory);
    const { linode } = await lab.running({ label: "web1", tags: ["ha"] });
    await lab.ok("POST", "/domains", { domain: "example.org", type: "master", soa_email: "a@example.org" });
    const copy = snapshot();
    const [before, events] = [await lab.ok("GET", "/linode/instances"), await lab.ok("GET", "/account/events")];
    const again = open(copy, lab.machines, lab.disks, lab.networks);
    expect(await again.ok("GET", "/linode/instances")).toEqual(before);
    expect(await again.ok("GET", "/account/events")).toEqual(events);
    expect((await again.ok("GET", "/domains")).results).toBe(1);
    expect((await again.linode()).id).toBeGreaterThan(linode.id);
    expect(fs.statSync(path.join(directory, "store.log")).mode & 0o077).toBe(0);
    expect(fs.statSync(path.join(directory, "store.json")).mode & 0o077).toBe(0);
  });

  it("finishes what was in progress", async () => {
    const lab = open(directory);
    const { linode } = await lab.running({ label: "web1" });
    cleanup.push(lab.machines.hold());
    await lab.ok("POST", `/linode/instances/${linode.id}/reboot`);
    const volume = await lab.ok("POST", "/volumes", { label: "data", linode_id: linode.id, size: 10 });
    const copy = snapshot();
    const machines = new MemoryMachines();
    await machines.start(lab.machines.running.get(linode.id)!);
    const release = machines.hold();
    cleanup.push(release);
    const again = open(copy, machines, new MemoryDisks(), new MemoryNetworks());
    expect((await again.ok("GET", `/linode/instances/${linode.id}`)).status).toBe("rebooting");
    release();
    await again.idle();
    expect((await again.ok("GET", `/linode/instances/${linode.id}`)).status).toBe("running");
    expect(await again.event("linode_reboot", linode.id)).toMatchObject({ status: "finished" });
    expect(machines.calls).toEqual([`start ${linode.id}`, `stop ${linode.id}`, `start ${linode.id}`]);
    expect(await again.ok("GET", `/volumes/${volume.id}`)).toMatchObject({ status: "active", linode_id: linode.id });
    expect(machines.running.get(linode.id)?.devices).toHaveLength(2);
  });

  it("boots what should run and does not, as Lassie would, and ends what should not run", async () => {
    const lab = open(directory);
    const { linode } = await lab.running({ label: "web1" });
    const spec = lab.machines.running.get(linode.id)!;
    await lab.close();
    const machines = new MemoryMachines();
    await machines.start({ ...spec, id: 99_999 });
    const again = open(directory, machines, lab.disks);
    await again.ok("GET", "/profile");
    await again.idle();
    expect([...machines.running.keys()]).toEqual([linode.id]);
    expect(await again.event("lassie_reboot", linode.id)).toMatchObject({ status: "finished" });
    expect((await again.ok("GET", `/linode/instances/${linode.id}`)).status).toBe("running");
  });

  it("ignores a line that was being written, and nothing before it", async () => {
    const lab = open(directory);
    await lab.linode({ label: "web1" });
    const copy = snapshot();
    fs.appendFileSync(path.join(copy, "store.log"), '[["instances",1001,{"id":1001,"lab');
    const again = open(copy);
    expect((await again.ok("GET", "/linode/instances")).data).toMatchObject([{ label: "web1" }]);
  });

  it("loses nothing that was answered when its process is killed in the middle of many requests", async () => {
    const script = path.join(__dirname, "killedApi.ts");
    const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", script, directory], {
      env: { ...process.env, LINODE_TOKEN: TOKEN },
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanup.push(() => child.kill("SIGKILL"));
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const url = `http://127.0.0.1:${line.toString().trim()}/v4/linode/instances`;
    const answered: number[] = [];
    const ended = once(child, "exit");
    const create = async (): Promise<void> => {
      for (;;) {
        const answer = await fetch(url, {
          method: "POST",
          headers,
          body: JSON.stringify({ region: "us-east", type: "g6-nanode-1" }),
        });
        answered.push(((await answer.json()) as Reply).id);
        if (answered.length === 20) child.kill("SIGKILL");
      }
    };
    await Promise.allSettled([create(), create(), create()]);
    await ended;
    expect(answered.length).toBeGreaterThanOrEqual(20);
    const again = open(directory);
    await again.ok("GET", "/profile");
    await again.idle();
    const { data } = await again.ok("GET", "/linode/instances?page_size=500");
    const ids = new Set(data.map((each) => each.id));
    expect(answered.filter((id) => !ids.has(id))).toEqual([]);
    expect(new Set(data.map((each) => each.status))).toEqual(new Set(["offline"]));
  });
});
