import type { LinodeApi } from "../../../cli/linodeApi";
import { judge } from "../../../cli/pendingCreates";

/** An account with what is listed, by path. */
function account(lists: Readonly<Record<string, readonly object[]>>): LinodeApi {
  return { list: (path: string) => Promise.resolve(lists[path] ?? []) } as unknown as LinodeApi;
}

const disk = { urn: "urn", type: "linode:index/instanceDisk:InstanceDisk", inputs: { linodeId: 7, label: "boot" } };

describe("a creation that was cut short", () => {
  it("is taken back by its label", async () => {
    const api = account({ "linode/instances": [{ id: 7, label: "web1" }] });
    const instance = { urn: "urn", type: "linode:index/instance:Instance", inputs: { label: "web1" } };
    expect(await judge(api, instance)).toEqual({ kind: "adopt", id: "7" });
  });

  it("is forgotten where it was never made", async () => {
    const volume = { urn: "urn", type: "linode:index/volume:Volume", inputs: { label: "web1-www" } };
    expect(await judge(account({}), volume)).toEqual({ kind: "forget" });
  });

  it("of a disk that no profile maps is deleted: nothing can be on it", async () => {
    const api = account({ "linode/instances/7/disks": [{ id: 9, label: "boot" }], "linode/instances/7/configs": [] });
    expect(await judge(api, disk)).toEqual({ kind: "delete", path: "linode/instances/7/disks/9" });
  });

  it("of a disk that a profile maps is taken back: it may carry data", async () => {
    const api = account({
      "linode/instances/7/disks": [{ id: 9, label: "boot" }],
      "linode/instances/7/configs": [{ id: 1, devices: { sda: { disk_id: 9, volume_id: null }, sdb: null } }],
    });
    expect(await judge(api, disk)).toEqual({ kind: "adopt", id: "7,9" });
  });

  it("of a random value or a command is simply done again", async () => {
    const command = { urn: "urn", type: "command:remote:Command", inputs: {} };
    expect(await judge(account({}), command)).toEqual({ kind: "forget" });
  });
});
