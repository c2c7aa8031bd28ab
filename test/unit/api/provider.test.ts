import { eventually, TestLab, type Reply } from "./support";

/**
 * The vendor's infrastructure provider, as its requests were recorded: two Linodes built from parts, refreshed,
 * changed and destroyed.
 */
describe("the requests of the vendor's provider", () => {
  let lab: TestLab;
  const newest = (action: unknown, id: number) => ({
    "+order": "desc",
    "+order_by": "created",
    ...(typeof action === "string" ? { action } : { "+or": action }),
    "entity.id": id,
    "entity.type": "linode",
  });

  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  /** Lists the events there are, acts, takes the first new one and polls it to its end: what the provider does. */
  async function act(action: string, id: number, request: () => Promise<Reply>): Promise<Reply> {
    const list = async (): Promise<readonly Reply[]> =>
      (await lab.ok("GET", "/account/events?page=1", undefined, newest(action, id))).data;
    const before = new Set((await list()).map((event) => event.id));
    const answer = await request();
    const event = await eventually(`a new ${action}`, async () => (await list()).find((each) => !before.has(each.id)));
    await eventually(`${action} to finish`, async () => {
      const { status } = await lab.ok("GET", `/account/events/${event.id}`);
      expect(["scheduled", "started", "finished"]).toContain(status);
      return status === "finished" || undefined;
    });
    return answer;
  }

  async function buildNode(label: string, address: string, group: number) {
    const linode = await lab.ok("POST", "/linode/instances", {
      region: "us-east",
      type: "g6-standard-2",
      label,
      root_pass: "correct horse battery",
      private_ip: true,
      tags: ["ha"],
      metadata: { user_data: "I2Nsb3VkLWNvbmZpZwo=" },
      placement_group: { id: group },
      booted: true,
    });
    const path = `/linode/instances/${linode.id}`;
    const alerts = { cpu: 50, io: 2000, network_in: 0, network_out: 0, transfer_quota: 0 };
    expect((await lab.ok("PUT", path, { alerts })).alerts).toMatchObject(alerts);
    await eventually("offline", async () => (await lab.ok("GET", path)).status === "offline" || undefined);
    expect((await lab.ok("GET", `${path}/disks?page=1`)).data).toEqual([]);
    expect((await lab.ok("GET", `${path}/configs?page=1`)).data).toEqual([]);
    // Before the Linode has any configuration profile: so it comes from a program that names the Linode in the volume.
    const volume = await lab.ok("POST", "/volumes", {
      label: `${label}-data`,
      region: "us-east",
      linode_id: linode.id,
      size: 10,
      tags: [],
      encryption: "disabled",
    });
    await eventually("an active volume", async () => {
      const { status, linode_id } = await lab.ok("GET", `/volumes/${volume.id}`);
      return (status === "active" && linode_id === linode.id) || undefined;
    });
    const boot = await act("disk_create", linode.id, () =>
      lab.ok("POST", `${path}/disks`, {
        label: "boot",
        size: 20000,
        image: "linode/debian13",
        root_pass: "correct horse battery",
        authorized_keys: ["ssh-ed25519 AAAA key"],
      }),
    );
    expect((await lab.ok("GET", `${path}/disks/${boot.id}`)).status).toBe("ready");
    const raw = await act("disk_create", linode.id, () =>
      lab.ok("POST", `${path}/disks`, { label: "raw", size: 10000, root_pass: "unused here", filesystem: "raw" }),
    );
    const config = await lab.ok("POST", `${path}/configs`, {
      label: "ha",
      devices: { sda: { disk_id: boot.id }, sdb: { disk_id: raw.id } },
      helpers: { updatedb_disabled: true, distro: true, modules_dep: true, network: true, devtmpfs_automount: true },
      interfaces: [{ purpose: "public" }, { ipam_address: address, label: "pair", purpose: "vlan" }],
      kernel: "linode/grub2",
      root_device: "/dev/sda",
      run_level: "default",
      virt_mode: "paravirt",
    });
    await act("linode_boot", linode.id, () => lab.ok("POST", `${path}/boot`, { config_id: config.id }));
    expect((await lab.ok("GET", path)).status).toBe("running");
    return { linode, path, boot, raw, config, volume };
  }

  it("builds, refreshes, changes and destroys a pair", async () => {
    expect((await lab.ok("GET", "/linode/types?page=100")).data).toEqual([]);
    const group = await lab.ok("POST", "/placement/groups", {
      label: "pair",
      region: "us-east",
      placement_group_type: "anti_affinity:local",
      placement_group_policy: "strict",
    });
    const [one, two] = await Promise.all([
      buildNode("web1", "10.0.0.1/24", group.id),
      buildNode("web2", "10.0.0.2/24", group.id),
    ]);
    await lab.idle();

    // What really runs beneath: the disks, the volume and both networks of each.
    const spec = lab.machines.running.get(one.linode.id);
    expect(spec?.devices).toEqual([
      { slot: "sda", storage: `disk-${one.boot.id}` },
      { slot: "sdb", storage: `disk-${one.raw.id}` },
      { slot: "sdc", storage: `volume-${one.volume.id}`, serial: "Linode_Volume_web1-data" },
    ]);
    expect(spec).toMatchObject({ kernel: "distribution", memoryMiB: 1024, networkHelper: true });
    expect(spec?.interfaces[1]).toMatchObject({ kind: "vlan", name: "eth1", vlan: "pair", ipam: "10.0.0.1/24" });

    // An address of one, shared with the other.
    const extra = await lab.ok("POST", `${one.path}/ips`, { type: "ipv4", public: true });
    await lab.ok("POST", "/networking/ips/share", { ips: [extra.address], linode_id: two.linode.id });
    expect(lab.networks.wired.get(two.linode.id)?.shared).toEqual([extra.address]);
    expect((await lab.ok("GET", `${two.path}/ips`)).ipv4.shared).toMatchObject([{ address: extra.address }]);

    // Refresh.
    expect((await lab.ok("GET", `/placement/groups/${group.id}`)).members).toHaveLength(2);
    expect((await lab.ok("GET", `${one.path}/ips/${extra.address}`)).linode_id).toBe(one.linode.id);
    const boots = await lab.ok(
      "GET",
      "/account/events?page=1",
      undefined,
      newest([{ action: "linode_boot" }, { action: "linode_reboot" }], one.linode.id),
    );
    expect(boots.data).toHaveLength(1);

    // Size and label changed.
    await lab.ok("POST", `/volumes/${one.volume.id}/resize`, { size: 12 });
    const renamed = { label: "ha2", comments: "", interfaces: null, memory_limit: 0, init_rd: null };
    const config = await lab.ok("PUT", `${one.path}/configs/${one.config.id}`, renamed);
    expect(config.label).toBe("ha2");
    expect(config.interfaces).toHaveLength(2);
    await act("linode_reboot", one.linode.id, () => lab.ok("POST", `${one.path}/reboot`, { config_id: one.config.id }));

    // Destroy.
    await lab.ok("POST", "/networking/ips/share", { ips: [], linode_id: two.linode.id });
    await lab.ok("DELETE", `${one.path}/ips/${extra.address}`);
    for (const node of [one, two]) {
      const { id } = node.linode;
      await act("linode_shutdown", id, () => lab.ok("POST", `${node.path}/shutdown`));
      await lab.ok("DELETE", `${node.path}/configs/${node.config.id}`);
      await act("disk_delete", id, () => lab.ok("DELETE", `${node.path}/disks/${node.raw.id}`));
      expect((await lab.ok("GET", `/volumes/${node.volume.id}`)).linode_id).toBe(id);
      await lab.ok("POST", `/volumes/${node.volume.id}/detach`);
      await act("disk_delete", id, () => lab.ok("DELETE", `${node.path}/disks/${node.boot.id}`));
      await eventually("detached", async () => {
        const { linode_id } = await lab.ok("GET", `/volumes/${node.volume.id}`);
        return linode_id === null || undefined;
      });
      await lab.ok("DELETE", `/volumes/${node.volume.id}`);
      await act("linode_delete", id, () => lab.ok("DELETE", node.path));
    }
    await lab.ok("DELETE", `/placement/groups/${group.id}`);
    await lab.idle();
    expect([...lab.disks.stored.keys()]).toEqual([]);
    expect([...lab.machines.running.keys()]).toEqual([]);
    expect((await lab.ok("GET", "/networking/ips")).results).toBe(0);
  });
});
