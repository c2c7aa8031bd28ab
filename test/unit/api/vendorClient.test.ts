import {
  attachVolume,
  baseRequest,
  createLinode,
  createLinodeConfig,
  createLinodeDisk,
  createVolume,
  deleteLinode,
  detachVolume,
  getAccountInfo,
  getEvents,
  getFirewalls,
  getImages,
  getLinode,
  getLinodeDisks,
  getLinodeIPs,
  getLinodes,
  getLinodeTypes,
  getRegions,
  getVolume,
  linodeBoot,
  linodeShutdown,
  setToken,
} from "@linode/api-v4";

import { eventually, TestLab, TOKEN } from "./support";

/** The client that the vendor's own Cloud Manager is built on. */
describe("@linode/api-v4", () => {
  let lab: TestLab;
  let interceptor: number;
  beforeAll(async () => {
    lab = new TestLab();
    const url = await lab.listen();
    setToken(TOKEN);
    interceptor = baseRequest.interceptors.request.use((request) => ({
      ...request,
      url: request.url?.replace("https://api.linode.com", url) ?? "",
    }));
  });
  afterAll(async () => {
    baseRequest.interceptors.request.eject(interceptor);
    await lab.close();
  });

  it("lists, creates, boots, attaches and deletes", async () => {
    expect((await getLinodes()).results).toBe(0);
    for (const list of [getRegions, getLinodeTypes, getImages, getFirewalls]) expect((await list()).page).toBe(1);
    expect((await getAccountInfo()).capabilities).toContain("Linodes");
    const linode = await createLinode({ region: "eu-central", type: "g6-standard-2", label: "cloud", booted: false });
    await eventually("offline", async () => (await getLinode(linode.id)).status === "offline" || undefined);
    const disk = await createLinodeDisk(linode.id, {
      label: "boot",
      size: 8000,
      image: "linode/debian13",
      root_pass: "correct horse battery",
    });
    await eventually(
      "a ready disk",
      async () => (await getLinodeDisks(linode.id)).data[0]?.status === "ready" || undefined,
    );
    await lab.idle();
    const config = await createLinodeConfig(linode.id, {
      label: "main",
      devices: { sda: { disk_id: disk.id, volume_id: null } },
      helpers: { devtmpfs_automount: true, distro: true, modules_dep: true, network: true, updatedb_disabled: true },
      initrd: null,
      kernel: "linode/grub2",
      root_device: "/dev/sda",
    });
    await linodeBoot(linode.id, config.id);
    await eventually("running", async () => (await getLinode(linode.id)).status === "running" || undefined);
    await lab.idle();
    const volume = await createVolume({ label: "data", region: "eu-central", size: 10 });
    await eventually("active", async () => (await getVolume(volume.id)).status === "active" || undefined);
    await attachVolume(volume.id, { linode_id: linode.id, config_id: config.id });
    await lab.idle();
    expect(lab.machines.running.get(linode.id)?.devices).toHaveLength(2);
    expect((await getLinodeIPs(linode.id)).ipv4.public).toHaveLength(1);
    await detachVolume(volume.id);
    await linodeShutdown(linode.id);
    await lab.idle();
    await deleteLinode(linode.id);
    const filter = { action: "linode_delete", "entity.id": linode.id };
    await eventually(
      "the deletion",
      async () => (await getEvents({}, filter)).data[0]?.status === "finished" || undefined,
    );
    await expect(getLinode(linode.id)).rejects.toMatchObject({
      response: { status: 404, data: { errors: [{ reason: "Not found" }] } },
    });
  });
});
