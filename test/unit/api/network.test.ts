import { TestLab, type Reply } from "./support";

describe("addresses", () => {
  let lab: TestLab;
  let one: Reply;
  let two: Reply;
  beforeEach(async () => {
    lab = new TestLab();
    one = (await lab.running({ label: "web1", private_ip: true })).linode;
    two = (await lab.running({ label: "web2" })).linode;
  });
  afterEach(() => lab.close());

  const wiring = (linode: Reply) => lab.networks.wired.get(linode.id);
  const path = (linode: Reply): string => `/linode/instances/${linode.id}`;

  it("reach the network: public first, then private, SLAAC from the hardware address", () => {
    expect(wiring(one)?.interfaces).toEqual([
      {
        kind: "public",
        name: "eth0",
        mac: "f2:3c:95:00:03:e9",
        ipv4: ["198.51.100.2/24", "192.168.128.11/17"],
        ipv4Gateway: "198.51.100.1",
        ipv6: "2001:db8:1:0:f03c:95ff:fe00:3e9/64",
        ipv6Gateway: "fe80::1",
        ipv6Ranges: [],
      },
    ]);
  });

  it("are added to a running Linode and taken away, but never the last public one", async () => {
    const extra = await lab.ok("POST", `${path(one)}/ips`, { type: "ipv4", public: true });
    const interfaces = JSON.stringify(wiring(one)?.interfaces);
    expect(interfaces).toContain(`${extra.address}/24`);
    await lab.ok("DELETE", `${path(one)}/ips/${extra.address}`);
    expect(JSON.stringify(wiring(one)?.interfaces)).not.toContain(extra.address);
    const last = (await lab.ok("GET", `${path(one)}/ips`)).ipv4.public[0]!.address;
    expect((await lab.refused("DELETE", `${path(one)}/ips/${last}`)).reason).toContain("at least one public");
    const ipv6 = { type: "ipv6", public: true };
    expect((await lab.refused("POST", `${path(one)}/ips`, ipv6)).reason).toContain("type ipv4");
  });

  it("beyond the limit need a support ticket, as the error says", async () => {
    for (let times = 0; times < 5; times += 1) await lab.ok("POST", `${path(one)}/ips`, { type: "ipv4", public: true });
    const refusal = await lab.refused("POST", `${path(one)}/ips`, { type: "ipv4", public: true });
    expect(refusal.reason).toContain("Support Ticket");
  });

  it("are shared as a whole list: the receiver gets just these, and an empty list clears it", async () => {
    const add = async (): Promise<string> =>
      (await lab.ok("POST", `${path(one)}/ips`, { type: "ipv4", public: true })).address;
    const [first, second] = [await add(), await add()];
    const share = (ips: string[]) => lab.ok("POST", "/networking/ips/share", { linode_id: two.id, ips });
    await share([first]);
    await share([second]);
    expect(wiring(two)?.shared).toEqual([second]);
    expect((await lab.ok("GET", `${path(two)}/ips`)).ipv4.shared).toMatchObject([
      { address: second, linode_id: one.id },
    ]);
    await share([]);
    expect(wiring(two)?.shared).toEqual([]);
    await lab.ok("POST", "/networking/ipv4/share", { linode_id: two.id, ips: [first] });
    await lab.ok("DELETE", `${path(one)}/ips/${first}`);
    expect(wiring(two)?.shared).toEqual([]);
  });

  it("are not shared when private, unknown, one's own or of another region", async () => {
    const own = (await lab.ok("GET", `${path(one)}/ips`)).ipv4;
    const far = await lab.linode({ region: "eu-central" });
    const share = (linode_id: number, ip: string) =>
      lab.refused("POST", "/networking/ips/share", { linode_id, ips: [ip] });
    expect((await share(two.id, own.private[0]!.address)).field).toBe("ips");
    expect((await share(two.id, "203.0.113.9")).field).toBe("ips");
    expect((await share(one.id, own.public[0]!.address)).field).toBe("ips");
    expect((await share(far.id, own.public[0]!.address)).reason).toContain("region");
    expect((await share(4711, own.public[0]!.address)).field).toBe("linode_id");
  });

  it("move between Linodes, which each keep a public one", async () => {
    const extra = (await lab.ok("POST", `${path(one)}/ips`, { type: "ipv4", public: true })).address;
    const assign = { region: "us-east", assignments: [{ address: extra, linode_id: two.id }] };
    await lab.ok("POST", "/networking/ips/assign", assign);
    expect((await lab.ok("GET", `/networking/ips/${extra}`)).linode_id).toBe(two.id);
    const last = (await lab.ok("GET", `${path(one)}/ips`)).ipv4.public[0]!.address;
    const robbery = { region: "us-east", assignments: [{ address: last, linode_id: two.id }] };
    expect((await lab.refused("POST", "/networking/ipv4/assign", robbery)).field).toBe("assignments");
  });

  it("have reverse names that can be set and reset", async () => {
    const address = (await lab.ok("GET", `${path(one)}/ips`)).ipv4.public[0]!.address;
    expect((await lab.ok("PUT", `/networking/ips/${address}`, { rdns: "web1.example.org" })).rdns).toBe(
      "web1.example.org",
    );
    expect((await lab.ok("PUT", `${path(one)}/ips/${address}`, { rdns: null })).rdns).toMatch(/linodeusercontent/);
  });

  it("come in IPv6 ranges, routed to a Linode until shared", async () => {
    const made = await lab.ok("POST", "/networking/ipv6/ranges", { linode_id: one.id, prefix_length: 64 });
    expect(made.range).toMatch(/^2001:db8:1[0-9a-f]{2}:[0-9a-f]+::\/64$/);
    const range = made.range.replace("/64", "");
    expect(JSON.stringify(wiring(one)?.interfaces)).toContain(made.range);
    expect(await lab.ok("GET", `/networking/ipv6/ranges/${range}`)).toMatchObject({ is_bgp: false, linodes: [one.id] });
    await lab.ok("POST", "/networking/ips/share", { linode_id: two.id, ips: [range] });
    expect(await lab.ok("GET", `/networking/ipv6/ranges/${range}`)).toMatchObject({ is_bgp: true });
    expect((await lab.ok("GET", "/networking/ipv6/ranges")).data).toMatchObject([{ route_target: null }]);
    expect((await lab.refused("DELETE", `/networking/ipv6/ranges/${range}`)).reason).toContain("shared range");
    await lab.ok("POST", "/networking/ips/share", { linode_id: two.id, ips: [] });
    await lab.ok("DELETE", `/networking/ipv6/ranges/${range}`);
    expect((await lab.refused("GET", `/networking/ipv6/ranges/${range}`)).status).toBe(404);
  });
});

