import { Lab } from "../support/lab";
import { pairConfig } from "../support/pairConfig";
import { until } from "../support/run";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const nodes = ["new1", "new2"] as const;
const config = pairConfig(nodes, { volume: "www", mountpoint: "/srv/www" });
const pair = config["pair"] as Record<string, unknown>;
const project = new StackProject(lab, "new", config);

beforeAll(async () => {
  await lab.up("--image", "linode/debian12");
  await project.init();
  await project.up();
  await lab.sshOk(nodes[0], "echo kept > /srv/www/kept && sync");
}, 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

/** What must not change when an update is refused: boots, disks, and the health of both. */
async function state(): Promise<unknown> {
  const linodes = await lab.list("linode/instances");
  return await Promise.all(
    nodes.map(async (node) => {
      const id = String(linodes.find(({ label }) => label === node)?.["id"]);
      return {
        boot: await lab.sshOk(node, "cat /proc/sys/kernel/random/boot_id; ha-health >/dev/null && echo healthy"),
        config: (await lab.list(`linode/instances/${id}/configs`)).map(({ interfaces }) => interfaces),
        kept: await lab.sshOk(node, "cat /srv/www/kept"),
      };
    }),
  );
}

async function refused(changes: Record<string, unknown>): Promise<string> {
  const before = await state();
  project.configure({ ...config, pair: { ...pair, ...changes } });
  const { code, stdout, stderr } = await project.pulumi(["up", "--yes", "--skip-preview"], { seconds: 900 });
  expect(code).not.toBe(0);
  expect(await state()).toEqual(before);
  return stdout + stderr;
}

async function debianOf(node: string): Promise<string> {
  return (await lab.sshOk(node, ". /etc/os-release; echo $VERSION_ID")).trim();
}

it("another network between the nodes is refused while they run, and nothing changes", async () => {
  expect(await refused({ interconnect: { kind: "vlan", cidr: "10.30.0.0/24" } })).toMatch(/do: .*maintenance window/);
  project.configure(config);
});

it("another image for both is refused before either restarts", async () => {
  expect(await refused({ image: "linode/debian12" })).toMatch(/one for each node by name/);
});

it("another image for one gives that node a new boot disk, and keeps the data", async () => {
  project.configure({
    ...config,
    pair: { ...pair, image: { [nodes[0]]: "linode/debian12", [nodes[1]]: "linode/debian13" } },
  });
  await project.up();
  await until("both nodes to be healthy", 300, async () => (await project.linodeHa(["status"])).code === 0);
  expect([await debianOf(nodes[0]), await debianOf(nodes[1])]).toEqual(["12", "13"]);
  expect(await lab.sshOk(nodes[0], "cat /srv/www/kept")).toBe("kept\n");
  expect(await project.pendingChanges()).toEqual({});
});

it("then the other's", async () => {
  project.configure({ ...config, pair: { ...pair, image: "linode/debian12" } });
  await project.up();
  await until("both nodes to be healthy", 300, async () => (await project.linodeHa(["status"])).code === 0);
  expect([await debianOf(nodes[0]), await debianOf(nodes[1])]).toEqual(["12", "12"]);
  expect(await lab.sshOk(nodes[1], "cat /srv/www/kept")).toBe("kept\n");
});

it("the network between nodes that are off is changed, and the pair comes back on it", async () => {
  for (const { id } of await lab.list("linode/instances")) {
    await lab.api("POST", `linode/instances/${String(id)}/shutdown`);
  }
  await until("both Linodes to be off", 300, async () =>
    (await lab.list("linode/instances")).every(({ status }) => status === "offline"),
  );
  project.configure({
    ...config,
    pair: { ...pair, image: "linode/debian12", interconnect: { kind: "vlan", cidr: "10.30.0.0/24" } },
  });
  await project.pulumiOk(["refresh", "--yes", "--skip-preview"], { seconds: 300 });
  await project.up();
  await until("both nodes to be healthy", 300, async () => (await project.linodeHa(["status"])).code === 0);
  expect(await lab.sshOk(nodes[0], "drbdadm dump www")).toContain("10.30.0.2");
  expect(await lab.sshOk(nodes[1], "cat /srv/www/kept")).toBe("kept\n");
});
