import * as net from "node:net";
import fc from "fast-check";
import { hostInNetwork4, isCidr, overlaps4 } from "../../../components/internal/rules";
import { parseDualPrimary } from "../../../config/dualPrimary";
import { childNames, fieldKey, FIELDS } from "../../../config/fields";
import { distance, nearest } from "../../../config/nearest";

const octet = fc.integer({ min: 0, max: 255 });
const address4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const cidr4 = fc.tuple(address4, fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`);

/** Node's own idea of what is in a network, independent of the arithmetic under test. */
function contains(cidr: string, address: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  const list = new net.BlockList();
  list.addSubnet(network, Number(prefix), "ipv4");
  return list.check(address, "ipv4");
}

describe("networks", () => {
  test("two networks overlap exactly when one contains the other's address", () => {
    fc.assert(
      fc.property(cidr4, cidr4, (one, other) => {
        const [a = "", b = ""] = [one.split("/")[0], other.split("/")[0]];
        expect(overlaps4(one, other)).toBe(contains(one, b) || contains(other, a));
      }),
      { numRuns: 500 },
    );
  });

  test("a network overlaps every network that is cut out of it", () => {
    fc.assert(
      fc.property(address4, fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 32 }), (address, one, other) => {
        expect(overlaps4(`${address}/${one}`, `${address}/${other}`)).toBe(true);
      }),
    );
  });

  test("the nodes' addresses are in their network, and differ", () => {
    fc.assert(
      fc.property(address4, fc.integer({ min: 8, max: 29 }), (address, prefix) => {
        const cidr = `${address}/${prefix}`;
        const hosts = [1, 2].map((position) => hostInNetwork4(cidr, position).split("/")[0] ?? "");
        expect(hosts.every((host) => contains(cidr, host))).toBe(true);
        expect(hosts[0]).not.toBe(hosts[1]);
      }),
    );
  });

  test("whatever is written as a VLAN's network: it is taken, or refused with a report, never a crash", () => {
    fc.assert(
      fc.property(fc.oneof(cidr4, fc.string(), fc.ipV6()), (cidr) => {
        const parsed = parseDualPrimary({ pair: { interconnect: { kind: "vlan", cidr } } });
        const found = "problems" in parsed && parsed.problems.some(({ path }) => path === "pair.interconnect.cidr");
        const prefix = Number(cidr.split("/")[1]);
        const inPrivate = isCidr(cidr) && net.isIPv4(cidr.split("/")[0] ?? "") && overlaps4(cidr, "192.168.128.0/17");
        if (!isCidr(cidr) || cidr.includes(":") || prefix < 8 || prefix > 29 || inPrivate) {
          expect(found).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("any document at all gives a report, never a crash", () => {
  fc.assert(
    fc.property(
      fc.record(
        { system: fc.jsonValue(), pair: fc.jsonValue(), volumes: fc.jsonValue(), fencing: fc.jsonValue() },
        { requiredKeys: [] },
      ),
      (document) => {
        const parsed = parseDualPrimary(document);
        expect("problems" in parsed && parsed.problems.length > 0).toBe(true);
        if ("problems" in parsed) {
          expect(parsed.problems.every(({ path, what, todo }) => path !== "" && what !== "" && todo !== "")).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});

describe("did you mean", () => {
  test("a distance is symmetric, zero for the same word only, and at most the longer word", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const far = distance(one, other);
        expect(far).toBe(distance(other, one));
        expect(far === 0).toBe(one === other);
        expect(far).toBeLessThanOrEqual(Math.max(one.length, other.length) * 2);
      }),
    );
  });

  test("one wrong letter finds the word; another word finds nothing", () => {
    expect(nearest("eu-centrall", ["eu-central", "eu-west", "us-east"])[0]).toBe("eu-central");
    expect(nearest("debian13", ["linode/debian12", "linode/debian13"])[0]).toBe("linode/debian13");
    expect(nearest("zzzzzz", ["eu-central", "us-east"])).toEqual([]);
  });
});

describe("the table of fields", () => {
  test("leads from a path to its field", () => {
    expect(fieldKey(["pair", "nodes", 1])).toBe("pair.nodes[]");
    expect(fieldKey(["volumes", "www", "filesystem", "mountpoint"])).toBe("volumes.*.filesystem.mountpoint");
    expect(fieldKey(["pair", "nothing"])).toBeUndefined();
  });

  test("knows exactly the keys that the schema takes", () => {
    // A key that the table knows and the schema does not would be reported as unknown, and the other way round missing.
    const unknownKeys = (document: Record<string, unknown>): string[] => {
      const parsed = parseDualPrimary(document);
      return "problems" in parsed
        ? parsed.problems.filter(({ what }) => what === "is not a known key").map(({ path }) => path)
        : [];
    };
    const all = (key: string): Record<string, unknown> =>
      Object.fromEntries(childNames(key).map((name) => [name, undefined]));
    expect(unknownKeys(all(""))).toEqual([]);
    for (const key of ["pair", "pair.access", "ocfs2", "fencing", "detection"]) {
      const [section = "", below] = key.split(".");
      expect(unknownKeys({ [section]: below === undefined ? all(key) : { [below]: all(key) } })).toEqual([]);
    }
    expect(unknownKeys({ volumes: { www: all("volumes.*") } })).toEqual([]);
    expect(unknownKeys({ volumes: { www: { filesystem: all("volumes.*.filesystem") } } })).toEqual([]);
  });

  test("says of every field what it means, what is allowed, and gives an example", () => {
    expect(Object.values(FIELDS).filter(({ meaning, allowed, example }) => !meaning || !allowed || !example)).toEqual(
      [],
    );
  });
});