describe("configs and VLANs", () => {
  let lab: TestLab;
  let path: string;
  beforeEach(async () => {
    lab = new TestLab();
    path = `/linode/instances/${(await lab.linode()).id}/configs`;
  });
  afterEach(() => lab.close());

  it("list a VLAN with its Linodes once a config names it", async () => {
    const interfaces = [{ purpose: "public" }, { purpose: "vlan", label: "pair", ipam_address: "10.0.0.1/24" }];
    const config = await lab.ok("POST", path, { label: "c", devices: {}, interfaces });
    expect(config.interfaces).toMatchObject([{ purpose: "public" }, { label: "pair", ipam_address: "10.0.0.1/24" }]);
    expect((await lab.ok("GET", "/networking/vlans")).data).toMatchObject([{ label: "pair", region: "us-east" }]);
  });

  it.each([
    ["two public interfaces", { interfaces: [{ purpose: "public" }, { purpose: "public" }] }, 400],
    ["a VLAN without a label", { interfaces: [{ purpose: "vlan" }] }, 400],
    ["a VLAN with a wrong address", { interfaces: [{ purpose: "vlan", label: "a", ipam_address: "ten" }] }, 400],
    ["an unknown kernel", { kernel: "linode/plan9" }, 400],
    ["a disk of nobody", { devices: { sda: { disk_id: 7 } } }, 400],
    ["an unknown run level", { run_level: "fast" }, 400],
    ["no label", { label: null }, 400],
  ])("refuse %s", async (_what, wrong, status) => {
    expect((await lab.refused("POST", path, { label: "c", devices: {}, ...wrong })).status).toBe(status);
    expect((await lab.ok("GET", path)).results).toBe(0);
  });

  it("let interfaces be added, ordered and removed", async () => {
    const config = await lab.ok("POST", path, { label: "c", devices: {}, interfaces: [{ purpose: "public" }] });
    const own = `${path}/${config.id}/interfaces`;
    const added = await lab.ok("POST", own, { purpose: "vlan", label: "pair" });
    const first = config.interfaces[0]!.id;
    await lab.ok("POST", `${own}/order`, { ids: [added.id, first] });
    const order = async () => (await lab.ok("GET", `${path}/${config.id}`)).interfaces.map((each) => each.id);
    expect(await order()).toEqual([added.id, first]);
    expect((await lab.refused("POST", `${own}/order`, { ids: [first] })).field).toBe("ids");
    await lab.ok("DELETE", `${own}/${first}`);
    expect(await order()).toEqual([added.id]);
  });
});

