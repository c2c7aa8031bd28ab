import { TestLab } from "./support";

const NEW = { region: "us-east", type: "g6-standard-1" };
const slots = (count: number) => Array.from({ length: count }, (_, index) => `sd${"abcdefghijk".charAt(index)}`);
const IMAGE = { image: "linode/debian13", root_pass: "correct horse battery" };

/** Each test states what recorded traffic of the real API shows; the recordings themselves are not kept here. */
describe("Linodes, as recorded", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  it("without password and keys an image is refused, and no field is named", async () => {
    const refused = await lab.refused("POST", "/linode/instances", { ...NEW, image: "linode/debian13" });
    expect(refused).toEqual({
      status: 400,
      reason: "Must provide valid root_pass, authorized_keys, or authorized_users",
    });
    const linode = await lab.linode();
    const path = `/linode/instances/${linode.id}`;
    const disk = { label: "boot", size: 5000, image: "linode/debian13" };
    expect((await lab.refused("POST", `${path}/disks`, disk)).reason).toBe(refused.reason);
    expect((await lab.refused("POST", `${path}/rebuild`, { image: "linode/debian13" })).reason).toBe(refused.reason);
  });

  it("an unknown maintenance policy is refused at creation, change and in the account's settings", async () => {
    const wrong = { maintenance_policy: "linode/pray" };
    const refusal = {
      status: 400,
      reason: "Unsupported maintenance policy slug format.",
      field: "maintenance_policy",
    };
    expect(await lab.refused("POST", "/linode/instances", { ...NEW, ...wrong })).toEqual(refusal);
    const linode = await lab.linode();
    expect(await lab.refused("PUT", `/linode/instances/${linode.id}`, wrong)).toEqual(refusal);
    expect(await lab.refused("PUT", "/account/settings", wrong)).toEqual(refusal);
    const changed = { maintenance_policy: "linode/power_off_on" };
    expect(await lab.ok("PUT", `/linode/instances/${linode.id}`, changed)).toMatchObject(changed);
  });

  it("a disk that does not fit is refused in the API's words", async () => {
    const linode = await lab.linode();
    const disk = { label: "huge", size: 51_201, filesystem: "raw" };
    expect(await lab.refused("POST", `/linode/instances/${linode.id}/disks`, disk)).toEqual({
      status: 400,
      reason: "You do not have enough unallocated storage to create this Disk.",
      field: "size",
    });
  });

  it("kernel and boot_size choose the profile's kernel and the root disk's size", async () => {
    const linode = await lab.linode({ ...IMAGE, kernel: "linode/latest-64bit", boot_size: 8192 });
    const path = `/linode/instances/${linode.id}`;
    expect((await lab.ok("GET", `${path}/configs`)).data).toMatchObject([{ kernel: "linode/latest-64bit" }]);
    const disks = (await lab.ok("GET", `${path}/disks`)).data;
    expect(disks.map((disk) => disk.size)).toEqual([8192, 512]);
    const tooLarge = { ...NEW, ...IMAGE, boot_size: 51_200 };
    expect(await lab.refused("POST", "/linode/instances", tooLarge)).toMatchObject({ field: "boot_size" });
    const unknown = { ...NEW, ...IMAGE, kernel: "linode/none" };
    expect(await lab.refused("POST", "/linode/instances", unknown)).toMatchObject({ field: "kernel" });
  });

  it("a rebuild may change the encryption of the disks", async () => {
    const linode = await lab.linode(IMAGE);
    const path = `/linode/instances/${linode.id}`;
    const rebuilt = await lab.ok("POST", `${path}/rebuild`, { ...IMAGE, disk_encryption: "disabled" });
    expect(rebuilt).toMatchObject({ disk_encryption: "disabled" });
    await lab.idle();
    const disks = (await lab.ok("GET", `${path}/disks`)).data;
    expect(disks).toMatchObject([{ disk_encryption: "disabled" }, { disk_encryption: "disabled" }]);
  });

  it("a rebuild to another type is one of the things that the lab does not have", async () => {
    const linode = await lab.linode(IMAGE);
    const other = { ...IMAGE, type: "g6-standard-2" };
    expect(await lab.refused("POST", `/linode/instances/${linode.id}/rebuild`, other)).toMatchObject({ status: 501 });
    await lab.ok("POST", `/linode/instances/${linode.id}/rebuild`, { ...IMAGE, type: NEW.type });
  });

  it("a clone is off at once, names its image, and may have user data and a private address", async () => {
    const linode = await lab.linode({ ...IMAGE, booted: false });
    const user_data = Buffer.from("#!/bin/true").toString("base64");
    const wishes = { ...NEW, private_ip: true, metadata: { user_data } };
    const clone = await lab.ok("POST", `/linode/instances/${linode.id}/clone`, wishes);
    expect(clone).toMatchObject({ status: "offline", image: "linode/debian13", has_user_data: true });
    await lab.idle();
    expect((await lab.ok("GET", `/linode/instances/${clone.id}/ips`)).ipv4.private).toHaveLength(1);
    expect((await lab.ok("GET", `/linode/instances/${clone.id}/disks`)).data).toHaveLength(2);
  });

  it("what the account's settings say holds for what is made after them", async () => {
    const before = await lab.ok("GET", "/account/settings");
    expect(before).toMatchObject({ network_helper: true, backups_enabled: false });
    const wishes = { network_helper: false, backups_enabled: true, maintenance_policy: "linode/power_off_on" };
    expect(await lab.ok("PUT", "/account/settings", wishes)).toEqual({ ...before, ...wishes });
    const linode = await lab.linode();
    const path = `/linode/instances/${linode.id}`;
    expect(linode).toMatchObject({ maintenance_policy: "linode/power_off_on" });
    expect(await lab.ok("GET", path)).toMatchObject({
      backups: { enabled: true, schedule: { day: "Scheduling", window: "Scheduling" } },
    });
    const config = await lab.ok("POST", `${path}/configs`, { label: "main", devices: {} });
    expect(config).toMatchObject({ helpers: { network: false, distro: true } });
    const own = await lab.ok("POST", `${path}/configs`, { label: "own", devices: {}, helpers: { network: true } });
    expect(own).toMatchObject({ helpers: { network: true } });
  });

  it("profiles are found by the label of one of their VLANs", async () => {
    const linode = await lab.linode();
    const path = `/linode/instances/${linode.id}/configs`;
    const vlan = { purpose: "vlan", label: "wire", ipam_address: "10.0.0.1/24" };
    const config = await lab.ok("POST", path, { label: "wired", devices: {}, interfaces: [vlan] });
    await lab.ok("POST", path, { label: "other", devices: {} });
    const found = await lab.ok("GET", path, undefined, { interfaces: "wire" });
    expect(found.data.map(({ id }) => id)).toEqual([config.id]);
    expect((await lab.ok("GET", path, undefined, { interfaces: "none" })).data).toEqual([]);
  });

  it("a profile shows eight device slots, and all up to the last one in use", async () => {
    const linode = await lab.linode({ type: "g6-standard-6" });
    const volume = await lab.ok("POST", "/volumes", { label: "data", region: "us-east" });
    await lab.idle();
    const path = `/linode/instances/${linode.id}/configs`;
    const config = await lab.ok("POST", path, { label: "main", devices: {} });
    expect(Object.keys(config.devices)).toEqual(slots(8));
    const far = await lab.ok("PUT", `${path}/${config.id}`, { devices: { sdk: { volume_id: volume.id } } });
    expect(Object.keys(far.devices)).toEqual(slots(11));
    expect(far.devices).toMatchObject({ sdj: null, sdk: { disk_id: null, volume_id: volume.id } });
  });

  it("a plan with less than 16 GB of memory has eight device slots", async () => {
    const linode = await lab.linode();
    const path = `/linode/instances/${linode.id}/configs`;
    const volumes = [];
    for (const letter of "abcdefghi") {
      volumes.push(await lab.ok("POST", "/volumes", { label: `data-${letter}`, region: "us-east" }));
    }
    await lab.idle();
    const [first, ...rest] = volumes;
    const ninth = { label: "main", devices: { sdi: { volume_id: first?.id } } };
    expect(await lab.refused("POST", path, ninth)).toMatchObject({ status: 400, field: "devices.sdi" });
    const devices = Object.fromEntries(rest.map(({ id }, index) => [`sd${"abcdefgh"[index]}`, { volume_id: id }]));
    await lab.ok("POST", path, { label: "main", devices });
    const attach = await lab.refused("POST", `/volumes/${first?.id}/attach`, { linode_id: linode.id });
    expect(attach).toMatchObject({ status: 400, field: "config_id" });
  });
});
