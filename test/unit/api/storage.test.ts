import { eventually, TestLab, type Reply } from "./support";

describe("disks", () => {
  let lab: TestLab;
  let path: string;
  beforeEach(async () => {
    lab = new TestLab();
    path = `/linode/instances/${(await lab.linode({ type: "g6-nanode-1" })).id}/disks`;
  });
  afterEach(() => lab.close());

  it.each([
    [{ filesystem: "raw" }, "blank", "raw"],
    [{ filesystem: "swap" }, "swap", "swap"],
    [{ filesystem: "ext3" }, "ext3", "ext3"],
    [{}, "ext4", "ext4"],
  ])("made of %j hold %s", async (what, content, filesystem) => {
    const disk = await lab.ok("POST", path, { label: "d", size: 100, ...what });
    expect(disk).toMatchObject({ status: "not ready", filesystem, size: 100 });
    await lab.idle();
    expect(lab.disks.stored.get(`disk-${disk.id}`)).toEqual({ sizeMiB: 100, content });
    expect((await lab.ok("GET", `${path}/${disk.id}`)).status).toBe("ready");
    expect(await lab.event("disk_create")).toMatchObject({ secondary_entity: { id: disk.id, type: "disk" } });
  });

  it("take the keys of users who have some in their profile", async () => {
    await lab.ok("POST", "/profile/sshkeys", { label: "mine", ssh_key: "ssh-ed25519 AAAAC3Nz me@here" });
    const disk = await lab.ok("POST", path, {
      label: "d",
      size: 3000,
      image: "linode/debian13",
      authorized_users: ["tester"],
    });
    await lab.idle();
    expect(lab.disks.stored.get(`disk-${disk.id}`)?.content).toMatchObject({
      authorizedKeys: ["ssh-ed25519 AAAAC3Nz me@here"],
    });
  });

  it("never take more than the type has", async () => {
    await lab.ok("POST", path, { label: "a", size: 25_000 });
    await lab.idle();
    const refusal = await lab.refused("POST", path, { label: "b", size: 601 });
    expect(refusal).toMatchObject({ status: 400, field: "size" });
    expect(refusal.reason).toContain("enough unallocated storage");
    await lab.ok("POST", path, { label: "b", size: 600 });
  });

  it("are resized, copied and deleted, each with an event", async () => {
    const disk = await lab.ok("POST", path, { label: "d", size: 100, filesystem: "raw" });
    await lab.idle();
    await lab.ok("POST", `${path}/${disk.id}/resize`, { size: 200 });
    await lab.idle();
    const copy = await lab.ok("POST", `${path}/${disk.id}/clone`);
    expect(copy.label).toBe("Copy of d");
    await lab.idle();
    expect(lab.disks.stored.get(`disk-${copy.id}`)?.sizeMiB).toBe(200);
    await lab.ok("DELETE", `${path}/${disk.id}`);
    await lab.idle();
    expect([...lab.disks.stored.keys()]).toEqual([`disk-${copy.id}`]);
    expect((await lab.refused("GET", `${path}/${disk.id}`)).status).toBe(404);
    for (const action of ["disk_resize", "disk_duplicate", "disk_delete"]) {
      expect([action, (await lab.event(action))?.status]).toEqual([action, "finished"]);
    }
  });

  it("in use by a running Linode are neither resized nor deleted", async () => {
    const { linode, disk } = await lab.running();
    const own = `/linode/instances/${linode.id}/disks/${disk.id}`;
    for (const [method, tail, body] of [
      ["DELETE", ""],
      ["POST", "/resize", { size: 6000 }],
    ] as const) {
      expect((await lab.refused(method, own + tail, body)).reason).toContain("shut the Linode down first");
    }
  });
});

