import { Lab } from "../support/lab";
import { pairConfig } from "../support/pairConfig";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const nodes = ["busy1", "busy2"] as const;
const config = pairConfig(nodes, { volume: "www", mountpoint: "/srv/www" });
/** The other distribution, interconnect and kind of disk, so that these are built for real too. */
const project = new StackProject(lab, "busy", {
  ...config,
  pair: { ...(config["pair"] as object), image: "linode/debian12", interconnect: { kind: "private" } },
  volumes: { www: { backing: { kind: "disk", sizeMiB: 10240 }, filesystem: { mountpoint: "/srv/www" } } },
});

beforeAll(async () => {
  await lab.up("--image", "linode/debian12");
  await project.init();
}, 1_500_000);

afterAll(async () => {
  await lab.fault("api", "--clear");
  await project.remove();
}, 600_000);

it("an update converges, and makes nothing twice, while every fifth answer is 429, 503 or 'Linode busy.'", async () => {
  // A seed each: rules that draw the same numbers would fail in bursts of three.
  for (const [index, error] of ["429", "503", "busy"].entries()) {
    await lab.fault("api", "--error", error, "--rate", "0.067", "--seed", String(index + 1));
  }
  await project.up();
  await lab.fault("api", "--clear");
  expect(await project.pendingChanges()).toEqual({});
  const instances = (await lab.list("linode/instances")).filter(({ label }) => nodes.includes(label as "busy1"));
  expect(instances.map(({ label }) => label).sort()).toEqual([...nodes]);
  for (const { id } of instances) {
    expect((await lab.list(`linode/instances/${String(id)}/disks`)).map(({ label }) => label).sort()).toEqual([
      "boot",
      "swap",
      "www",
    ]);
    expect(await lab.list(`linode/instances/${String(id)}/configs`)).toHaveLength(1);
  }
  const status = await project.linodeHa(["status"]);
  expect(status.stdout).toContain("Primary/Primary");
  expect(status.code).toBe(0);
});
