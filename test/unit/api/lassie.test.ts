import { TestLab } from "./support";

describe("Lassie, the shutdown watchdog", () => {
  let lab: TestLab;
  let now = Date.UTC(2026, 0, 1);
  beforeEach(() => {
    lab = TestLab.with({ clock: () => now });
  });
  afterEach(() => lab.close());

  const status = async (id: number): Promise<string> => (await lab.ok("GET", `/linode/instances/${id}`)).status;

  it("boots a guest that powered itself off, and books it", async () => {
    const { linode, config } = await lab.running();
    lab.machines.exit(linode.id);
    await lab.idle();
    expect(await status(linode.id)).toBe("running");
    expect(lab.machines.isRunning(linode.id)).toBe(true);
    expect(await lab.event("lassie_reboot", linode.id)).toMatchObject({
      status: "finished",
      username: null,
      secondary_entity: { id: config.id },
    });
  });

  it("gives up after five boots in fifteen minutes, and is fresh after that", async () => {
    const { linode } = await lab.running();
    for (let times = 0; times < 5; times += 1) {
      now += 60_000;
      lab.machines.exit(linode.id);
      await lab.idle();
      expect(await status(linode.id)).toBe("running");
    }
    lab.machines.exit(linode.id);
    await lab.idle();
    expect(await status(linode.id)).toBe("offline");
    now += 15 * 60_000;
    await lab.ok("POST", `/linode/instances/${linode.id}/boot`);
    await lab.idle();
    lab.machines.exit(linode.id);
    await lab.idle();
    expect(await status(linode.id)).toBe("running");
  });

  it("lets be what was shut down through the API, or has its watchdog off", async () => {
    const { linode } = await lab.running();
    const path = `/linode/instances/${linode.id}`;
    await lab.ok("POST", `${path}/shutdown`);
    await lab.idle();
    expect(await status(linode.id)).toBe("offline");
    await lab.ok("PUT", path, { watchdog_enabled: false });
    await lab.ok("POST", `${path}/boot`);
    await lab.idle();
    lab.machines.exit(linode.id, "killed");
    await lab.idle();
    expect(await status(linode.id)).toBe("offline");
    expect(await lab.event("lassie_reboot", linode.id)).toBeUndefined();
  });

  it("boots after a power cut, unless that is to last", async () => {
    const { linode } = await lab.running();
    await lab.app.lab.powerCut(linode.id);
    await lab.idle();
    expect(await status(linode.id)).toBe("running");
    expect(lab.machines.calls.filter((call) => call.startsWith("kill"))).toHaveLength(1);
    await lab.app.lab.powerCut(linode.id, { stayDown: true });
    await lab.idle();
    expect(await status(linode.id)).toBe("offline");
    await expect(lab.app.lab.powerCut(linode.id)).rejects.toThrow("is not running");
  });
});
