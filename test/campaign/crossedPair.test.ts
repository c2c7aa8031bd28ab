import { CrossedPair } from "../support/failover/crossedPair";
import { measure } from "../support/failover/outages";
import { until } from "../support/run";

/** Seconds until the other node must have taken over, whatever a lab's slow hosts need for it. */
const TAKEN_OVER = 300;

const pair = new CrossedPair(["cross1", "cross2"]);
const { lab } = pair;
const there = { db: pair.db, web: pair.web };

beforeAll(() => pair.build(), 1_800_000);

afterAll(async () => {
  await pair.project.remove();
}, 600_000);

afterEach(async () => {
  await lab.fault("heal");
  await lab.fault("api", "--clear");
});

/** Visitors come, something happens; afterwards the pair becomes whole by itself, and nothing that was acknowledged is lost. */
async function survives(fault: string, happens: (begun: number) => Promise<void>): Promise<void> {
  const outage = await pair.withVisitors(happens);
  measure("crossed-pair", fault, outage);
  await lab.fault("heal");
  await pair.whole(there);
  expect(await pair.lost()).toEqual([]);
}

/** As {@link survives}, where nothing may move, and no node is fenced: every write of the database is the preferred node's, and of the site too. */
async function staysThrough(fault: string, happens: (begun: number) => Promise<void>): Promise<void> {
  const before = await Promise.all(pair.nodes.map(bootId));
  let begun = 0;
  await survives(fault, async (at) => {
    begun = at;
    await happens(at);
    // What the manager makes of it comes a little later.
    await settled();
  });
  expect(await Promise.all(pair.nodes.map(bootId))).toEqual(before);
  expect(pair.visitors.writers("db", begun)).toEqual([pair.db]);
  expect(pair.visitors.writers("file", begun)).toEqual([pair.web]);
}

/** Waits until the manager has nothing left to do. It cannot say so while it starts anew. */
const settled = (): Promise<void> =>
  until("the cluster has settled", TAKEN_OVER, async () => {
    const { code } = await lab.probe(pair.web, "crm_resource --wait --timeout=60s", 90);
    return code === 0;
  });

const bootId = async (node: string): Promise<string> =>
  (await lab.sshOk(node, "cat /proc/sys/kernel/random/boot_id")).trim();

const uptime = async (node: string): Promise<number> =>
  Number((await lab.sshOk(node, "cut -d' ' -f1 /proc/uptime")).trim());

test("fault 3: an active node that stood still and wakes after the take-over cannot write", async () => {
  await survives("fault 3: active frozen, then resumed", async (begun) => {
    await lab.fault("freeze", pair.db);
    await pair.served(begun, TAKEN_OVER, ["db"], pair.web);
    // Fencing has ended what stood still: there is nobody left to wake.
    await lab.fault("thaw", pair.db).catch(() => undefined);
  });
  expect(pair.visitors.writers("db").at(-1)).toBeDefined();
});

test("fault 6: an orderly shutdown hands over", async () => {
  await survives("fault 6: API shutdown of the active", async (begun) => {
    const [linode] = (await lab.list("linode/instances")).filter(({ label }) => label === pair.db);
    await lab.api("POST", `linode/instances/${String(linode?.["id"])}/shutdown`);
    await pair.served(begun, TAKEN_OVER, ["db"], pair.web);
    await until("it is off", 120, async () => {
      const { body } = await lab.api("GET", `linode/instances/${String(linode?.["id"])}`);
      return body["status"] === "offline";
    });
    await lab.api("POST", `linode/instances/${String(linode?.["id"])}/boot`);
  });
});

test("fault 7: a reboot through the API, and the groups go back as configured", async () => {
  await survives("fault 7: API reboot of the active", async (begun) => {
    const [linode] = (await lab.list("linode/instances")).filter(({ label }) => label === pair.db);
    await lab.api("POST", `linode/instances/${String(linode?.["id"])}/reboot`);
    await pair.served(begun, TAKEN_OVER, ["db"], pair.web);
  });
});

