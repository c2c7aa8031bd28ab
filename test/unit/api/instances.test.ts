import { eventually, TestLab } from "./support";

const NEW = { region: "us-east", type: "g6-standard-1" };
const PASSWORD = "correct horse battery";

describe("Linodes", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  it("made from an image get disks and a config, and boot", async () => {
    const linode = await lab.ok("POST", "/linode/instances", {
      ...NEW,
      label: "web1",
      image: "linode/debian13",
      root_pass: PASSWORD,
      authorized_keys: ["ssh-ed25519 AAAA me"],
    });
    expect(linode.status).toBe("provisioning");
    const path = `/linode/instances/${linode.id}`;
    await eventually("running", async () => (await lab.ok("GET", path)).status === "running" || undefined);
    const disks = (await lab.ok("GET", `${path}/disks`)).data;
    expect(disks).toMatchObject([
      { label: "Debian 13 Disk", filesystem: "ext4", size: 51200 - 512, status: "ready" },
      { label: "512 MB Swap Image", filesystem: "swap", size: 512 },
    ]);
    expect((await lab.ok("GET", `${path}/configs`)).data).toMatchObject([
      { label: "My Debian 13 Disk Profile", kernel: "linode/grub2", devices: { sda: { disk_id: disks[0]!.id } } },
    ]);
    const deployed = lab.disks.stored.get(`disk-${disks[0]!.id}`)?.content;
    expect(deployed).toMatchObject({
      image: "linode/debian13",
      hostname: "web1",
      authorizedKeys: ["ssh-ed25519 AAAA me"],
    });
    expect(deployed).toMatchObject({ rootPasswordHash: expect.stringMatching(/^\$6\$/) });
  });

  it("stay off when booted is false, and have the specifications of their type whatever the guest gets", async () => {
    const linode = await lab.linode({
      image: "linode/debian12",
      root_pass: PASSWORD,
      booted: false,
      type: "g6-standard-2",
    });
    expect(await lab.ok("GET", `/linode/instances/${linode.id}`)).toMatchObject({
      status: "offline",
      image: "linode/debian12",
      specs: { memory: 4096, disk: 81920, vcpus: 2 },
    });
  });

  it.each([
    ["an unknown region", { region: "mars" }, "region"],
    ["an unknown type", { type: "g9-huge" }, "type"],
    ["an unknown image", { image: "linode/plan9", root_pass: PASSWORD }, "image"],
    ["an image without a way in", { image: "linode/debian13" }, undefined],
    ["a short label", { label: "ab" }, "label"],
    ["a label with blanks", { label: "web one" }, "label"],
    ["user data that is not base64", { metadata: { user_data: "#cloud-config" } }, "metadata.user_data"],
    ["an unknown placement group", { placement_group: { id: 5 } }, "placement_group.id"],
    ["an unknown firewall", { firewall_id: 5 }, "firewall_id"],
    ["a number for a label", { label: 12345 }, "label"],
  ])("are refused with %s, and nothing is left of them", async (_what, wrong, field) => {
    const refusal = await lab.refused("POST", "/linode/instances", { ...NEW, ...wrong });
    expect([refusal.status, refusal.field]).toEqual([400, field]);
    expect((await lab.ok("GET", "/linode/instances")).results).toBe(0);
    expect((await lab.ok("GET", "/networking/ips")).results).toBe(0);
  });

  it("have unique labels, which a deleted one gives back", async () => {
    const first = await lab.linode({ label: "web1" });
    const second = await lab.linode({ label: "web2" });
    const reason = "Label must be unique among your linodes";
    expect(await lab.refused("POST", "/linode/instances", { ...NEW, label: "web1" })).toMatchObject({
      reason,
      field: "label",
    });
    expect(await lab.refused("PUT", `/linode/instances/${second.id}`, { label: "web1" })).toMatchObject({ reason });
    expect((await lab.ok("PUT", `/linode/instances/${second.id}`, { label: "web2" })).label).toBe("web2");
    await lab.ok("DELETE", `/linode/instances/${first.id}`);
    expect((await lab.ok("PUT", `/linode/instances/${second.id}`, { label: "web1" })).label).toBe("web1");
  });

  it("change what PUT names and keep the rest", async () => {
    const linode = await lab.linode({ tags: ["ha"] });
    const path = `/linode/instances/${linode.id}`;
    const backups = { schedule: { day: "Monday", window: "W2" } };
    const changed = await lab.ok("PUT", path, { watchdog_enabled: false, alerts: { cpu: 12 }, backups, group: "g" });
    expect(changed).toMatchObject({
      watchdog_enabled: false,
      alerts: { cpu: 12, io: 10000, network_in: 10 },
      backups: { enabled: false, schedule: { day: "Monday", window: "W2" } },
      group: "g",
      tags: ["ha"],
    });
    expect(await lab.refused("PUT", path, { alerts: { cpu: 5000 } })).toMatchObject({ field: "alerts.cpu" });
  });

  it("refuse a second operation while the first is in progress", async () => {
    const { linode, disk } = await lab.running();
    const path = `/linode/instances/${linode.id}`;
    const release = lab.machines.hold();
    await lab.ok("POST", `${path}/reboot`);
    expect((await lab.ok("GET", path)).status).toBe("rebooting");
    const refused = { status: 400, reason: "Linode busy." };
    for (const [method, tail, body] of [
      ["POST", "/boot"],
      ["POST", "/reboot"],
      ["POST", "/shutdown"],
      ["POST", "/rebuild", { image: "linode/debian13", root_pass: PASSWORD }],
      ["POST", "/resize", { type: "g6-standard-2" }],
      ["POST", "/clone", { type: "g6-standard-1" }],
      ["POST", "/disks", { label: "more", size: 100 }],
      ["DELETE", `/disks/${disk.id}`],
    ] as const) {
      expect([tail, await lab.refused(method, path + tail, body)]).toEqual([tail, refused]);
    }
    release();
    await lab.idle();
    expect((await lab.ok("GET", path)).status).toBe("running");
  });

  it("boot the config asked for, else the last one, else the only one", async () => {
    const { linode, disk, config } = await lab.running();
    const path = `/linode/instances/${linode.id}`;
    const other = await lab.ok("POST", `${path}/configs`, { label: "other", devices: { sda: { disk_id: disk.id } } });
    await lab.ok("POST", `${path}/reboot`, { config_id: other.id });
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.kernel).toBe("linode");
    await lab.ok("POST", `${path}/shutdown`);
    await lab.idle();
    await lab.ok("POST", `${path}/boot`);
    await lab.idle();
    expect((await lab.event("linode_boot", linode.id))?.secondary_entity).toMatchObject({ id: other.id });
    expect((await lab.refused("POST", `${path}/boot`)).reason).toBe(`Linode ${linode.id} already booted.`);
    expect(await lab.refused("DELETE", `${path}/configs/${other.id}`)).toMatchObject({ status: 400 });
    await lab.ok("DELETE", `${path}/configs/${config.id}`);
    expect(await lab.refused("POST", `${path}/reboot`, { config_id: config.id })).toMatchObject({ status: 404 });
  });

  it("that cannot start are offline again, and the event says why", async () => {
    const { linode } = await lab.running();
    const path = `/linode/instances/${linode.id}`;
    await lab.ok("POST", `${path}/shutdown`);
    await lab.idle();
    lab.machines.failStart = "no memory left";
    await lab.ok("POST", `${path}/boot`);
    await lab.idle();
    expect((await lab.ok("GET", path)).status).toBe("offline");
    expect(await lab.event("linode_boot", linode.id)).toMatchObject({ status: "failed", message: "no memory left" });
  });

  it("rebuilt have new disks only, and boot them", async () => {
    const { linode, disk } = await lab.running();
    const path = `/linode/instances/${linode.id}`;
    const answer = await lab.ok("POST", `${path}/rebuild`, { image: "linode/debian12", root_pass: PASSWORD });
    expect(answer.status).toBe("rebuilding");
    await lab.idle();
    expect(await lab.ok("GET", path)).toMatchObject({ status: "running", image: "linode/debian12" });
    expect(lab.disks.stored.has(`disk-${disk.id}`)).toBe(false);
    expect(lab.disks.stored.size).toBe(2);
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(2);
  });

  it("resized grow their only disk and run again", async () => {
    const { linode, disk } = await lab.running();
    const path = `/linode/instances/${linode.id}`;
    await lab.ok("POST", `${path}/resize`, { type: "g6-standard-2" });
    await lab.idle();
    expect(await lab.ok("GET", path)).toMatchObject({ type: "g6-standard-2", status: "running" });
    expect(lab.disks.stored.get(`disk-${disk.id}`)?.sizeMiB).toBe(81920);
    expect((await lab.refused("POST", `${path}/resize`, { type: "g6-standard-2" })).field).toBe("type");
  });

  it("cloned have copies of disks and configs", async () => {
    const { linode, disk } = await lab.running();
    const copy = await lab.ok("POST", `/linode/instances/${linode.id}/clone`, { type: "g6-standard-1", label: "copy" });
    await lab.idle();
    const path = `/linode/instances/${copy.id}`;
    const disks = (await lab.ok("GET", `${path}/disks`)).data;
    expect(disks).toMatchObject([{ label: "boot", size: 5000, status: "ready" }]);
    expect(disks[0]!.id).not.toBe(disk.id);
    expect((await lab.ok("GET", `${path}/configs`)).data).toMatchObject([
      { label: "main", devices: { sda: { disk_id: disks[0]!.id } } },
    ]);
    await lab.ok("POST", `${path}/boot`);
    await lab.idle();
    expect(lab.machines.isRunning(copy.id)).toBe(true);
  });

  it("say that they are being deleted", async () => {
    // Long enough for one more request on a busy machine.
    const slow = TestLab.with({ delays: { scheduled: 500, work: 2 } });
    try {
      const linode = await slow.linode();
      await slow.ok("DELETE", `/linode/instances/${linode.id}`);
      expect((await slow.ok("GET", `/linode/instances/${linode.id}`)).status).toBe("deleting");
    } finally {
      await slow.close();
    }
  });

  it("deleted leave nothing but their volumes and their history", async () => {
    const group = await lab.ok("POST", "/placement/groups", {
      label: "pair",
      region: "us-east",
      placement_group_type: "anti_affinity:local",
      placement_group_policy: "strict",
    });
    const { linode } = await lab.running({ placement_group: { id: group.id }, private_ip: true });
    const volume = await lab.ok("POST", "/volumes", { label: "data", linode_id: linode.id, size: 10 });
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(2);
    await lab.ok("DELETE", `/linode/instances/${linode.id}`);
    await lab.idle();
    expect((await lab.refused("GET", `/linode/instances/${linode.id}`)).status).toBe(404);
    expect(await lab.ok("GET", `/volumes/${volume.id}`)).toMatchObject({ linode_id: null, status: "active" });
    expect([...lab.disks.stored.keys()]).toEqual([`volume-${volume.id}`]);
    expect((await lab.ok("GET", "/networking/ips")).results).toBe(0);
    expect(lab.networks.wired.size).toBe(0);
    expect(await lab.event("linode_delete", linode.id)).toMatchObject({
      status: "finished",
      entity: { label: linode.label },
    });
    expect((await lab.ok("GET", `/placement/groups/${group.id}`)).members).toEqual([]);
    await lab.ok("DELETE", `/placement/groups/${group.id}`);
  });

  it("can be deleted while they are still being made", async () => {
    const linode = await lab.ok("POST", "/linode/instances", { ...NEW, image: "linode/debian13", root_pass: PASSWORD });
    await lab.ok("DELETE", `/linode/instances/${linode.id}`);
    await lab.idle();
    expect((await lab.ok("GET", "/linode/instances")).results).toBe(0);
    expect(lab.disks.stored.size).toBe(0);
    expect(lab.machines.running.size).toBe(0);
  });

  it("keep no password: not in the store, not in any answer", async () => {
    const linode = await lab.linode({ image: "linode/debian13", root_pass: PASSWORD });
    await lab.ok("POST", `/linode/instances/${linode.id}/shutdown`);
    await lab.idle();
    await lab.ok("POST", `/linode/instances/${linode.id}/password`, { root_pass: "another secret phrase" });
    const jobs = JSON.stringify(lab.store.table("jobs").all());
    expect(jobs).toContain("$6$");
    for (const secret of [PASSWORD, "another secret phrase"]) expect(jobs).not.toContain(secret);
    await lab.idle();
    expect(JSON.stringify(lab.store.table("events").all())).not.toContain("$6$");
  });
});
