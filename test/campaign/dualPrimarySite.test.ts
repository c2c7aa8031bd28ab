import { until } from "../support/run";
import { measure } from "../support/failover/outages";
import { HOST, newPicture, outageOf } from "../support/site/site";
import { SitePair } from "../support/site/sitePair";

/** Seconds until replication must be where it should be after the nodes meet again. */
const MERGED = 180;
/** Rows written through each node at once: 10,000 in all. */
const ROWS = 5000;

const pair = new SitePair(["site1", "site2"]);
const { lab, nodes, project } = pair;
const [first, second] = nodes;

beforeAll(() => pair.build(), 1_800_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

afterEach(async () => {
  await lab.fault("heal");
});

/** Each node's clients insert at once, eight connections a node. */
async function insertOnBoth(table: string, rows: number, clients = 8): Promise<void> {
  const load = (node: string): string => {
    const one = `yes "INSERT INTO ${table} (node, word) VALUES ('${node}', UUID());" | head -n ${rows / clients} | mariadb site`;
    return `for _ in $(seq ${clients}); do (${one}) & all+=($!); done; for each in "\${all[@]}"; do wait "$each" || exit 1; done`;
  };
  await Promise.all(nodes.map((node) => lab.sshOk(node, `bash -c '${load(node).replaceAll("'", "'\\''")}'`, 900)));
}

async function makeTable(table: string): Promise<void> {
  const columns = "id BIGINT AUTO_INCREMENT PRIMARY KEY, node VARCHAR(20), word VARCHAR(40)";
  await pair.sql(first, `CREATE TABLE ${table} (${columns})`);
  await onBoth(table);
}

const onBoth = (table: string): Promise<void> =>
  until(
    `table ${table} on ${second}`,
    60,
    async () => (await pair.sql(second, `SHOW TABLES LIKE '${table}'`)) === table,
  );

const counts = (table: string): Promise<string> =>
  pair.sql(second, `SELECT node, COUNT(*) FROM ${table} GROUP BY node ORDER BY node`);

/** What a node's health check says of its database. */
const databaseHealth = async (node: string): Promise<string> => (await pair.health(node)).text;

test("0.7: 10,000 concurrent inserts through both nodes: no number twice, and both have the same rows", async () => {
  await makeTable("load_test");
  const begun = Date.now();
  await insertOnBoth("load_test", ROWS);
  const inserted = Date.now();
  await pair.sameTable("load_test", MERGED);
  process.stderr.write(
    `  ${2 * ROWS} inserts in ${((inserted - begun) / 1000).toFixed(1)} s, equal ${((Date.now() - inserted) / 1000).toFixed(1)} s later\n`,
  );
  expect(await counts("load_test")).toBe(nodes.map((node) => `${node}\t${ROWS}`).join("\n"));
  await pair.whole();
});

test("0.7: writes on both sides of a network that is cut for them merge when it heals", async () => {
  await makeTable("parted");
  await cutDatabases();
  try {
    await insertOnBoth("parted", 500);
    for (const node of nodes) {
      const own = await pair.sql(node, "SELECT GROUP_CONCAT(DISTINCT node) FROM parted");
      expect(own).toBe(node);
    }
  } finally {
    await lab.fault("heal");
  }
  await pair.sameTable("parted", MERGED);
  expect(await counts("parted")).toBe(nodes.map((node) => `${node}\t500`).join("\n"));
  await pair.whole();
});

test("0.7: writes that contradict each other stop the replication, which is said on both nodes; a person mends it", async () => {
  await pair.sql(first, "CREATE TABLE names_test (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) UNIQUE)");
  await onBoth("names_test");
  await cutDatabases();
  try {
    for (const node of nodes) await pair.sql(node, "INSERT INTO names_test (name) VALUES ('the same')");
  } finally {
    await lab.fault("heal");
  }
  for (const node of nodes) {
    await until(`${node} to tell of the conflict`, MERGED, async () =>
      (await databaseHealth(node)).includes("REPLICATION STOPPED AT A CONFLICT"),
    );
  }
  // Both go on serving.
  for (const node of nodes) expect((await pair.page(node, "/")).status).toBe(200);
  const { stdout, code } = await project.linodeHa(["status"], { seconds: 120 });
  expect(code).not.toBe(0);
  expect(stdout).toContain("CONFLICT");
  // The second node's row is given up.
  await lab.sshOk(second, `mariadb-reseed --discard ${second}`, 300);
  await pair.whole();
  expect(await pair.sql(second, "SELECT COUNT(*), MAX(name) FROM names_test")).toBe("1\tthe same");
  await pair.sameTable("names_test");
});

test("0.9: the certificate is renewed while the first node is off, and is the first one's when that is back", async () => {
  const before = (await pair.page(first, "/")).certificate?.serial;
  await lab.fault("power-cut", first, "--stay-down");
  await until("the second node to serve", 120, async () =>
    pair.page(second, "/").then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  await lab.sshOk(second, "ha-certificate renew site --force", 240);
  const renewed = (await pair.page(second, "/")).certificate?.serial;
  expect(renewed).not.toBe(before);
  await pair.whole();
  // Its timer asks the peer three minutes after the start, and up to ten minutes later than that.
  await until("the first node to serve the new certificate", 900, async () =>
    pair.page(first, "/").then(
      ({ certificate }) => certificate?.serial === renewed,
      () => false,
    ),
  );
});

test("0.5: both nodes lose power together, and come back whole with the site", async () => {
  const written = await pair.publish(second, "Written before the power went", newPicture());
  await pair.sameTable("wp_posts");
  const cut = Date.now();
  await Promise.all(nodes.map((node) => lab.fault("power-cut", node)));
  await until("both nodes to have started anew", 180, async () =>
    (await Promise.all(nodes.map((node) => pair.uptime(node)))).every((seconds) => seconds < (Date.now() - cut) / 1000),
  );
  await pair.whole();
  for (const node of nodes) {
    expect(await pair.read(node, written)).toMatchObject({ title: "Written before the power went", width: 640 });
  }
});

test("0.10: losing the second node keeps the site up on the first", async () => {
  let cut = 0;
  const readings = await pair.withReaders(async () => {
    cut = Date.now();
    await lab.fault("power-cut", second);
    await until("the second node's records to be gone", 120, async () => {
      const answers = await pair.resolve(HOST, "A");
      return answers.length === 1 && answers[0] === pair.addresses[first]?.ipv4;
    });
  });
  const outage = outageOf(readings, cut);
  measure("dual-primary-site", "power cut of the second node: pages", { pages: outage });
  expect(outage).toBeLessThan(60_000);
  await pair.whole();
});

/** The databases of the two nodes, and nothing else of theirs, cannot reach each other: DRBD sees no partition, and nobody is fenced. */
async function cutDatabases(): Promise<void> {
  await lab.fault("partition", first, second, "--network", "vlan", "--tcp", "3306");
  for (const node of nodes) {
    await until(`${node} to have lost its peer's database`, 60, async () =>
      /Slave_IO_Running: (Connecting|No)/.test(
        await lab.sshOk(node, "mariadb --vertical --execute='SHOW ALL SLAVES STATUS'"),
      ),
    );
  }
}
