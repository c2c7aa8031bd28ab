import { mayRestart, movesInterconnect, readHealth } from "../../../components/internal/rollingChange";

const INSTANCE = "linode:index/instance:Instance";
const CONFIG = "linode:index/instanceConfig:InstanceConfig";

describe("which updates may restart a Linode", () => {
  it.each([
    ["tags", false],
    ["alerts", false],
    ["label", false],
    ["type", true],
    ["privateIp", true],
  ])("an instance's %s: %s", (key, restarts) => {
    expect(mayRestart(INSTANCE, { [key]: "old", region: "same" }, { [key]: "new", region: "same" })).toBe(restarts);
  });

  it("any change of a configuration profile, its label included", () => {
    expect(mayRestart(CONFIG, { label: "old" }, { label: "new" })).toBe(true);
  });
});

describe("which updates part a pair", () => {
  const on = (label: string, ipamAddress: string) => ({
    interfaces: [{ purpose: "public" }, { purpose: "vlan", label, ipamAddress }],
  });

  it.each([
    ["another network", on("other", "10.20.0.1/24"), true],
    ["another address", on("pair", "10.30.0.1/24"), true],
    ["no network", { interfaces: [{ purpose: "public" }] }, true],
    ["another label of the profile", { ...on("pair", "10.20.0.1/24"), label: "new" }, false],
  ])("%s: %s", (_name, inputs, parts) => {
    expect(movesInterconnect(on("pair", "10.20.0.1/24"), inputs)).toBe(parts);
  });
});

describe("what a node's health command says", () => {
  it.each([
    [0, "healthy"],
    [1, "unhealthy"],
    [127, "bare"],
  ])("exit code %i: %s", (code, kind) => {
    expect(readHealth({ code, stdout: "{}" }).kind).toBe(kind);
  });
});
