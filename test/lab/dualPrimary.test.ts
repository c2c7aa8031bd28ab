import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DualPair, MOUNT } from "../support/dualPair";
import { projectRoot } from "../support/lab";
import { until } from "../support/run";

const pair = new DualPair(["dual1", "dual2"]);
const { lab, nodes, project } = pair;

beforeAll(() => pair.build(), 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

describe("a fresh pair", () => {
  it("is Primary/Primary, UpToDate/UpToDate and mounted on both nodes", async () => {
    expect(await pair.isWhole(nodes[0])).toBe(true);
    expect(await pair.isWhole(nodes[1])).toBe(true);
  });

  it("has nothing left to change", async () => {
    expect(await project.pendingChanges()).toEqual({});
    expect(await project.up("--refresh", "--json")).toMatch(/"same":\s*\d+/);
    expect(await project.pendingChanges()).toEqual({});
  });

  it("reports no change from any role run a second time by hand", async () => {
    for (const node of nodes) {
      const steps = (await lab.sshOk(node, "ls /var/lib/linode-ha/steps")).trim().split("\n");
      expect(steps).toEqual(["base", "drbd-activate-www", "drbd-www", "ocfs2-www"]);
      for (const step of steps) {
        const answer =
          (await lab.sshOk(node, `linode-ha-step ${step} apply 2>/dev/null`)).trim().split("\n").pop() ?? "";
        expect({ node, step, ...(JSON.parse(answer) as object) }).toMatchObject({
          node,
          step,
          changed: false,
          changes: [],
        });
      }
    }
  });

  it("needed at most six SSH connections a host", async () => {
    const connections = await lab.sshOk(
      nodes[0],
      "journalctl -b -o cat -t sshd -t sshd-session | grep -c 'Accepted publickey for root from 203.0.113.1 '",
    );
    expect(Number(connections)).toBeGreaterThan(0);
    expect(Number(connections)).toBeLessThanOrEqual(6);
  });

  it("tells its user how it is", async () => {
    const { code, stdout } = await project.linodeHa(["status"]);
    expect(stdout).toContain("Primary/Primary");
    expect(stdout).toContain("UpToDate/UpToDate");
    expect(stdout).toContain(MOUNT);
    expect(code).toBe(0);
  });
});

describe("the shared file system", () => {
  it("shows a file written on either node on the other at once", async () => {
    await lab.sshOk(nodes[0], `echo from-first > ${MOUNT}/first`);
    expect(await lab.sshOk(nodes[1], `cat ${MOUNT}/first; echo from-second > ${MOUNT}/second`)).toBe("from-first\n");
    expect(await lab.sshOk(nodes[0], `cat ${MOUNT}/second`)).toBe("from-second\n");
  });

  it("keeps owner, group, mode, extended attributes and symbolic links", async () => {
    await lab.sshOk(
      nodes[0],
      `cd ${MOUNT} && echo x > a && chown 33:44 a && chmod 2751 a && ln -s a link && ` +
        `python3 -c 'import os; os.setxattr("a", "user.note", b"kept")'`,
    );
    const seen = await lab.sshOk(
      nodes[1],
      `cd ${MOUNT} && stat -c '%u:%g %a' a && readlink link && python3 -c 'import os; print(os.getxattr("a", "user.note").decode())'`,
    );
    expect(seen).toBe("33:44 2751\na\nkept\n");
  });

  it("holds flock across the nodes", async () => {
    await lab.sshOk(nodes[0], `touch ${MOUNT}/lock && systemd-run --unit=holder flock ${MOUNT}/lock sleep 300`);
    await until(
      "the lock to be held",
      20,
      async () => (await lab.ssh(nodes[1], `flock -n ${MOUNT}/lock true`)).code === 1,
    );
    await lab.sshOk(nodes[0], "systemctl stop holder");
    expect((await lab.ssh(nodes[1], `flock -w 20 ${MOUNT}/lock true`)).code).toBe(0);
  });

  it("keeps every line that both nodes append to one file, each under a lock and after a look at its end", async () => {
    const script = readFileSync(join(projectRoot, "test", "support", "hosts", "append.py"), "utf8");
    const append = async (node: string): Promise<void> => {
      const { code, stderr } = await lab.command(["ssh", node, "--", `python3 - ${MOUNT}/both ${node} 200`], {
        input: script,
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    };
    await Promise.all(nodes.map(append));
    const lines = (await lab.sshOk(nodes[0], `cat ${MOUNT}/both`)).trim().split("\n");
    const wanted = nodes.flatMap((node) => Array.from({ length: 200 }, (_, number) => `${node} ${number}`));
    expect(lines.sort()).toEqual(wanted.sort());
  });
});

describe("secrets", () => {
  it("are in no process list, journal, world-readable file, preview or plain state", async () => {
    const secrets = new Set<string>();
    const state = JSON.parse(await project.pulumiOk(["stack", "export", "--show-secrets"])) as {
      deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
    };
    for (const { type, outputs } of state.deployment.resources) {
      if (type === "random:index/randomPassword:RandomPassword") {
        const { plaintext } = outputs?.["result"] as { plaintext: string };
        secrets.add(JSON.parse(plaintext) as string);
      }
    }
    expect(secrets.size).toBe(6);
    const texts = [await project.exportState(), await project.pulumiOk(["preview", "--diff", "--show-sames"])];
    for (const secret of secrets) {
      expect(texts.map((text) => text.includes(secret))).toEqual([false, false]);
    }
    // The secrets go in by standard input, so that looking for them does not put them into the process list.
    const search =
      "umask 077; cat > /run/needles; ps axeww > /run/ps; journalctl -b > /run/journal; " +
      "grep -lFf /run/needles /run/ps /run/journal; " +
      "find / -xdev -type f -perm -o=r -size -4M -newer /etc/hostname -print0 | xargs -0 grep -lFf /run/needles; " +
      "rm -f /run/needles /run/ps /run/journal";
    const found = await Promise.all(
      nodes.map((node) =>
        lab.command(["ssh", node, "--", search], { input: [...secrets, ""].join("\n"), seconds: 300 }),
      ),
    );
    expect(found.map(({ stdout }) => stdout)).toEqual(["", ""]);
  });

  it("would be found if there were one", async () => {
    const search =
      "umask 022; cat > /run/needles; cp /run/needles /tmp/leak; find /tmp -type f -perm -o=r | xargs grep -lFf /run/needles";
    const { stdout } = await lab.command(["ssh", nodes[0], "--", `${search}; rm -f /tmp/leak /run/needles`], {
      input: "secret\n",
    });
    expect(stdout).toBe("/tmp/leak\n");
  });
});

describe("restarts", () => {
  it.each([
    ["a reboot of the first node", async () => lab.ssh(nodes[0], "systemctl reboot"), [nodes[0]]],
    ["a reboot of the second node", async () => lab.ssh(nodes[1], "systemctl reboot"), [nodes[1]]],
    [
      "a power cut of both together",
      async () => Promise.all(nodes.map((node) => lab.fault("power-cut", node))),
      [nodes[0], nodes[1]],
    ],
  ])("comes back whole by itself after %s", async (_name, restart, restarted) => {
    await lab.sshOk(nodes[0], `dd if=/dev/urandom of=${MOUNT}/data bs=1M count=8 conv=fsync status=none`);
    const before = await pair.checksum(nodes[0]);
    // Not by its uptime: a node that took long to boot may have been up for longer already than it was before.
    const bootOf = async (node: string): Promise<string> =>
      (await lab.probe(node, "cat /proc/sys/kernel/random/boot_id")).stdout.trim();
    const boots = await Promise.all(restarted.map(bootOf));
    expect(boots).not.toContain("");
    await restart();
    await until("the nodes to have started anew", 120, async () => {
      const now = await Promise.all(restarted.map(bootOf));
      return now.every((boot, index) => boot !== "" && boot !== boots[index]);
    });
    await pair.whole();
    expect(await pair.checksum(nodes[0])).toBe(before);
    expect(await pair.checksum(nodes[1])).toBe(before);
  });
});

describe("destroy", () => {
  it("is clean and bounded with one node powered off", async () => {
    await lab.fault("power-cut", nodes[0], "--stay-down");
    const started = Date.now();
    await project.pulumiOk(["destroy", "--yes", "--skip-preview"], { seconds: 300 });
    expect((Date.now() - started) / 1000).toBeLessThan(120);
    expect((await lab.list("linode/instances")).filter(({ label }) => nodes.includes(label as "dual1"))).toEqual([]);
    expect((await lab.list("volumes")).filter(({ label }) => String(label).startsWith("dual"))).toEqual([]);
  });
});
