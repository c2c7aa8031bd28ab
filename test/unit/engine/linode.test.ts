import { Store, createApi, type ApiServer } from "../../../lab/api";
import { plugin } from "../../../lab/engine/plugins/linode/plugin";
import { Handlers } from "../../../lab/engine/plugins/runtime/handlers";
import { Linode } from "../../../lab/engine/plugins/linode/common";
import { isSecret, Props, secret } from "../../../lab/engine/plugins/runtime/wire";
import { MemoryDisks, MemoryMachines, MemoryNetworks } from "../../support/memoryMachines";

const urn = (type: string) => `urn:pulumi:dev::p::linode:index/${type[0]?.toLowerCase()}${type.slice(1)}:${type}::x`;

describe("the linode plugin against the lab's API", () => {
  let api: ApiServer;
  let handlers: Handlers<Linode>;
  const requests: string[] = [];
  /** Answers to give instead of the API's own. */
  const instead: { status: number; reason: string; headers?: Record<string, string> }[] = [];

  beforeAll(async () => {
    api = createApi({
      store: Store.inMemory(),
      machines: new MemoryMachines(),
      disks: new MemoryDisks(),
      networks: new MemoryNetworks(),
      options: { tokens: [{ token: "t", scopes: "*", username: "lab" }] },
    });
    api.addHook("onRequest", async (request, reply) => {
      requests.push(`${request.method} ${request.url}`);
      const answer = instead.shift();
      if (answer) {
        await reply
          .code(answer.status)
          .headers(answer.headers ?? {})
          .send({ errors: [{ reason: answer.reason }] });
      }
    });
    const url = await api.listen({ port: 0, host: "127.0.0.1" });
    handlers = new Handlers(plugin, () => undefined);
    await handlers.configure({ url, token: secret("t"), eventPollMs: "20", minRetryDelayMs: "5" });
  });
  afterAll(() => api.close());

  const create = async (type: string, news: Props) => {
    const checked = handlers.check({ urn: urn(type), news });
    expect(checked.failures).toEqual([]);
    const made = await handlers.create({ urn: urn(type), news: checked.inputs });
    return { ...made, inputs: checked.inputs };
  };
  const read = (type: string, id: string, olds: Props, oldInputs?: Props) =>
    handlers.read({ urn: urn(type), id, olds, ...(oldInputs ? { oldInputs } : {}) });

  it("builds a Linode with disks and a booted profile, and finds no difference afterwards", async () => {
    const linode = await create("Instance", {
      label: "web1",
      region: "us-east",
      type: "g6-standard-2",
      privateIp: true,
      metadatas: [{ userData: secret("I2Nsb3VkLWNvbmZpZwo=") }],
      alerts: { cpu: 90 },
    });
    const owner = { linodeId: linode.id };
    const rootPass = secret("Geheim-1234567890x");
    const boot = await create("InstanceDisk", {
      ...owner,
      label: "boot",
      size: 5000,
      image: "linode/debian13",
      rootPass,
    });
    expect(isSecret(boot.properties.rootPass)).toBe(true);
    expect(isSecret(linode.properties.metadatas)).toBe(true);
    const config = await create("InstanceConfig", {
      ...owner,
      label: "ha",
      booted: true,
      kernel: "linode/grub2",
      device: [{ deviceName: "sda", diskId: boot.id }],
      interfaces: [{ purpose: "public" }, { purpose: "vlan", label: "pair", ipamAddress: "10.0.0.1/24" }],
    });
    expect(config.properties).toMatchObject({ booted: true, devices: { sda: { diskId: Number(boot.id) } } });

    for (const [type, made] of Object.entries({ Instance: linode, InstanceDisk: boot, InstanceConfig: config })) {
      const now = await read(type, made.id, made.properties, made.inputs);
      const { differences } = handlers.diff({
        urn: urn(type),
        olds: now.properties,
        news: made.inputs,
        oldInputs: now.inputs,
      });
      expect(differences).toEqual([]);
    }

    const imported = await read("InstanceConfig", `${linode.id},${config.id}`, {});
    expect(imported.id).toBe(config.id);
    expect(imported.inputs).toMatchObject({ linodeId: Number(linode.id), label: "ha", kernel: "linode/grub2" });

    requests.length = 0;
    await handlers.remove({ urn: urn("Instance"), id: linode.id, olds: linode.properties });
    expect(requests.filter((line) => line.startsWith("DELETE"))).toEqual([`DELETE /v4/linode/instances/${linode.id}`]);
    expect((await read("InstanceDisk", boot.id, boot.properties, boot.inputs)).id).toBe("");
    expect((await read("Instance", linode.id, linode.properties, linode.inputs)).id).toBe("");
    // Removing what is gone is no error.
    await handlers.remove({ urn: urn("InstanceConfig"), id: config.id, olds: config.properties });
  });

  it("tries again on 429, 503 and a busy Linode, and creates once", async () => {
    instead.push(
      { status: 429, reason: "Too many requests", headers: { "retry-after": "1" } },
      { status: 503, reason: "Service unavailable" },
      { status: 400, reason: "Linode busy." },
    );
    requests.length = 0;
    const group = await create("PlacementGroup", {
      label: "pair",
      region: "us-east",
      placementGroupType: "anti_affinity:local",
    });
    expect(requests).toHaveLength(4);
    expect(group.properties.placementGroupPolicy).toBe("strict");
    await handlers.remove({ urn: urn("PlacementGroup"), id: group.id, olds: group.properties });
  });

  it("keeps a volume that was made but could not be waited for, so that no orphan is left", async () => {
    const made = handlers.create({ urn: urn("Volume"), news: { label: "data", region: "us-east", size: 10 } });
    const posted = () => requests.some((line) => line === "POST /v4/volumes");
    requests.length = 0;
    while (!posted()) await new Promise((resolve) => setImmediate(resolve));
    instead.push({ status: 500, reason: "Internal error" });
    const failure = await made.catch((error: unknown) => error);
    expect(failure).toMatchObject({ id: expect.stringMatching(/^\d+$/), properties: { label: "data" } });
  });

  it("tells a wrong token once and clearly", async () => {
    const other = new Handlers(plugin, () => undefined);
    const url = `http://127.0.0.1:${(api.server.address() as { port: number }).port}`;
    await expect(other.configure({ url, token: "wrong" })).rejects.toThrow(/\[401\].*Is LINODE_TOKEN right\?/);
  });

  it("refuses what the service would refuse later", () => {
    const { failures } = handlers.check({
      urn: urn("InstanceDisk"),
      news: { linodeId: 1, label: "x", size: 1, authorizedKeys: ["ssh-ed25519 AAAA"], filesystem: "zfs" },
    });
    expect(failures.map((failure) => failure.property).sort()).toEqual(["authorizedKeys", "filesystem"]);
  });
});