describe("firewalls", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  const ssh = {
    action: "ACCEPT",
    protocol: "TCP",
    ports: "22, 80",
    label: "in",
    addresses: { ipv4: ["203.0.113.0/24"], ipv6: ["::/0"] },
  };
  const rules = { inbound: [ssh], inbound_policy: "DROP", outbound: null, outbound_policy: "ACCEPT" };
  const policy = (linode: Reply) => lab.networks.wired.get(linode.id)?.firewall;

  it("filter a Linode from the answer on, follow their rules, and let go when disabled or deleted", async () => {
    const { linode } = await lab.running();
    expect(policy(linode)).toBeUndefined();
    const made = await lab.ok("POST", "/networking/firewalls", {
      label: "wall",
      rules,
      devices: { linodes: [linode.id] },
    });
    const tcp = { protocol: "TCP", ports: "22,80", ipv4: ["203.0.113.0/24"], ipv6: ["::/0"], action: "ACCEPT" };
    expect(policy(linode)).toEqual({ inbound: [tcp], inboundPolicy: "DROP", outbound: [], outboundPolicy: "ACCEPT" });
    const path = `/networking/firewalls/${made.id}`;
    expect((await lab.ok("PUT", `${path}/rules`, { ...rules, inbound: [] })).version).toBe(2);
    expect(policy(linode)?.inbound).toEqual([]);
    await lab.ok("PUT", path, { status: "disabled" });
    expect(policy(linode)).toBeUndefined();
    await lab.ok("PUT", path, { status: "enabled" });
    const device = (await lab.ok("GET", `${path}/devices`)).data[0]!;
    expect(device.entity).toMatchObject({ id: linode.id, type: "linode" });
    await lab.ok("DELETE", `${path}/devices/${device.id}`);
    expect(policy(linode)).toBeUndefined();
    await lab.ok("POST", `${path}/devices`, { id: linode.id, type: "linode" });
    expect((await lab.refused("POST", `${path}/devices`, { id: linode.id, type: "linode" })).reason).toContain(
      "already",
    );
    expect((await lab.ok("GET", `/linode/instances/${linode.id}/firewalls`)).data).toMatchObject([{ id: made.id }]);
    await lab.ok("DELETE", path);
    expect(policy(linode)).toBeUndefined();
  });

  it.each([
    ["a port beyond 65535", { ...ssh, ports: "70000" }],
    ["ports with ICMP", { ...ssh, protocol: "ICMP" }],
    ["an address that is none", { ...ssh, addresses: { ipv4: ["ten"] } }],
    ["an unknown protocol", { ...ssh, protocol: "SCTP" }],
  ])("refuse %s", async (_what, rule) => {
    const body = { label: "wall", rules: { ...rules, inbound: [rule] } };
    expect((await lab.refused("POST", "/networking/firewalls", body)).status).toBe(400);
  });

  it("take all ports when a rule names none, and the default one protects new Linodes", async () => {
    const { ports: _ports, ...any } = ssh;
    const made = await lab.ok("POST", "/networking/firewalls", { label: "wall", rules: { ...rules, inbound: [any] } });
    await lab.ok("PUT", "/networking/firewalls/settings", { default_firewall_ids: { linode: made.id } });
    const { linode } = await lab.running();
    expect(policy(linode)?.inbound).toMatchObject([{ ports: "", protocol: "TCP" }]);
  });
});

