import { measure } from "../support/failover/outages";
import { until } from "../support/run";
import { LampSite, type PairName } from "../support/site/lampSite";
import { HOST, newPicture, type Post, sha256 } from "../support/site/site";

const site = new LampSite();
const { lab, project } = site;
let post: Post;

beforeAll(() => site.build(), 2_400_000);

afterAll(async () => {
  await project.remove();
}, 900_000);

afterEach(() => lab.fault("heal"));

/** A file as it is on each of some hosts: must be one. */
async function same(hosts: readonly string[], file: string): Promise<string> {
  const texts = await Promise.all(hosts.map((host) => lab.sshOk(host, `cat ${file}`)));
  expect(new Set(texts).size).toBe(1);
  return texts[0] ?? "";
}

describe("a fresh stack", () => {
  it("has eight hosts, none of which complains, and nothing left to change", async () => {
    await site.whole();
    expect((await lab.list("linode/instances")).map(({ label }) => label).sort()).toEqual(
      ["proxy", "web", "nfs", "db"].flatMap((kind) => [`${kind}1`, `${kind}2`]).sort(),
    );
    expect(await project.pendingChanges()).toEqual({});
  });

  it("1.1 has its names at one address, which one of two proxies has, and a certificate that both have", async () => {
    for (const name of [HOST, "example.org"]) expect(await site.resolve(name, "A")).toEqual([site.address()]);
    const page = await site.page("site", "/");
    expect(page).toMatchObject({
      status: 200,
      certificate: { names: expect.stringContaining(`DNS:${HOST}`) as string },
    });
    expect(page.body.toString("utf8")).toContain("A site on four tiers");
    expect(await site.page("site", "/", "example.org")).toMatchObject({ status: 301, location: `https://${HOST}/` });
    expect(await site.plainPage("site", "/")).toMatchObject({ status: 301, location: `https://${HOST}/` });
    const [active, standby] = [await site.active("proxies"), await site.standby("proxies")];
    expect(await lab.sshOk(active, "ip -brief address show dev lo")).toContain(site.address());
    expect(await lab.sshOk(standby, "ip -brief address show dev lo")).not.toContain(site.address());
    await same(site.nodes("proxies"), "/var/lib/linode-ha/certificates/site/live/fullchain.pem");
  });

  it("1.2 asks both web servers in turn", async () => {
    const before = await requests();
    for (let page = 0; page < 6; page += 1) await site.page("site", "/wp-login.php");
    const after = await requests();
    for (const host of site.web) expect(after[host]).toBeGreaterThan(before[host] ?? 0);
  });

  it("1.3 has one set of files, which both web servers mount from the pair by NFS", async () => {
    for (const host of site.web) {
      expect(await lab.sshOk(host, "findmnt -rno SOURCE,FSTYPE /srv/www")).toBe(
        `${site.outputs.addresses.files}:/ nfs4\n`,
      );
    }
    const [first = "", second = ""] = site.web;
    await lab.sshOk(first, "echo from-first >/srv/www/first");
    expect(await lab.sshOk(second, "cat /srv/www/first; rm /srv/www/first")).toBe("from-first\n");
  });

  it("1.4 has a database that writes and one that follows it, to which reads are spread", async () => {
    const [writer, reader] = [await site.active("database"), await site.standby("database")];
    const { addresses } = site.outputs;
    expect(await lab.sshOk(writer, "ip -brief address")).toContain(`${addresses.database}/`);
    expect(await lab.sshOk(reader, "ip -brief address")).toContain(`${addresses.reads}/`);
    const ask = (host: string, words: string): Promise<string> => lab.sshOk(host, `mariadb -BNe "${words}" site`);
    expect(await ask(writer, "SELECT @@read_only")).toBe("0\n");
    expect(await ask(reader, "SELECT @@read_only")).toBe("1\n");
    await ask(writer, "CREATE TABLE followed (n BIGINT PRIMARY KEY); INSERT INTO followed VALUES (1)");
    await until("the row to follow", 30, async () => {
      const { stdout } = await lab.probe(reader, 'mariadb -BNe "SELECT n FROM followed" site');
      return stdout === "1\n";
    });
  });

  it("1.6 has one configuration on both halves of each tier", async () => {
    await same(site.nodes("proxies"), "/etc/nginx/conf.d/linode-ha-proxy.conf");
    await same(site.web, "/etc/nginx/conf.d/linode-ha-site.conf");
    await same(site.web, "/etc/wordpress/config-site.php");
    await same(site.nodes("files"), "/etc/exports.d/linode-ha.exports");
    await same(site.nodes("files"), "/etc/drbd.d/files.res");
    for (const pair of ["proxies", "files", "database"] as const)
      await same(site.nodes(pair), "/etc/corosync/corosync.conf");
  });

  it("1.6 shows in the preview what a change does to both halves", async () => {
    project.configure({ ...site.config, proxies: { restSeconds: 5 } });
    const text = await project.pulumiOk(["preview", "--diff"], { seconds: 300 });
    project.configure(site.config);
    expect(text.match(/fail_timeout=5s/g)?.length).toBeGreaterThanOrEqual(4);
    expect(await project.pendingChanges()).toEqual({});
  });
});

