import { nodeNames, RolesPair } from "../hosts/rolesPair";
import { rolesSteps } from "../hosts/rolesSteps";

const MINUTE = 60_000;

let pair: RolesPair;
let started = false;
const { both, deploy } = rolesSteps(() => pair);

beforeAll(async () => {
  pair = await RolesPair.start("linode/debian13");
  started = true;
  await both(deploy);
  await pair.healthy(120);
}, 20 * MINUTE);
afterAll(async () => {
  if (started) await pair.stop();
}, MINUTE);

const written = async (text: string) => pair.must("web1", `echo ${text} >/srv/www/${text} && sync`);
const intact = async (text: string) =>
  expect(await Promise.all(nodeNames.map((node) => pair.must(node, `cat /srv/www/${text}`)))).toEqual([text, text]);

describe("a host's roles bring it back", () => {
  test(
    "after a machine is replaced: its own steps alone make it the sync target",
    async () => {
      await written("replaced");
      await pair.cut("web2");
      await pair.freshBootDisk("web2");
      await pair.blankVolume("web2", "www");
      await pair.boot("web2");
      await deploy("web2");
      await pair.healthy(120);
      await intact("replaced");
      expect(
        await pair.must("web1", "journalctl -k -b --no-pager | grep -c 'Began resync as SyncTarget' || :"),
      ).toMatch(/^[01]$/);
      expect(await pair.must("web2", "journalctl -k -b --no-pager | grep -c 'Began resync as SyncTarget'")).not.toBe(
        "0",
      );
    },
    10 * MINUTE,
  );

  test(
    "after a machine is replaced and keeps its volume",
    async () => {
      await written("kept");
      await pair.cut("web1");
      await pair.freshBootDisk("web1");
      await pair.boot("web1");
      const results = await deploy("web1");
      expect(results[1]).toMatchObject({ metadata: "kept" });
      expect(results[3]).toMatchObject({ filesystem: "kept" });
      await pair.healthy(120);
      await intact("kept");
    },
    10 * MINUTE,
  );
});