test("fault 9: the membership daemon is killed", async () => {
  await survives("fault 9: corosync killed on the active", async (begun) => {
    const pid = (await lab.sshOk(pair.db, "pidof corosync")).trim();
    await lab.sshOk(pair.db, `kill -KILL ${pid}`);
    // Fenced, or back by itself: either way both are members in the end, and by then somebody has served for a while.
    await until(`${pair.db} is a member again`, TAKEN_OVER, async () => {
      const { code, stdout } = await lab.probe(pair.db, "pidof corosync && crm_node --partition");
      return code === 0 && !stdout.startsWith(`${pid}\n`) && pair.nodes.every((node) => stdout.includes(node));
    });
    await pair.served(Math.max(begun, Date.now()), TAKEN_OVER, ["db"]);
  });
});

/** Kills a daemon of the manager, on the database's node unless another is named, and waits until another has its place. */
async function respawned(child: string, node = pair.db): Promise<void> {
  const pid = (await lab.sshOk(node, `pidof ${child}`)).trim();
  await lab.sshOk(node, `kill -KILL ${pid}`);
  await until(`${child} is there again`, TAKEN_OVER, async () => {
    const { code, stdout } = await lab.probe(node, `pidof ${child}`);
    return code === 0 && stdout.trim() !== pid;
  });
}

test("fault 10: the manager's fencer is killed, and nothing moves", async () => {
  await staysThrough("fault 10: pacemaker-fenced killed", () => respawned("pacemaker-fenced"));
});

// With its attribute daemon Pacemaker 3 drops all that a node said of itself, and with that DRBD's word that the node may be Primary: until
// the next look there the group may be moved, in order.
test("fault 10: the manager's attribute daemon is killed: the database moves at most once, in order", async () => {
  const before = await Promise.all(pair.nodes.map(bootId));
  let begun = 0;
  await survives("fault 10: pacemaker-attrd killed", async (at) => {
    begun = at;
    await respawned("pacemaker-attrd");
    await settled();
  });
  expect(await Promise.all(pair.nodes.map(bootId))).toEqual(before);
  expect(pair.visitors.writers("db", begun).filter((node) => node === pair.web).length).toBeLessThanOrEqual(1);
});

/** The node that coordinates the cluster now. */
const coordinator = async (): Promise<string> => {
  const words = await lab.sshOk(pair.db, "crmadmin --dc_lookup");
  const node = pair.nodes.find((each) => words.includes(each));
  if (node === undefined) throw new Error(`nobody coordinates the cluster: ${words}`);
  return node;
};

// Pacemaker's controller ends with its executor. Where it is back before the peer has looked, nothing need move; else the peer takes that for a
// failure and fences the node. A node that was not fenced has lost its promotion scores in the cluster's configuration: the pair is whole only
// when they have been sent again and everything is back where it belongs.
test.each(["coordinates the cluster", "does not"])(
  "fault 10: the manager's executor is killed on the node that %s: restarted or fenced, and one node writes",
  async (which) => {
    const first = await coordinator();
    const node = pair.nodes.find((each) => (each === first) === (which === "coordinates the cluster")) ?? first;
    let begun = 0;
    await survives(`fault 10: pacemaker-execd killed on the node that ${which}`, async (at) => {
      begun = at;
      await respawned("pacemaker-execd", node);
      await settled();
      await pair.served(at, TAKEN_OVER);
    });
    for (const [kind, home] of [
      ["db", pair.db],
      ["file", pair.web],
    ] as const) {
      expect(pair.visitors.writers(kind, begun).filter((writer) => writer !== home).length).toBeLessThanOrEqual(1);
    }
  },
);

test("fault 12: a service that dies again and again moves after its threshold", async () => {
  await survives("fault 12: service killed three times", async (begun) => {
    for (let died = 1; died <= 3; died += 1) {
      await lab.probe(pair.db, "systemctl kill --signal=KILL mariadb.service");
      const counted = new RegExp(`fail-count=${died}\\b`);
      await until(`failure ${died} is counted`, 120, async () =>
        counted.test((await lab.probe(pair.db, "crm_mon --one-shot --failcounts")).stdout),
      );
      if (died < 3)
        await until(
          "it runs again",
          120,
          async () => (await lab.probe(pair.db, "systemctl is-active mariadb.service")).code === 0,
        );
    }
    await pair.served(begun, TAKEN_OVER, ["db"], pair.web);
    await lab.sshOk(pair.db, "crm_resource --cleanup", 120);
  });
});