/** How many requests each web server has answered. */
async function requests(): Promise<Record<string, number>> {
  const counts = site.web.map(async (host) => [
    host,
    Number(await lab.sshOk(host, "wc -l </var/log/nginx/access.log")),
  ]);
  return Object.fromEntries((await Promise.all(counts)) as [string, number][]);
}

describe("the site", () => {
  const picture = newPicture();

  it("is written to by an editor in a browser, and shows it, whichever web server is asked", async () => {
    post = await site.publish("site", "Written through the proxies", picture);
    const seen = await site.read("site", post);
    expect(seen).toMatchObject({ title: "Written through the proxies", width: 640, user: "editor" });
    const { pathname } = new URL(seen.picture);
    // In turn: each of them serves it.
    for (let time = 0; time < 4; time += 1)
      expect(sha256((await site.page("site", pathname)).body)).toBe(sha256(picture));
  });
});

/** A host loses its power, and nothing that was acknowledged is lost. */
async function survives(fault: string, host: string): Promise<void> {
  await site.losing(fault, host);
  expect(await site.lost()).toEqual([]);
  expect((await site.page("site", new URL(post.url).pathname)).status).toBe(200);
}

describe("losing one host", () => {
  it.each([0, 1])("1.2 a web server (%d): it is out of rotation, and back when it serves again", async (index) => {
    await survives(`power cut of web server ${index + 1}`, site.web[index] ?? "");
  });

  it.each(["proxies", "files", "database"] as const)("the standby of the %s", async (pair: PairName) => {
    await survives(`power cut of the standby of the ${pair}`, await site.standby(pair));
  });

  it("1.1 the active proxy: the other one takes address and service over", async () => {
    const before = await site.active("proxies");
    await survives("power cut of the active proxy", before);
    expect(await site.active("proxies")).not.toBe(before);
  });

  it("1.3 the active file server: who writes to it waits, and sees no error; no line is lost", async () => {
    const before = await site.active("files");
    const [client = ""] = site.web;
    const file = `/srv/www/written-by-${client}`;
    const writing = lab.probe(client, writer(file), 1200);
    await until(
      "the client writes",
      60,
      async () => (await lab.probe(client, `grep -c . ${file}`)).stdout.trim() > "4",
    );
    await survives("power cut of the active file server", before);
    await lab.sshOk(client, "touch /run/stop-writing");
    const { code, stdout, stderr } = await writing;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await site.active("files")).not.toBe(before);
    const times = acknowledgedIn(stdout);
    measure("lamp-tiers", "power cut of the active file server: a client's own writes", {
      file: Math.max(...times.slice(1).map(({ at }, index) => at - (times[index]?.at ?? at))),
    });
    // Read through the other client: what the first one remembers is no proof.
    const there = (await lab.sshOk(site.web[1] ?? "", `cat ${file}`)).trim().split("\n").map(Number);
    expect(there).toEqual(times.map(({ number }) => number));
  });

  it("1.4 the database that writes: the follower applies what it received, and writes", async () => {
    const before = await site.active("database");
    await survives("power cut of the database that writes", before);
    expect(await site.active("database")).not.toBe(before);
  });
});

describe("the web tier", () => {
  it("1.2 has one server more, then one less, as its number says, and visitors notice nothing of it", async () => {
    const outage = await site.withVisitors(async () => {
      project.configure({ ...site.config, webServers: { count: 3 } });
      await project.up();
      const asked = async (): Promise<number> =>
        Number(await lab.sshOk("web3", "grep -c ack.php /var/log/nginx/access.log || :"));
      await until("the third one to be asked, too", 60, async () => (await asked()) > 2);
      project.configure(site.config);
      await project.up();
    });
    measure("lamp-tiers", "1.2: one web server more, then one less", outage);
    expect((await lab.list("linode/instances")).map(({ label }) => label)).not.toContain("web3");
    await site.whole();
    expect(await site.lost()).toEqual([]);
  });
});

/** Appends numbered lines; says the number and the time (ms) of each once it is durable. An error of the file system ends it. */
const writer = (file: string): string => `python3 -c '
import os, time
out = os.open("${file}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
number = 0
while not os.path.exists("/run/stop-writing"):
    number += 1
    os.write(out, b"%d\\n" % number)
    os.fsync(out)
    print(number, int(time.time() * 1000), flush=True)
    time.sleep(0.2)
'`;

const acknowledgedIn = (text: string): { readonly number: number; readonly at: number }[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number))
    .map(([number = Number.NaN, at = Number.NaN]) => ({ number, at }));
