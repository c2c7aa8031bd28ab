import { HaPair, UserError, type HaPairArgs } from "../../../components";
import { MockEngine } from "../../support/mockEngine";

const args: HaPairArgs = {
  region: "eu-central",
  type: "g6-standard-2",
  nodes: ["web1", "web2"],
  domain: "example.org",
  disks: { volumes: { www: { sizeGiB: 10 } }, raw: { mysql: { sizeMiB: 2048 } } },
  access: { adminCidrs: ["203.0.113.0/24"] },
};

async function build(changes: Partial<HaPairArgs> = {}): Promise<{ engine: MockEngine; pair: HaPair }> {
  const engine = new MockEngine();
  await engine.start();
  const pair = new HaPair("web", { ...args, ...changes });
  await engine.settled();
  return { engine, pair };
}

function problemsOf(changes: Partial<HaPairArgs>): string[] {
  try {
    new HaPair("bad", { ...args, ...changes });
  } catch (error) {
    if (error instanceof UserError) {
      return error.problems.map((problem) => problem.path);
    }
    throw error;
  }
  return [];
}

describe("HaPair", () => {
  it("makes each node's resources under names that derive from the pair's and the node's", async () => {
    const { engine } = await build();
    expect(engine.ofType("linode:index/instance:Instance").map(({ name }) => name)).toEqual(["web-web1", "web-web2"]);
    expect(
      engine
        .ofType("linode:index/instanceDisk:InstanceDisk")
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["web1", "web2"].flatMap((node) => ["boot", "mysql", "swap"].map((role) => `web-${node}-disk-${role}`)));
    expect(engine.ofType("linode:index/volume:Volume").map(({ inputs }) => inputs["label"])).toEqual([
      "web1-www",
      "web2-www",
    ]);
  });

  it("maps boot, swap and data to fixed devices of the configuration profile", async () => {
    const { engine } = await build();
    const { inputs } = engine.named("web-web1-config");
    const devices = inputs["device"] as { deviceName: string; diskId?: number; volumeId?: number }[];
    expect(devices.map(({ deviceName }) => deviceName)).toEqual(["sda", "sdb", "sdc", "sdd"]);
    expect(devices[2]?.diskId).toBeDefined();
    expect(devices[3]?.volumeId).toBeDefined();
    expect(inputs["kernel"]).toBe("linode/grub2");
    expect(inputs["booted"]).toBe(true);
  });

  it("gives each node its own image where two are named", async () => {
    const { engine } = await build({ image: { web1: "linode/debian13", web2: "linode/debian12" } });
    expect(engine.named("web-web1-disk-boot").inputs["image"]).toBe("linode/debian13");
    expect(engine.named("web-web2-disk-boot").inputs["image"]).toBe("linode/debian12");
    expect(problemsOf({ image: { web1: "linode/debian13" } })).toEqual(["image"]);
    expect(problemsOf({ image: { web1: "linode/debian13", web3: "linode/debian12" } })).toEqual(["image"]);
  });

  it("names all five alert thresholds, because the vendor switches off those left out", async () => {
    const { engine } = await build({ alerts: { cpu: 50 } });
    expect(engine.named("web-web1", "linode:index/instance:Instance").inputs["alerts"]).toEqual({
      cpu: 50,
      io: 10000,
      networkIn: 10,
      networkOut: 10,
      transferQuota: 80,
    });
  });

  it("opens the firewall to the administrators' networks and the named ports only", async () => {
    const { engine } = await build({
      access: { adminCidrs: ["203.0.113.0/24", "2001:db8::/32"], publicTcpPorts: [443] },
    });
    const { inputs } = engine.named("web", "linode:index/firewall:Firewall");
    expect(inputs["inboundPolicy"]).toBe("DROP");
    const inbounds = inputs["inbounds"] as { label: string; ports?: string; ipv4s?: string[]; ipv6s?: string[] }[];
    expect(inbounds.map(({ label }) => label)).toEqual(["ssh", "icmp", "tcp-443"]);
    expect(inbounds[0]).toMatchObject({ ports: "22", ipv4s: ["203.0.113.0/24"], ipv6s: ["2001:db8::/32"] });
  });

  it("lets the peer's address through where the interconnect crosses the firewall", async () => {
    const { engine } = await build({ interconnect: { kind: "private" } });
    const inbounds = engine.named("web", "linode:index/firewall:Firewall").inputs["inbounds"] as {
      label: string;
      ipv4s?: string[];
    }[];
    expect(inbounds.find(({ label }) => label === "peer-tcp")?.ipv4s).toEqual([
      "192.168.128.11/32",
      "192.168.128.12/32",
    ]);
  });

  it("lets only a replication's port through between the public IPv6 addresses, and all where they are the interconnect", async () => {
    const rules = async (args: object) => {
      const { engine } = await build(args);
      return engine.named("web", "linode:index/firewall:Firewall").inputs["inbounds"] as {
        label: string;
        ports?: string;
        ipv4s?: string[];
        ipv6s?: string[];
      }[];
    };
    const access = { adminCidrs: ["203.0.113.0/24"], peerTcp6Ports: [7801] };
    const named = (await rules({ access })).find(({ label }) => label.startsWith("peer"));
    expect(named).toMatchObject({ label: "peer-tcp6-7801", ports: "7801" });
    expect(named?.ipv4s).toBeUndefined();
    expect(named?.ipv6s).toHaveLength(2);
    for (const address of named?.ipv6s ?? []) expect(address).toMatch(/^2001:db8:.*\/128$/);
    const all = await rules({ access, interconnect: { kind: "public6" } });
    expect(all.map(({ label }) => label)).toEqual(["ssh", "icmp", "peer-tcp", "peer-udp"]);
  });

  it("gives every step the host key to check and shows no private key in its text", async () => {
    const { engine } = await build();
    const step = engine.named("web-web1-base", "command:remote:Command");
    const text = JSON.stringify(step.inputs["create"]);
    expect(text).not.toContain("PRIVATE KEY");
    expect(text).toContain("machine linode");
    expect(JSON.stringify(step.inputs["connection"])).toContain("ssh-ed25519 ");
  });

  it("reports every problem at once, by path, before anything is created", async () => {
    const engine = new MockEngine();
    await engine.start();
    const problems = problemsOf({
      nodes: ["web1", "web1"],
      domain: "nonsense",
      disks: { volumes: { www: { sizeGiB: 9 } }, raw: { a: { sizeMiB: 100, device: "sda" } } },
      interconnect: { kind: "vlan", cidr: "192.168.200.0/24" },
      access: { adminCidrs: ["203.0.113.0"], publicTcpPorts: [70000] },
    });
    expect(problems).toEqual([
      "nodes",
      "domain",
      "access.adminCidrs[0]",
      "access.publicTcpPorts[0]",
      "interconnect.cidr",
      "disks.volumes.www.sizeGiB",
      "disks.raw.a.device",
    ]);
    expect(engine.registered.filter(({ type }) => !type.startsWith("linode-ha:"))).toEqual([]);
  });
});