test("fault 13: standby on and off moves once each way", async () => {
  let begun = 0;
  await survives("fault 13: standby on, off", async (at) => {
    begun = at;
    expect((await pair.project.linodeHa(["standby", pair.db], { seconds: 300 })).code).toBe(0);
    await pair.served(Date.now(), TAKEN_OVER, ["db"], pair.web);
    expect((await pair.project.linodeHa(["standby", pair.db, "--off"], { seconds: 300 })).code).toBe(0);
    await pair.served(Date.now(), TAKEN_OVER, ["db"], pair.db);
  });
  expect(pair.visitors.writers("db", begun)).toEqual([pair.db, pair.web, pair.db]);
});

test("fault 14: in maintenance mode the whole manager restarts, and nothing moves", async () => {
  await staysThrough("fault 14: maintenance, stack restarted", async () => {
    expect((await pair.project.linodeHa(["maintenance"], { seconds: 120 })).code).toBe(0);
    await Promise.all(pair.nodes.map((node) => lab.sshOk(node, "systemctl restart pacemaker.service", 240)));
    await Promise.all(
      pair.nodes.map((node) =>
        until(`${node} is a member again`, 120, async () => (await lab.probe(node, "crmadmin --dc_lookup")).code === 0),
      ),
    );
    expect((await pair.project.linodeHa(["maintenance", "--off"], { seconds: 120 })).code).toBe(0);
  });
});

test.each([
  ["fault 15: full partition", ["--network", "all"]],
  ["fault 16: one-way partition", ["--network", "all", "--one-way"]],
  ["fault 18: heartbeat link only", ["--network", "vlan", "--udp", "5405"]],
])("%s: exactly one survivor", async (fault, limits) => {
  const before = await Promise.all(pair.nodes.map(uptime));
  await survives(fault, async (begun) => {
    await lab.fault("partition", pair.db, pair.web, ...limits);
    const survivor = await oneRestarted(before);
    await pair.served(begun + 5000, TAKEN_OVER, ["db"], survivor);
    await lab.fault("heal");
  });
});

/** Waits until one of the nodes is not up for as long as before, and returns the other's name. */
async function oneRestarted(before: readonly number[]): Promise<string> {
  let fenced: string | undefined;
  await until("one node is fenced", TAKEN_OVER, async () => {
    for (const [index, node] of pair.nodes.entries()) {
      const { code, stdout } = await lab.probe(node, "cut -d' ' -f1 /proc/uptime");
      if (code === 0 && Number(stdout) < (before[index] ?? 0)) fenced = node;
    }
    return fenced !== undefined;
  });
  return pair.nodes.find((node) => node !== fenced) ?? "";
}

test("fault 17: the replication link alone: writes go on, and the outdated side refuses promotion", async () => {
  await survives("fault 17: replication link only", async (begun) => {
    await lab.fault("partition", pair.db, pair.web, "--network", "all", "--tcp", "7801,7802");
    await pair.served(begun + 10_000, TAKEN_OVER);
    // Whoever lost the link is outdated, or was fenced; either way it must not become Primary for the other's resource.
    const { code } = await lab.probe(pair.web, "drbdadm primary mysql");
    expect(code).not.toBe(0);
    await lab.fault("heal");
  });
});

