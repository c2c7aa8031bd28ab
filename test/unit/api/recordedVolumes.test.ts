import { TestLab } from "./support";

/** Each test states what recorded traffic of the real API shows; the recordings themselves are not kept here. */
describe("volumes, as recorded", () => {
  let lab: TestLab;
  const create = (more: Record<string, unknown> = {}) =>
    lab.ok("POST", "/volumes", { label: "data", region: "us-east", size: 10, tags: null, ...more });
  beforeEach(() => {
    // Long enough for one more request while a volume is being made, on a busy machine too.
    lab = TestLab.with({ delays: { scheduled: 200, work: 2 } });
  });
  afterEach(() => lab.close());

  it("a volume is encrypted unless the request says otherwise", async () => {
    expect(await create()).toMatchObject({ encryption: "enabled" });
    expect(await create({ label: "plain", encryption: "disabled" })).toMatchObject({ encryption: "disabled" });
  });

  it("a volume can be attached while it is still being made", async () => {
    const { linode } = await lab.running();
    const volume = await create();
    const attached = await lab.ok("POST", `/volumes/${volume.id}/attach`, { linode_id: linode.id });
    expect(attached).toMatchObject({
      status: "creating",
      io_ready: false,
      linode_id: linode.id,
      linode_label: linode.label,
    });
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(2);
    const made = await lab.ok("GET", `/volumes/${volume.id}`);
    expect(made).toMatchObject({ status: "active", io_ready: true, linode_id: linode.id });
    expect(await lab.event("volume_attach", volume.id)).toMatchObject({ status: "finished" });
  });

  it("a copy can be attached while it is still being made", async () => {
    const { linode } = await lab.running();
    const volume = await create();
    await lab.idle();
    const copy = await lab.ok("POST", `/volumes/${volume.id}/clone`, { label: "copy" });
    await lab.ok("POST", `/volumes/${copy.id}/attach`, { linode_id: linode.id });
    await lab.idle();
    expect(await lab.ok("GET", `/volumes/${copy.id}`)).toMatchObject({ status: "active", linode_id: linode.id });
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(2);
  });

  it("a volume that is detached while it is being made is not attached when it is there", async () => {
    const { linode } = await lab.running();
    const volume = await create({ linode_id: linode.id });
    await lab.ok("POST", `/volumes/${volume.id}/detach`);
    await lab.idle();
    expect(await lab.ok("GET", `/volumes/${volume.id}`)).toMatchObject({ status: "active", linode_id: null });
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(1);
  });

  it("a volume that is being made for one Linode is refused to another", async () => {
    const one = await lab.linode();
    const other = await lab.linode();
    const volume = await create({ linode_id: one.id });
    const second = await lab.refused("POST", `/volumes/${volume.id}/attach`, { linode_id: other.id });
    expect(second).toMatchObject({ status: 400, field: "linode_id" });
    expect(second.reason).toContain("is already attached");
  });

  it("a volume is not ready for input and output before the guest has it", async () => {
    const { linode } = await lab.running();
    const volume = await create();
    await lab.idle();
    const attached = await lab.ok("POST", `/volumes/${volume.id}/attach`, { linode_id: linode.id });
    expect(attached).toMatchObject({ status: "active", io_ready: false, linode_id: linode.id });
    await lab.idle();
    expect(await lab.ok("GET", `/volumes/${volume.id}`)).toMatchObject({ io_ready: true });
  });

  it("an attached volume stays ready for input and output while it grows", async () => {
    const { linode } = await lab.running();
    const volume = await create({ linode_id: linode.id });
    await lab.idle();
    const grown = await lab.ok("POST", `/volumes/${volume.id}/resize`, { size: 12 });
    expect(grown).toMatchObject({ status: "resizing", io_ready: true, linode_id: linode.id, size: 12 });
  });

  it("a volume in a profile of a Linode that is off can be deleted; one that a running Linode has cannot", async () => {
    const off = await lab.linode();
    const config = await lab.ok("POST", `/linode/instances/${off.id}/configs`, { label: "main", devices: {} });
    const volume = await create();
    await lab.idle();
    const devices = { sda: { volume_id: volume.id } };
    await lab.ok("PUT", `/linode/instances/${off.id}/configs/${config.id}`, { devices });
    expect((await lab.ok("GET", `/linode/instances/${off.id}/volumes`)).data).toHaveLength(1);
    await lab.ok("DELETE", `/volumes/${volume.id}`);
    const left = await lab.ok("GET", `/linode/instances/${off.id}/configs/${config.id}`);
    expect(left.devices["sda"]).toBeNull();

    const { linode } = await lab.running();
    const used = await create({ label: "used", linode_id: linode.id });
    await lab.idle();
    expect(await lab.refused("DELETE", `/volumes/${used.id}`)).toMatchObject({ status: 400 });
  });
});
