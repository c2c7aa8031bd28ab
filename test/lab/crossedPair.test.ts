import { CrossedPair } from "../support/failover/crossedPair";
import { measure } from "../support/failover/outages";
import { until } from "../support/run";

const pair = new CrossedPair(["cross1", "cross2"]);
const { lab } = pair;

beforeAll(() => pair.build(), 1_800_000);

afterAll(async () => {
  await pair.project.remove();
}, 600_000);

describe("a fresh crossed pair", () => {
  it("2.8 runs each group where it is wanted, and nothing is left to change", async () => {
    await pair.whole();
    expect(await pair.project.pendingChanges()).toEqual({});
  });

  it("2.1 has public, private and IPv6 addresses, and one floating address of each kind", async () => {
    for (const node of pair.nodes) {
      const text = await lab.sshOk(node, "ip -brief address");
      expect(text).toMatch(/198\.51\.100\./);
      expect(text).toMatch(/192\.168\./);
      expect(text).toMatch(/2001:db8:/);
    }
    expect(await lab.sshOk(pair.db, "ip -brief address show to 10.20.0.100")).toContain("10.20.0.100");
    expect(await lab.sshOk(pair.web, "ip -brief address show to 10.20.0.100")).toBe("");
    expect(await lab.sshOk(pair.web, "ip -brief address show dev lo")).toContain(pair.visitors.site.address);
    expect(await lab.sshOk(pair.db, "ip -brief address show dev lo")).not.toContain(pair.visitors.site.address);
  });

  it("2.2 has its alerts, a tag, a labelled configuration, swap and two raw volumes", async () => {
    const linodes = (await lab.list("linode/instances")).filter(({ label }) => pair.nodes.includes(String(label)));
    expect(linodes).toHaveLength(2);
    for (const linode of linodes) {
      expect(linode["alerts"]).toMatchObject({ cpu: 50, io: 2000 });
      expect(linode["tags"]).not.toEqual([]);
      const configs = await lab.list(`linode/instances/${String(linode["id"])}/configs`);
      expect(configs.map(({ label }) => label)).toEqual(["ha"]);
      const disks = await lab.list(`linode/instances/${String(linode["id"])}/disks`);
      const swap = disks.find(({ filesystem }) => filesystem === "swap");
      expect(configs[0]?.["devices"]).toMatchObject({ sdb: { disk_id: swap?.["id"] } });
      expect(await lab.sshOk(String(linode["label"]), "swapon --show=TYPE,SIZE --noheadings")).toBe("partition 512M\n");
    }
    const volumes = (await lab.list("volumes")).filter(({ linode_label: label }) => pair.nodes.includes(String(label)));
    expect(volumes).toHaveLength(4);
  });

  it("2.4 and 2.5 replicate two resources, each with a file system of its own choice: XFS for the database, ext4 for the site", async () => {
    const [db, web] = await Promise.all(
      pair.nodes.map((node) => lab.sshOk(node, "drbdadm dump; findmnt -rno SOURCE,FSTYPE,TARGET")),
    );
    for (const text of [db, web]) {
      for (const port of [7801, 7802]) {
        expect(text?.match(new RegExp(`address +ipv6 \\[2001:db8:[0-9a-f:]+\\]:${port};`, "g"))).toHaveLength(2);
      }
      expect(text).toMatch(/cram-hmac-alg\s+sha/);
      expect(text).toMatch(/wfc-timeout\s+15;/);
      expect(text).toMatch(/degr-wfc-timeout\s+60;/);
    }
    expect(db).toContain("/dev/drbd0 xfs /var/mysql");
    expect(web).toContain("/dev/drbd1 ext4 /var/www");
  });

  it("2.3 knows itself, its peer and both floating addresses by their names", async () => {
    for (const node of pair.nodes) {
      const hosts = await lab.sshOk(node, "cat /etc/hosts");
      for (const name of pair.nodes) {
        expect(hosts).toMatch(new RegExp(`^198\\.51\\.100\\.\\d+\\t${name}\\.example\\.org$`, "m"));
        expect(hosts).toMatch(new RegExp(`^2001:db8:[0-9a-f:]+\\t${name}\\.example\\.org ip6-${name}$`, "m"));
        expect(hosts).toMatch(new RegExp(`^10\\.20\\.0\\.\\d\\t${name}$`, "m"));
      }
      expect(hosts).toMatch(/^10\.20\.0\.100\tdb\.example\.org db$/m);
      expect(hosts).toContain(`${pair.visitors.site.address}\tsite.example.org site\n`);
    }
  });

  it("2.6 serves the site, which reaches the database at its floating address only", async () => {
    await pair.withVisitors(async () => undefined);
    expect(await lab.sshOk(pair.db, "ss -Hltn sport = :3306")).toMatch(/^\S+\s+\S+\s+\S+\s+10\.20\.0\.100:3306 /);
    expect(pair.visitors.writers("db")).toEqual([pair.db]);
    expect(pair.visitors.writers("file")).toEqual([pair.web]);
  });
});

describe("what goes wrong", () => {
  it("fault 11: a service that dies is started again in place, and counted once", async () => {
    const outage = await pair.withVisitors(async (begun) => {
      await lab.sshOk(pair.db, "systemctl kill --signal=KILL mariadb.service");
      await until("the cluster has counted the failure", 90, async () =>
        /fail-count=1\b/.test((await lab.probe(pair.db, "crm_mon --one-shot --failcounts")).stdout),
      );
      await pair.served(begun + 1, 120, ["db"], pair.db);
    });
    measure("crossed-pair", "fault 11: a service killed", outage);
    expect(await pair.places()).toEqual({ db: pair.db, web: pair.web });
    expect((await lab.sshOk(pair.db, "crm_mon --one-shot --failcounts")).match(/fail-count=1\b/g)).toHaveLength(1);
    await lab.sshOk(pair.db, "crm_resource --cleanup", 120);
    await pair.whole();
    expect(await pair.lost()).toEqual([]);
  });
});