test("fault 20: a link that flaps twenty times moves the database at most once", async () => {
  let begun = 0;
  await survives("fault 20: link flap, 1 s x 20", async (at) => {
    begun = at;
    for (let flap = 0; flap < 20; flap += 1) {
      await lab.fault("partition", pair.db, pair.web, "--network", "all");
      await new Promise((resolve) => setTimeout(resolve, 500));
      await lab.fault("heal");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  const away = pair.visitors.writers("db", begun).filter((node) => node === pair.web);
  expect(away.length).toBeLessThanOrEqual(1);
});

test("the API is down while fencing is needed: nothing is promoted, loudly, until it is back", async () => {
  await survives("API down while fencing is needed", async (begun) => {
    await lab.fault("api", "--error", "503", "--rate", "1");
    await lab.fault("power-cut", "--stay-down", pair.db);
    await until("the survivor says that it could not fence", TAKEN_OVER, async () =>
      /fence-|[Ff]encing/.test(
        (
          await lab.probe(
            pair.web,
            "journalctl --boot --unit pacemaker --grep 'could not|failed|No (route|data)|error' --no-pager | tail -50",
          )
        ).stdout,
      ),
    );
    expect(await lab.sshOk(pair.web, "grep -A1 '^ 0:' /proc/drbd")).toMatch(/ro:Secondary\//);
    expect(pair.visitors.writers("db", begun).filter((node) => node === pair.web)).toEqual([]);
    await lab.fault("api", "--clear");
    await pair.served(Date.now(), TAKEN_OVER, ["db"], pair.web);
    const [linode] = (await lab.list("linode/instances")).filter(({ label }) => label === pair.db);
    await lab.api("POST", `linode/instances/${String(linode?.["id"])}/boot`);
  });
});

test("fault 5: both nodes lose power together, both boot, and neither is left behind", async () => {
  await survives("fault 5: both cut together", async () => {
    await Promise.all(pair.nodes.map((node) => lab.fault("power-cut", node)));
    await pair.served(Date.now(), 2 * TAKEN_OVER);
  });
});

test("a change of a timing reaches both nodes without an interruption", async () => {
  await staysThrough("detection changed by an update", async () => {
    pair.project.configure({ ...pair.config, detection: { seconds: 20 } });
    await pair.project.up();
    for (const node of pair.nodes) {
      expect(await lab.sshOk(node, "corosync-cmapctl -g runtime.config.totem.token")).toMatch(/= 9091$/m);
    }
  });
});

test("2.7: either node can run either service; a group that goes back by itself is not moved against that", async () => {
  const refused = await pair.project.linodeHa(["switchover", "db", "--to", pair.web]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`linode-ha standby ${pair.db}`)]);
  for (const [node, other] of [
    [pair.db, pair.web],
    [pair.web, pair.db],
  ] as const) {
    const outage = await pair.withVisitors(async () => {
      expect((await pair.project.linodeHa(["standby", node], { seconds: 300 })).code).toBe(0);
    });
    measure("crossed-pair", `planned move of ${node === pair.db ? "db" : "web"}`, outage);
    expect(await pair.places()).toEqual({ db: other, web: other });
    expect((await pair.project.linodeHa(["standby", node, "--off"], { seconds: 300 })).code).toBe(0);
    await pair.whole();
  }
  expect(await pair.lost()).toEqual([]);
});

test("fault 1 and 2.9: the active node loses its power; the other takes over once, it is mailed, and all goes back", async () => {
  // Two mails: the group's own, at its new place, and the cluster's, of the fencing.
  const mailed = async (subject: RegExp): Promise<number> =>
    (await lab.mails()).filter(({ to, message }) => to.includes("ops@example.org") && subject.test(message)).length;
  const [takeOver, fencing] = [/^Subject: \(db\) Takeover /m, new RegExp(`^Subject: ${pair.db} was fenced`, "m")];
  const [tookOver, fenced] = [await mailed(takeOver), await mailed(fencing)];
  let begun = 0;
  const outage = await pair.withVisitors(async (at) => {
    begun = at;
    // Who fences it boots it.
    await lab.fault("power-cut", "--stay-down", pair.db);
    await pair.served(at, 240, ["db"], pair.web);
  });
  measure("crossed-pair", "fault 1: power cut of the active node", outage);
  expect(
    pair.visitors.writers("db", begun)[0] === pair.db
      ? pair.visitors.writers("db", begun).slice(1)
      : pair.visitors.writers("db", begun),
  ).toContain(pair.web);
  await until("the take-over and the fencing were mailed", 90, async () => {
    return (await mailed(takeOver)) > tookOver && (await mailed(fencing)) > fenced;
  });
  await pair.whole();
  expect(await pair.lost()).toEqual([]);
});

test("a crash that is over before anybody has noticed: the node starts its group again, or the peer takes it, and nothing is lost", async () => {
  let begun = 0;
  await survives("power cut of the active node, which is back at once", async (at) => {
    begun = at;
    const before = await bootId(pair.db);
    await lab.fault("power-cut", pair.db);
    await until(`${pair.db} is back`, TAKEN_OVER, async () => {
      const { code, stdout } = await lab.probe(pair.db, "cat /proc/sys/kernel/random/boot_id");
      return code === 0 && stdout.trim() !== before;
    });
    await pair.served(Date.now(), TAKEN_OVER, ["db"]);
  });
  expect(pair.visitors.writers("db", begun).filter((node) => node === pair.web).length).toBeLessThanOrEqual(1);
});
