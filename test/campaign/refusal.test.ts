import { Lab } from "../support/lab";
import { pairConfig } from "../support/pairConfig";
import { killGroup } from "../support/run";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const nodes = ["keep1", "keep2"] as const;
const MOUNT = "/srv/www";
const config = pairConfig(nodes, { volume: "www", mountpoint: MOUNT });
const DEVICE = "/dev/disk/by-id/scsi-0Linode_Volume_keep1-www";
const project = new StackProject(lab, "keep", config);

beforeAll(async () => {
  await lab.up();
  await project.init();
  // Cut short when the hosts are there and nothing replicates yet, so that something else can be on the devices first.
  let group: number | undefined;
  let killed = false;
  await project.pulumi(["up", "--yes", "--skip-preview"], {
    seconds: 600,
    onStart: (processGroup) => (group = processGroup),
    onOutput: (text) => {
      if (!killed && text.includes("[keep1 base]")) {
        killed = true;
        killGroup(group);
      }
    },
  });
  expect(killed).toBe(true);
  expect((await project.linodeHa(["resume"], { seconds: 300 })).code).toBe(0);
}, 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

async function fingerprint(): Promise<string> {
  return await lab.sshOk(nodes[0], `sha256sum < ${DEVICE}`, 300);
}

it.each([
  ["a file system", `mkfs.ext4 -q ${DEVICE}`, /ext4/],
  ["a partition table", `wipefs -aq ${DEVICE}; printf 'label: gpt\\n,1G\\n' | sfdisk -q ${DEVICE}`, /gpt|partition/i],
])(
  "a volume that carries %s is refused with the ways out, and nothing on it changes",
  async (_name, prepare, named) => {
    await lab.sshOk(nodes[0], `export DEBIAN_FRONTEND=noninteractive; ${prepare}; sync`, 120);
    const before = await fingerprint();
    const { code, stdout, stderr } = await project.pulumi(["up", "--yes", "--skip-preview"], { seconds: 600 });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(named);
    expect(stdout + stderr).toMatch(/do: .*wipefs/);
    expect(await fingerprint()).toBe(before);
  },
);

it("goes on where it stopped once the volume is blank", async () => {
  await lab.sshOk(nodes[0], `wipefs -aq ${DEVICE} && blkdiscard -f ${DEVICE}`, 300);
  await project.up();
  expect((await project.linodeHa(["status"])).code).toBe(0);
});
