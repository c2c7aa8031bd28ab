import { DrbdVolume, UserError } from "../../../components";
import { LighttpdServer } from "../../../components/services/lighttpdServer";
import { mockPair } from "../../support/mockPair";
import { MockEngine } from "../../support/mockEngine";

test("a service on a volume that promotes itself is refused, with everything else that is wrong", async () => {
  const engine = new MockEngine();
  await engine.start();
  const { nodes } = mockPair("www");
  const filesystem = { type: "ext4", mountpoint: "/var/www" } as const;
  const volume = new DrbdVolume("www", {
    nodes,
    backing: { kind: "disk", name: "www" },
    mode: { kind: "single-primary", preferred: "web1", promote: "boot" },
    filesystem,
  });
  const sites = [{ host: "www.example.org", aliases: ["www.example.org"] }, { host: "Not A Name" }];
  let problems: readonly { path: string }[] = [];
  try {
    new LighttpdServer("lighttpd", { volume, filesystem, sites, port: 70000 });
  } catch (error) {
    problems = (error as UserError).problems;
  }
  expect(problems.map(({ path }) => path)).toEqual(["volume", "sites[0].aliases[0]", "sites[1].host", "port"]);
  await engine.settled();
  expect(engine.ofType("command:remote:Command").map(({ name }) => name)).not.toContain(
    "lighttpd-web1-services-lighttpd",
  );
});
