import { Lab } from "../support/lab";
import { pairConfig } from "../support/pairConfig";
import { killGroup, until } from "../support/run";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const nodes = ["cut1", "cut2"] as const;
const project = new StackProject(lab, "cut", pairConfig(nodes, { volume: "www", mountpoint: "/srv/www" }));

/** Moments of an `up` at which it is killed: the first time that its output says this. */
const MOMENTS: readonly (readonly [string, RegExp])[] = [
  ["while the placement group is made", /PlacementGroup web creating/],
  ["while the volumes are made", /Volume web-cut1-volume-www creating/],
  ["while the first Linode is made", /Instance web-cut1 creating/],
  ["when the first Linode is made", /Instance web-cut1 created/],
  ["while the firewall is made", /Firewall web creating/],
  ["while a boot disk is filled", /InstanceDisk web-cut1-disk-boot creating/],
  ["while a node boots", /InstanceConfig web-cut2-config creating/],
  ["while the hosts are prepared", /Command web-cut1-base creating/],
  ["while DRBD's metadata is written", /Command www-cut1-drbd creating/],
  ["while the file system is made", /Command www-cut2-ocfs2 creating/],
];

async function upKilledAt(moment: RegExp): Promise<boolean> {
  let group: number | undefined;
  let killed = false;
  const update = project.pulumi(["up", "--yes", "--skip-preview"], {
    seconds: 900,
    onStart: (processGroup) => (group = processGroup),
    onOutput: (text) => {
      if (!killed && moment.test(text)) {
        killed = true;
        killGroup(group);
      }
    },
  });
  await update;
  return killed;
}

beforeAll(async () => {
  await lab.up();
  await project.init();
}, 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

describe("an update that is killed", () => {
  it.each(MOMENTS)("%s is put right by resume", async (_name, moment) => {
    expect(await upKilledAt(moment)).toBe(true);
    const resumed = await project.linodeHa(["resume"], { seconds: 300 });
    expect({ code: resumed.code, stderr: resumed.code === 0 ? "" : resumed.stderr }).toEqual({ code: 0, stderr: "" });
    const state = JSON.parse(await project.exportState()) as {
      deployment: { pending_operations?: unknown[]; resources: { type: string; id?: string }[] };
    };
    expect(state.deployment.pending_operations ?? []).toEqual([]);
    const known = new Set(state.deployment.resources.map(({ type, id }) => `${type} ${id ?? ""}`));
    for (const { id } of (await lab.list("linode/instances")).filter(({ label }) => nodes.includes(label as "cut1"))) {
      expect(known).toContain(`linode:index/instance:Instance ${String(id)}`);
    }
    for (const { id } of (await lab.list("volumes")).filter(({ label }) => String(label).startsWith("cut"))) {
      expect(known).toContain(`linode:index/volume:Volume ${String(id)}`);
    }
    await converges();
  });

  // From the start each time, so that every moment comes.
  afterEach(async () => {
    await project.pulumiOk(["destroy", "--yes", "--skip-preview"], { seconds: 600 });
  });

  async function converges(): Promise<void> {
    await project.up();
    expect(await project.pendingChanges()).toEqual({});
    const instances = (await lab.list("linode/instances")).filter(({ label }) => nodes.includes(label as "cut1"));
    expect(instances).toHaveLength(2);
    for (const { id } of instances) {
      expect((await lab.list(`linode/instances/${String(id)}/disks`)).map(({ label }) => label).sort()).toEqual([
        "boot",
        "swap",
      ]);
      expect(await lab.list(`linode/instances/${String(id)}/configs`)).toHaveLength(1);
    }
    await until("both nodes to be healthy", 120, async () => (await project.linodeHa(["status"])).code === 0);
  }
});