describe("placement groups", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  const group = (more: Record<string, unknown> = {}) => ({
    label: "pair",
    region: "us-east",
    placement_group_type: "anti_affinity:local",
    placement_group_policy: "strict",
    ...more,
  });

  it("take at most five Linodes of their region, each in one group, and go away empty only", async () => {
    const made = await lab.ok("POST", "/placement/groups", group());
    const other = await lab.ok("POST", "/placement/groups", group({ label: "other" }));
    const linodes = await Promise.all(Array.from({ length: 6 }, () => lab.linode()));
    const path = `/placement/groups/${made.id}`;
    for (const { id } of linodes.slice(0, 5)) await lab.ok("POST", `${path}/assign`, { linodes: [id] });
    expect((await lab.refused("POST", `${path}/assign`, { linodes: [linodes[5]!.id] })).reason).toContain("at most 5");
    const taken = { linodes: [linodes[0]!.id] };
    expect((await lab.refused("POST", `/placement/groups/${other.id}/assign`, taken)).reason).toContain("already");
    const far = await lab.linode({ region: "eu-west" });
    expect((await lab.refused("POST", `/placement/groups/${other.id}/assign`, { linodes: [far.id] })).reason).toContain(
      "same region",
    );
    expect((await lab.refused("DELETE", path)).reason).toContain("must be empty");
    expect((await lab.ok("POST", `${path}/unassign`, taken)).members).toHaveLength(4);
    expect((await lab.ok("GET", `/linode/instances/${linodes[1]!.id}`)).placement_group).toMatchObject({ id: made.id });
  });

  it.each([
    [{ placement_group_policy: "loose" }, 400],
    [{ placement_group_type: "anti_affinity:global" }, 400],
    [{ placement_group_type: "affinity:local" }, 501],
    [{ region: "mars" }, 400],
    [{ label: "a" }, 400],
  ])("refuse %j", async (wrong, status) => {
    expect((await lab.refused("POST", "/placement/groups", group(wrong))).status).toBe(status);
  });
});

describe("domains", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  it("hold records with rounded times, and become zones for the name server", async () => {
    const made = await lab.ok("POST", "/domains", {
      domain: "Example.org",
      type: "master",
      soa_email: "admin@example.org",
      ttl_sec: 31,
      tags: null,
    });
    expect(made).toMatchObject({ domain: "example.org", ttl_sec: 120, status: "active" });
    const path = `/domains/${made.id}/records`;
    const www = await lab.ok("POST", path, { type: "A", name: "www.example.org", target: "198.51.100.2", ttl_sec: 1 });
    expect(www).toMatchObject({ name: "www", ttl_sec: 30 });
    const srv = await lab.ok("POST", path, { type: "SRV", service: "ldap", protocol: "tcp", port: 389, target: "www" });
    expect(srv.name).toBe("_ldap._tcp");
    expect((await lab.refused("POST", path, { type: "A", name: "x", target: "2001:db8::1" })).field).toBe("target");
    expect((await lab.refused("POST", path, { type: "AAAA", name: "x", target: "192.0.2.1" })).field).toBe("target");
    expect((await lab.refused("POST", path, { type: "HINFO", target: "x" })).field).toBe("type");
    await lab.ok("PUT", `${path}/${www.id}`, { target: "198.51.100.3" });
    expect(lab.app.lab.zones()).toMatchObject([
      { domain: "example.org", records: [{ name: "www.example.org", type: "A", ttl: 30, target: "198.51.100.3" }, {}] },
    ]);
    expect((await lab.ok("GET", `/domains/${made.id}/zone-file`)).zone_file).toContain("www\t30\tIN\tA\t198.51.100.3");
    const twice = { domain: "example.org", type: "master", soa_email: "a@example.org" };
    expect((await lab.refused("POST", "/domains", twice)).field).toBe("domain");
    await lab.ok("DELETE", `/domains/${made.id}`);
    expect(lab.app.lab.zones()).toEqual([]);
  });
});
