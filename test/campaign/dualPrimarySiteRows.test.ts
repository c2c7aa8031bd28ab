import { until } from "../support/run";
import { measure } from "../support/failover/outages";
import { HOST, newPicture, outageOf, type Post, sha256 } from "../support/site/site";
import { FOLDER, MOUNT, SitePair } from "../support/site/sitePair";

const pair = new SitePair(["site1", "site2"]);
const { lab, nodes, project } = pair;
const [first, second] = nodes;
/** Written through the first node in the beginning. */
let post: Post;
const picture = newPicture();

/** A job of WordPress's own, due every few seconds, that notes the node on which it ran. */
const TICKS = `${FOLDER}/wp-content/ticks`;
const TICKING = `<?php
add_filter('cron_schedules', function ($all) { $all['ticking'] = array('interval' => 5, 'display' => 'ticking'); return $all; });
add_action('linode_ha_tick', function () { file_put_contents(WP_CONTENT_DIR . '/ticks', gethostname() . "\\n", FILE_APPEND | LOCK_EX); });
if (!wp_next_scheduled('linode_ha_tick')) { wp_schedule_event(time(), 'ticking', 'linode_ha_tick'); }
`;

const ticks = async (node: string): Promise<string[]> =>
  (await lab.sshOk(node, `cat ${TICKS} 2>/dev/null || :`)).split("\n").filter((line) => line !== "");

