import { mayRestart, readHealth } from "../../../components/internal/rollingChange";

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

describe("what a node's health command says", () => {
  it.each([
    [0, "healthy"],
    [1, "unhealthy"],
    [127, "bare"],
  ])("exit code %i: %s", (code, kind) => {
    expect(readHealth({ code, stdout: "{}" }).kind).toBe(kind);
  });
});