describe("volumes", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  const volume = async (more: Record<string, unknown> = {}): Promise<Reply> => {
    const made = await lab.ok("POST", "/volumes", { label: "data", region: "us-east", size: 10, ...more });
    await lab.idle();
    return made;
  };

  it("are made, shown under their path, and have at least 10 GB", async () => {
    const made = await lab.ok("POST", "/volumes", { label: "data", region: "us-east" });
    expect(made).toMatchObject({
      status: "creating",
      size: 20,
      linode_id: null,
      filesystem_path: "/dev/disk/by-id/scsi-0Linode_Volume_data",
    });
    await lab.idle();
    expect((await lab.ok("GET", `/volumes/${made.id}`)).status).toBe("active");
    expect(lab.disks.stored.get(`volume-${made.id}`)).toEqual({ sizeMiB: 20_480, content: "blank" });
    const region = "us-east";
    expect(await lab.refused("POST", "/volumes", { label: "small", region, size: 9 })).toMatchObject({ field: "size" });
    expect(await lab.refused("POST", "/volumes", { label: "data", region })).toMatchObject({ field: "label" });
    expect(await lab.refused("POST", "/volumes", { label: "other" })).toMatchObject({ field: "region" });
  });

  it("go into a running Linode and out of it, and their data stays", async () => {
    const { linode, config } = await lab.running();
    const { id } = await volume();
    expect((await lab.ok("POST", `/volumes/${id}/attach`, { linode_id: linode.id })).linode_id).toBe(linode.id);
    await lab.idle();
    const device = { slot: "sdb", storage: `volume-${id}`, serial: "Linode_Volume_data" };
    expect(lab.machines.running.get(linode.id)?.devices).toContainEqual(device);
    expect(await lab.ok("GET", `/volumes/${id}`)).toMatchObject({ linode_label: linode.label, io_ready: true });
    expect((await lab.ok("GET", `/linode/instances/${linode.id}/volumes`)).data).toMatchObject([{ id }]);
    const { devices } = await lab.ok("GET", `/linode/instances/${linode.id}/configs/${config.id}`);
    expect(devices["sdb"]).toEqual({ disk_id: null, volume_id: id });
    expect((await lab.refused("DELETE", `/volumes/${id}`)).reason).toContain("detach it first");
    expect((await lab.refused("POST", `/volumes/${id}/attach`, { linode_id: linode.id })).field).toBe("linode_id");
    await lab.ok("POST", `/volumes/${id}/detach`);
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(1);
    expect(lab.disks.stored.has(`volume-${id}`)).toBe(true);
    await lab.ok("DELETE", `/volumes/${id}`);
    await lab.idle();
    expect(lab.disks.stored.has(`volume-${id}`)).toBe(false);
  });

  it("need no config where there is none: the guest gets them at its boot, in the next free slots", async () => {
    const linode = await lab.linode();
    const path = `/linode/instances/${linode.id}`;
    const made = await volume({ label: "made", linode_id: linode.id });
    expect(made.linode_id).toBe(linode.id);
    const { id } = await volume();
    expect((await lab.ok("POST", `/volumes/${id}/attach`, { linode_id: linode.id })).linode_id).toBe(linode.id);
    await lab.idle();
    expect(await lab.event("volume_attach", id)).toMatchObject({ status: "finished" });
    expect((await lab.ok("GET", `${path}/volumes`)).data).toMatchObject([{ id: made.id }, { id }]);

    const disk = await lab.ok("POST", `${path}/disks`, { label: "d", size: 100 });
    await lab.idle();
    const config = await lab.ok("POST", `${path}/configs`, { label: "c", devices: { sdb: { disk_id: disk.id } } });
    await lab.ok("POST", `${path}/boot`, { config_id: config.id });
    await lab.idle();
    const seen = (): readonly (readonly string[])[] =>
      lab.machines.running.get(linode.id)!.devices.map(({ slot, storage }) => [slot, storage]);
    const [own, first, second] = [`disk-${disk.id}`, `volume-${made.id}`, `volume-${id}`];
    expect(seen()).toEqual([
      ["sdb", own],
      ["sda", first],
      ["sdc", second],
    ]);
    // The profile stays as it was written, and one more volume finds a slot that nothing is in.
    const more = await volume({ label: "more", linode_id: linode.id });
    await lab.idle();
    const { devices } = await lab.ok("GET", `${path}/configs/${config.id}`);
    expect([devices["sda"], devices["sdc"], devices["sdd"]?.volume_id]).toEqual([null, null, more.id]);
    expect(seen()).toContainEqual(["sdd", `volume-${more.id}`]);

    await lab.ok("POST", `/volumes/${made.id}/detach`);
    await lab.idle();
    expect(seen().map(([slot]) => slot)).toEqual(["sdb", "sdc", "sdd"]);
    expect((await lab.ok("GET", `/volumes/${made.id}`)).linode_id).toBeNull();
    await lab.ok("POST", `${path}/reboot`);
    await lab.idle();
    expect(seen()).toContainEqual(["sda", second]);
  });

  it("asked for before there was a config go into the guest that runs by the time they are made", async () => {
    const linode = await lab.linode();
    const path = `/linode/instances/${linode.id}`;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const create = lab.disks.createBlank.bind(lab.disks);
    lab.disks.createBlank = (...args) => gate.then(() => create(...args));
    const { id } = await lab.ok("POST", "/volumes", { label: "late", linode_id: linode.id, size: 10 });
    const config = await lab.ok("POST", `${path}/configs`, { label: "c", devices: {} });
    await lab.ok("POST", `${path}/boot`, { config_id: config.id });
    await eventually("running", async () => (await lab.ok("GET", path)).status === "running" || undefined);
    expect(lab.machines.running.get(linode.id)?.devices).toEqual([]);
    release();
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.devices).toMatchObject([{ slot: "sda", storage: `volume-${id}` }]);
  });

  it("leave a running guest from where it has them, whatever the config says by then", async () => {
    const { linode, disk, config } = await lab.running();
    const { id } = await volume({ linode_id: linode.id });
    const path = `/linode/instances/${linode.id}/configs/${config.id}`;
    await lab.ok("PUT", path, { devices: { sda: { disk_id: disk.id }, sde: { volume_id: id } } });
    await lab.ok("POST", `/volumes/${id}/detach`);
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.devices.map(({ slot }) => slot)).toEqual(["sda"]);
  });

  it("need one of several configs: the last one, or the one named", async () => {
    const linode = await lab.linode();
    const { id } = await volume();
    const path = `/linode/instances/${linode.id}/configs`;
    await lab.ok("POST", path, { label: "one", devices: {} });
    const two = await lab.ok("POST", path, { label: "two", devices: {} });
    const refusal = {
      status: 400,
      reason:
        "Couldn't choose a configuration profile to add this volume to. " +
        "Please add this volume to the configuration profile you want.",
      field: "config_id",
    };
    expect(await lab.refused("POST", `/volumes/${id}/attach`, { linode_id: linode.id })).toEqual(refusal);
    const make = { label: "more", linode_id: linode.id, size: 10 };
    expect(await lab.refused("POST", "/volumes", make)).toEqual(refusal);
    await lab.ok("POST", `/volumes/${id}/attach`, { linode_id: linode.id, config_id: two.id });
    await lab.idle();
    expect((await lab.ok("GET", `${path}/${two.id}`)).devices["sda"]).toEqual({ disk_id: null, volume_id: id });
  });

  it("named by a config are attached, and by a config of another Linode refused", async () => {
    const { id } = await volume();
    const [one, two] = [await lab.linode(), await lab.linode()];
    const config = { label: "c", devices: { sdc: { volume_id: id } } };
    await lab.ok("POST", `/linode/instances/${one.id}/configs`, config);
    expect((await lab.ok("GET", `/volumes/${id}`)).linode_id).toBe(one.id);
    expect(await lab.refused("POST", `/linode/instances/${two.id}/configs`, config)).toMatchObject({
      field: "devices.sdc.volume_id",
    });
    const far = await volume({ label: "far", region: "eu-central" });
    expect((await lab.refused("POST", `/volumes/${far.id}/attach`, { linode_id: one.id })).reason).toContain("region");
  });

  it("grow but do not shrink, and can be copied", async () => {
    const { id } = await volume();
    expect((await lab.refused("POST", `/volumes/${id}/resize`, { size: 5 })).field).toBe("size");
    expect((await lab.ok("POST", `/volumes/${id}/resize`, { size: 12 })).status).toBe("resizing");
    await lab.idle();
    expect((await lab.refused("POST", `/volumes/${id}/resize`, { size: 11 })).field).toBe("size");
    const copy = await lab.ok("POST", `/volumes/${id}/clone`, { label: "copy" });
    await eventually(
      "the copy",
      async () => (await lab.ok("GET", `/volumes/${copy.id}`)).status === "active" || undefined,
    );
    expect(lab.disks.stored.get(`volume-${copy.id}`)?.sizeMiB).toBe(12 * 1024);
  });
});