beforeAll(async () => {
  await pair.build();
  const plugin = `${FOLDER}/wp-content/mu-plugins`;
  const script = `install -d -o www-data -g www-data ${plugin} && cat >${plugin}/ticking.php`;
  expect((await lab.command(["ssh", second, "--", script], { input: TICKING })).code).toBe(0);
}, 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

describe("the pair", () => {
  it("0.1 has a volume of 10 GB on each node, found by its by-id name", async () => {
    for (const node of nodes) {
      const volumes = (await lab.list("volumes")).filter((volume) => volume["linode_label"] === node);
      const found = Object.fromEntries(volumes.map(({ label, size }) => [String(label), size]));
      expect(found).toEqual({ [`${node}-mariadb`]: 10, [`${node}-www`]: 10 });
      const dump = await lab.sshOk(node, "drbdadm dump www");
      expect(dump).toMatch(new RegExp(`disk\\s+/dev/disk/by-id/scsi-0Linode_Volume_${node}-www;`));
    }
  });

  it("0.2 and 0.4 replicates by protocol C, with a secret, and knows whom a split brain costs what", async () => {
    for (const node of nodes) {
      const dump = await lab.sshOk(node, "drbdadm dump www");
      for (const name of nodes) expect(dump).toMatch(new RegExp(`on ${name} \\{`));
      expect(dump.match(/address +ipv4 10\.20\.0\.[12]:7788;/g)).toHaveLength(2);
      expect(dump).toMatch(/meta-disk\s+internal;/);
      expect(dump).toMatch(/protocol\s+C;/);
      expect(dump).toMatch(/cram-hmac-alg\s+\S+;/);
      expect(dump).toMatch(/shared-secret\s+\S+;/);
      expect(dump).toMatch(/after-sb-0pri\s+discard-zero-changes;/);
      expect(dump).toMatch(/after-sb-1pri\s+discard-secondary;/);
      expect(dump).toMatch(/after-sb-2pri\s+disconnect;/);
      expect((await lab.sshOk(node, "hostname")).trim()).toBe(node);
    }
  });

  it("0.3 is Primary/Primary and UpToDate/UpToDate, and nothing is wrong on either node", () => pair.whole(120));

  it("0.6 has one file system on both: a file of either is on the other at once", async () => {
    for (const node of nodes) expect(await lab.sshOk(node, `findmnt -rno FSTYPE ${MOUNT}`)).toBe("ocfs2\n");
    await lab.sshOk(first, `echo from-first >${MOUNT}/first`);
    expect(await lab.sshOk(second, `cat ${MOUNT}/first; echo from-second >${MOUNT}/second`)).toBe("from-first\n");
    expect(await lab.sshOk(first, `cat ${MOUNT}/second`)).toBe("from-second\n");
  });
});

describe("the database", () => {
  it("0.7 is written to on both nodes at once, and no number is used twice", async () => {
    await pair.sql(first, "CREATE TABLE race (id BIGINT AUTO_INCREMENT PRIMARY KEY, node VARCHAR(20))");
    await until(
      "the table on the other node",
      60,
      async () => (await pair.sql(second, "SHOW TABLES LIKE 'race'")) === "race",
    );
    await Promise.all(nodes.map((node) => pair.sql(node, `INSERT INTO race (node) VALUES ('${node}');\n`.repeat(200))));
    await pair.sameTable("race");
    const counts =
      "SELECT node, COUNT(*), COUNT(DISTINCT id), COUNT(DISTINCT id % 2) FROM race GROUP BY node ORDER BY node";
    expect(await pair.sql(first, counts)).toBe(nodes.map((node) => `${node}\t200\t200\t1`).join("\n"));
  });
});

describe("the site", () => {
  it("0.8 shows through the second node what somebody wrote in the browser through the first, who is logged in there too", async () => {
    post = await pair.publish(first, "Written through the first", picture);
    await until("the post to reach the second node", 30, async () => {
      const { pathname } = new URL(post.url);
      return (await pair.page(second, pathname)).status === 200;
    });
    const seen = await pair.read(second, post);
    expect(seen).toMatchObject({ title: "Written through the first", width: 640, user: "editor" });
    const served = await pair.page(second, new URL(seen.picture).pathname);
    expect(sha256(served.body)).toBe(sha256(picture));
  });

  it("0.9 has A and AAAA records of both nodes, and one certificate, valid on both", async () => {
    const addresses = nodes.map((node) => pair.addresses[node]);
    for (const name of [HOST, "example.org"]) {
      expect(await pair.resolve(name, "A")).toEqual(addresses.map((each) => each?.ipv4).sort());
      expect(await pair.resolve(name, "AAAA")).toEqual(addresses.map((each) => each?.ipv6).sort());
    }
    // Whoever asks believes the lab's authority only, and checks the name.
    const [one, other] = await Promise.all(nodes.map((node) => pair.page(node, "/")));
    expect(one).toMatchObject({
      status: 200,
      certificate: { names: expect.stringContaining(`DNS:${HOST}`) as string },
    });
    expect(other).toMatchObject({ status: 200, certificate: one?.certificate });
    for (const node of nodes) {
      expect(await pair.page(node, "/", "example.org")).toMatchObject({ status: 301, location: `https://${HOST}/` });
      expect(await pair.plainPage(node, "/")).toMatchObject({ status: 301, location: `https://${HOST}/` });
    }
  });

  it("0.9 has a certificate that is renewed by hand on the second node, and is the first one's too", async () => {
    const before = (await pair.page(first, "/")).certificate?.serial;
    await lab.sshOk(second, "ha-certificate renew site --force", 180);
    const after = (await pair.page(second, "/")).certificate?.serial;
    expect(after).not.toBe(before);
    await until(
      "the first node to serve the new certificate",
      30,
      async () => (await pair.page(first, "/")).certificate?.serial === after,
    );
  });

  it("runs WordPress's own jobs on one node only, whichever node people visit", async () => {
    await until("two turns of the job", 200, async () => {
      await pair.page(second, "/");
      return (await ticks(first)).length >= 2;
    });
    expect(new Set(await ticks(first))).toEqual(new Set([first]));
  });
});

describe("afterwards", () => {
  it("has nothing left to change", async () => {
    expect(await project.pendingChanges()).toEqual({});
  });

  it("0.10 and 0.5: losing a node keeps the site up on the other, and what comes back catches up by itself", async () => {
    const address = pair.addresses[first];
    let cut = 0;
    const readings = await pair.withReaders(async () => {
      cut = Date.now();
      await lab.fault("power-cut", first);
      await until("the second node to serve the post", 120, async () =>
        pair.page(second, new URL(post.url).pathname).then(
          ({ status }) => status === 200,
          () => false,
        ),
      );
      await until("the first node's records to be gone", 120, async () => {
        const answers = await pair.resolve(HOST, "A");
        return answers.length === 1 && answers[0] === pair.addresses[second]?.ipv4;
      });
      expect(await pair.resolve(HOST, "AAAA")).toEqual([pair.addresses[second]?.ipv6]);
    });
    const outage = outageOf(readings, cut);
    measure("dual-primary-site", "power cut of the first node: pages", { pages: outage });
    expect(outage).toBeLessThan(60_000);
    const later = newPicture();
    const written = await pair.publish(second, "Written while the first was away", later);
    await pair.whole();
    const seen = await pair.read(first, written);
    expect(seen).toMatchObject({ title: "Written while the first was away", width: 640, user: "editor" });
    expect(sha256((await pair.page(first, new URL(seen.picture).pathname)).body)).toBe(sha256(later));
    await pair.sameTable("wp_posts");
    await until("the first node's records to be back", 120, async () =>
      (await pair.resolve(HOST, "A")).includes(address?.ipv4 ?? ""),
    );
  });
});
