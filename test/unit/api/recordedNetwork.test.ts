import { TestLab } from "./support";

const EVERYWHERE = { ipv4: ["0.0.0.0/0"] };

/** Each test states what recorded traffic of the real API shows; the recordings themselves are not kept here. */
describe("addresses and firewalls, as recorded", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  it("the list of all addresses has the Linodes' own IPv6 addresses after the IPv4 ones, with fewer fields", async () => {
    const linode = await lab.linode();
    const all = (await lab.ok("GET", "/networking/ips?skip_ipv6_rdns=true")).data;
    expect(all.map((each) => each.type)).toEqual(["ipv4", "ipv6"]);
    const row = all[1];
    expect(row).toMatchObject({ linode_id: linode.id, public: true, prefix: 64, rdns: null });
    const fields = ["address", "gateway", "linode_id", "prefix", "public", "rdns", "region", "subnet_mask", "type"];
    expect(Object.keys(row ?? {}).sort()).toEqual(fields);
    expect(await lab.ok("GET", `/networking/ips/${row?.address}`)).toEqual(row);
    const { ipv6 } = await lab.ok("GET", `/linode/instances/${linode.id}/ips`);
    expect(ipv6.slaac).toEqual(row);
    expect(await lab.ok("GET", "/networking/ips", undefined, { reserved: false })).toMatchObject({ results: 1 });
  });

  it("only IPv4 addresses are given out, and only to a Linode", async () => {
    const linode = await lab.linode();
    const wrong = { status: 400, reason: "Only addresses of type ipv4 are currently supported." };
    const ask = { type: "ipv6", public: true };
    expect(await lab.refused("POST", "/networking/ips", { ...ask, linode_id: linode.id })).toEqual(wrong);
    expect(await lab.refused("POST", `/linode/instances/${linode.id}/ips`, ask)).toEqual(wrong);
    expect(await lab.refused("POST", "/networking/ips", { type: "ipv4", public: true })).toEqual({
      status: 400,
      reason: "Linode is a required argument when not reserving an IP address.",
      field: "linode_id",
    });
  });

  it("a reserved address is not mistaken for a new one, nor a wish to reserve for one to lose the name", async () => {
    const linode = await lab.linode();
    const chosen = { type: "ipv4", public: true, address: "198.51.100.77" };
    expect(await lab.refused("POST", `/linode/instances/${linode.id}/ips`, chosen)).toMatchObject({ status: 501 });
    const { address } = (await lab.ok("GET", `/linode/instances/${linode.id}/ips`)).ipv4.public[0]!;
    const path = `/networking/ips/${address}`;
    await lab.ok("PUT", path, { rdns: "www.example.org" });
    expect(await lab.refused("PUT", path, { reserved: true })).toMatchObject({ status: 501 });
    expect(await lab.ok("PUT", path, { reserved: false })).toMatchObject({ rdns: "www.example.org" });
    expect(await lab.ok("PUT", path, { rdns: null })).toMatchObject({
      rdns: `${address.replaceAll(".", "-")}.ip.linodeusercontent.com`,
    });
  });

  it("a reverse name must be a domain name", async () => {
    const linode = await lab.linode();
    const { address } = (await lab.ok("GET", `/linode/instances/${linode.id}/ips`)).ipv4.public[0]!;
    expect(await lab.refused("PUT", `/networking/ips/${address}`, { rdns: "sample rdns" })).toEqual({
      status: 400,
      reason: "Domain is not valid.",
      field: "rdns",
    });
  });

  it("an assignment names the Linode that there is not, and no field", async () => {
    const linode = await lab.linode();
    const { address } = (await lab.ok("GET", `/linode/instances/${linode.id}/ips`)).ipv4.public[0]!;
    const assign = (assignment: object) =>
      lab.refused("POST", "/networking/ips/assign", { region: "us-east", assignments: [assignment] });
    expect(await assign({ address, linode_id: 99_999 })).toEqual({ status: 400, reason: "Invalid Linode ID 99999" });
    expect(await assign({ address: "192.0.2.1", linode_id: linode.id })).toEqual({
      status: 400,
      reason: "IP Address not found.",
    });
  });

  it("a list of IPv6 ranges says where each is routed, a single range who has it", async () => {
    const linode = await lab.linode();
    const { range } = await lab.ok("POST", "/networking/ipv6/ranges", { linode_id: linode.id, prefix_length: 64 });
    const [row] = (await lab.ok("GET", "/networking/ipv6/ranges", undefined, { region: "us-east" })).data;
    expect(Object.keys(row ?? {})).toEqual(["range", "prefix", "region", "route_target"]);
    const one = await lab.ok("GET", `/networking/ipv6/ranges/${range.replace("/64", "")}`);
    expect(one).toEqual({
      range: row?.range,
      prefix: 64,
      region: "us-east",
      is_bgp: false,
      linodes: [linode.id],
    });
  });

  it("a direction without rules, given as null, stays null until it gets a list", async () => {
    const policies = { inbound_policy: "DROP", outbound_policy: "ACCEPT" };
    const rule = { action: "ACCEPT", protocol: "ICMP", addresses: EVERYWHERE };
    const rules = { ...policies, inbound: [rule], outbound: null };
    const firewall = await lab.ok("POST", "/networking/firewalls", { label: "wall", rules });
    const path = `/networking/firewalls/${firewall.id}`;
    expect(firewall).toMatchObject({ rules: { inbound: [rule], outbound: null } });
    expect(await lab.ok("GET", `${path}/rules`)).toMatchObject({ inbound: [rule], outbound: null });
    expect(await lab.ok("PUT", path, { label: "walls" })).toMatchObject({ rules: { outbound: null } });
    const emptied = await lab.ok("PUT", `${path}/rules`, { ...policies, inbound: null, outbound: [] });
    expect(emptied).toMatchObject({ inbound: null, outbound: [] });
  });

  it("a protocol may be given by its number, and is shown so", async () => {
    const { linode } = await lab.running();
    const web = { action: "ACCEPT", label: "web", protocol: "6", ports: "443", addresses: EVERYWHERE };
    const rules = { inbound_policy: "DROP", outbound_policy: "ACCEPT", inbound: [web], outbound: null };
    const body = { label: "wall", rules, devices: { linodes: [linode.id] } };
    const firewall = await lab.ok("POST", "/networking/firewalls", body);
    expect(await lab.ok("GET", `/networking/firewalls/${firewall.id}/rules`)).toMatchObject({ inbound: [web] });
    const wiring = lab.networks.wired.get(linode.id);
    expect(wiring?.firewall?.inbound).toMatchObject([{ protocol: "TCP", ports: "443" }]);
    const esp = { ...web, protocol: "50", ports: undefined };
    const more = { ...rules, inbound: [esp] };
    expect(await lab.refused("PUT", `/networking/firewalls/${firewall.id}/rules`, more)).toMatchObject({ status: 501 });
  });

  it("the public template lets in SSH and then ICMP, each with a description; any token may read it", async () => {
    const { body } = await lab.ask("GET", "/networking/firewalls/templates/public");
    expect(body).toMatchObject({
      slug: "public",
      rules: {
        inbound: [
          { protocol: "TCP", ports: "22", label: "accept-inbound-ssh", description: "Accept inbound SSH" },
          { protocol: "ICMP", label: "accept-inbound-icmp", description: "Accept inbound ICMP" },
        ],
        inbound_policy: "DROP",
      },
    });
    expect((await lab.ok("GET", "/networking/firewalls/templates/vpc")).id).toBeUndefined();
  });

  it("each kind of default firewall is kept, and a change of one leaves the others", async () => {
    const rules = { inbound_policy: "DROP", outbound_policy: "ACCEPT" };
    const { id } = await lab.ok("POST", "/networking/firewalls", { label: "wall", rules });
    const path = "/networking/firewalls/settings";
    const all = { linode: id, nodebalancer: id, public_interface: id, vpc_interface: id };
    expect(await lab.ok("PUT", path, { default_firewall_ids: all })).toEqual({ default_firewall_ids: all });
    const fewer = { ...all, vpc_interface: null };
    const one = { default_firewall_ids: { vpc_interface: null } };
    expect(await lab.ok("PUT", path, one)).toEqual({ default_firewall_ids: fewer });
    expect(await lab.ok("GET", path)).toEqual({ default_firewall_ids: fewer });
    const unknown = { default_firewall_ids: { nodebalancer: 5 } };
    expect(await lab.refused("PUT", path, unknown)).toMatchObject({ field: "default_firewall_ids.nodebalancer" });
    await lab.ok("DELETE", `/networking/firewalls/${id}`);
    const none = { linode: null, nodebalancer: null, public_interface: null, vpc_interface: null };
    expect(await lab.ok("GET", path)).toEqual({ default_firewall_ids: none });
  });

  it("a Linode that is not in a placement group is refused in the words that the vendor's provider knows", async () => {
    const linode = await lab.linode();
    const kind = { placement_group_type: "anti_affinity:local", placement_group_policy: "flexible" };
    const group = await lab.ok("POST", "/placement/groups", { label: "pair", region: "us-east", ...kind });
    const refused = await lab.refused("POST", `/placement/groups/${group.id}/unassign`, { linodes: [linode.id] });
    expect(refused.status).toBe(400);
    expect(refused.reason).toContain("does not belong to Placement Group");
  });

  it("a placement group's label may be longer than 32 characters", async () => {
    const label = "a-label-of-more-than-thirty-two-characters";
    const kind = { placement_group_type: "anti_affinity:local", placement_group_policy: "flexible" };
    const group = await lab.ok("POST", "/placement/groups", { label, region: "us-east", ...kind });
    expect(group).toMatchObject({ label, is_compliant: true, members: [], migrations: null });
    const renamed = { label: `${label}-too` };
    expect(await lab.ok("PUT", `/placement/groups/${group.id}`, renamed)).toMatchObject(renamed);
  });
});
