import { HaPair } from "../../components";

/** A pair for tests with a mocked engine: `web1` and `web2`, each with one raw disk of this name. */
export function mockPair(disk: string): HaPair {
  return new HaPair("web", {
    region: "eu-central",
    type: "g6-standard-2",
    nodes: ["web1", "web2"],
    domain: "example.org",
    disks: { raw: { [disk]: { sizeMiB: 2048 } } },
    access: { adminCidrs: ["203.0.113.0/24"] },
  });
}
