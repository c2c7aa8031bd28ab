import { DualPair, MOUNT } from "../support/dualPair";

const pair = new DualPair(["dual1", "dual2"]);
const { lab, nodes, project } = pair;

beforeAll(() => pair.build(), 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

describe("changes", () => {
  it("restart one node at a time, with one serving throughout", async () => {
    await lab.sshOk(nodes[0], `echo page > ${MOUNT}/page`);
    const stop = new AbortController();
    const gaps: number[] = [];
    const reader = (async () => {
      while (!stop.signal.aborted) {
        const answers = await Promise.all(nodes.map((node) => lab.probe(node, `timeout 5 cat ${MOUNT}/page`, 15)));
        if (!answers.some(({ stdout }) => stdout === "page\n")) {
          gaps.push(Date.now());
        }
      }
    })();
    const started = Date.now();
    project.configure({ ...pair.config, pair: { ...(pair.config["pair"] as object), configLabel: "ha-next" } });
    try {
      await project.up();
    } finally {
      stop.abort();
      await reader;
    }
    expect(gaps).toEqual([]);
    const uptimes = await Promise.all(nodes.map((node) => pair.uptime(node)));
    for (const seconds of uptimes) {
      expect(seconds).toBeLessThan((Date.now() - started) / 1000);
    }
    await pair.whole();
  });

  it("take a deleted node back as sync target", async () => {
    const before = await pair.checksum(nodes[0]);
    const [linode] = (await lab.list("linode/instances")).filter(({ label }) => label === nodes[1]);
    expect((await lab.api("DELETE", `linode/instances/${String(linode?.["id"])}`)).status).toBe(200);
    await project.pulumiOk(["refresh", "--yes", "--skip-preview"]);
    await project.up();
    await pair.whole();
    expect(await pair.checksum(nodes[1])).toBe(before);
  });

  it("replace a node on demand without touching the data", async () => {
    const before = await pair.checksum(nodes[1]);
    const urns = (await project.pulumiOk(["stack", "--show-urns"])).match(/urn:pulumi:\S+/g) ?? [];
    const instance = urns.find((urn) => urn.endsWith(`linode:index/instance:Instance::web-${nodes[0]}`)) ?? "";
    await project.up("--replace", instance);
    await pair.whole();
    expect(await pair.checksum(nodes[0])).toBe(before);
  });
});
