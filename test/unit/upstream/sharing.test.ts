import { TestLab, type Reply } from "../api/support";

let lab: TestLab;
let one: Reply;
let two: Reply;
beforeEach(async () => {
  lab = new TestLab();
  one = (await lab.running({ label: "web1" })).linode;
  two = (await lab.running({ label: "web2" })).linode;
});
afterEach(() => lab.close());

const wiring = (linode: Reply) => lab.networks.wired.get(linode.id);
const share = (with_: Reply, ips: readonly string[]) =>
  lab.ok("POST", "/networking/ips/share", { linode_id: with_.id, ips });
const extra = async (): Promise<string> =>
  (await lab.ok("POST", `/linode/instances/${one.id}/ips`, { type: "ipv4", public: true })).address;
const range = async (length: 56 | 64): Promise<string> =>
  (await lab.ok("POST", "/networking/ipv6/ranges", { linode_id: one.id, prefix_length: length })).range;

test("an address floats while somebody shares it, and its owner's network is told", async () => {
  const address = await extra();
  expect(wiring(one)?.floating).toBeUndefined();
  await share(two, [address]);
  expect(wiring(one)?.floating).toEqual([address]);
  expect(wiring(two)).toMatchObject({ shared: [address] });
  expect(wiring(two)?.floating).toBeUndefined();
  await share(two, []);
  expect(wiring(one)?.floating).toBeUndefined();
  expect(wiring(two)?.shared).toEqual([]);
});

test("a range is handed over with its length, and floats when it is shared with its own Linode, too", async () => {
  const [large, small] = [await range(56), await range(64)];
  await share(two, [large.split("/")[0] as string]);
  expect(wiring(two)?.shared).toEqual([large]);
  expect(wiring(one)?.floating).toEqual([large]);
  await share(one, [small.split("/")[0] as string]);
  expect(wiring(one)?.floating).toEqual([large, small].sort());
});

test("an address goes back to its owner when the one that shared it is deleted", async () => {
  const address = await extra();
  await share(two, [address]);
  await lab.ok("DELETE", `/linode/instances/${two.id}`);
  await lab.idle();
  expect(wiring(one)?.floating).toBeUndefined();
});

test("the network knows each Linode's region, which has route servers of its own", () => {
  expect(wiring(one)?.region).toBe("us-east");
});
