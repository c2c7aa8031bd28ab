import { baseRole } from "../../hosts/base/render";
import { drbdActivateRole } from "../../hosts/drbd-activate/render";
import { drbdRole, renderResource } from "../../hosts/drbd/render";
import { filesystemRole, type FilesystemParams } from "../../hosts/filesystem/render";
import { ocfs2Role } from "../../hosts/ocfs2/render";
import { crossedPair, dualPrimary, tuned } from "../unit/hosts/cases";
import { nodeNames, RolesPair, type NodeName } from "./rolesPair";
import { rolesSteps, SECRET, secrets } from "./rolesSteps";

const MINUTE = 60_000;
const image = process.env.ROLES_IMAGE ?? "linode/debian13";

let pair: RolesPair;
let started = false;
beforeAll(async () => {
  pair = await RolesPair.start(image);
  started = true;
}, 10 * MINUTE);
afterAll(async () => {
  if (started) await pair.stop();
}, MINUTE);

const { both, device, base, drbd, activate, ocfs2, deploy } = rolesSteps(() => pair);
const single = { kind: "single-primary", preferred: "web2", promote: "boot" } as const;
const data = (node: NodeName) => drbd(node, "data", { minor: 1, port: 7789, mode: single, initialSync: "full" });
const dataActivate = (node: NodeName) =>
  activate(node, { resource: "data", minor: 1, mode: single, initialSync: "full" });
const ext4: FilesystemParams = {
  resource: "data",
  minor: 1,
  type: "ext4",
  label: "data",
  mountpoint: "/srv/data",
  mount: "promotion",
};

describe("a fresh pair", () => {
  test(
    "becomes Primary on both, UpToDate and mounted, with the first sync skipped for blank devices",
    async () => {
      await both((node) => pair.step(node, "base", baseRole, base(node)));
      const created = await both((node) => pair.step(node, "drbd-www", drbdRole, drbd(node), secrets));
      expect(created.map(({ metadata }) => metadata)).toEqual(["created", "created"]);
      const active = await both((node) => pair.step(node, "drbd-activate-www", drbdActivateRole, activate(node)));
      for (const side of active) {
        expect(side).toMatchObject({ role: "Primary", peerRole: "Primary", disk: "UpToDate", peerDisk: "UpToDate" });
      }
      expect(active[0]?.sync).toBe("skipped");
      const mounted = await both((node) => pair.step(node, "ocfs2-site", ocfs2Role, ocfs2(node)));
      expect(mounted.map((side) => side.mounted)).toEqual([true, true]);
      expect(mounted[0]?.filesystem).toBe("created");
      expect(mounted[1]?.uuid).toBe(mounted[0]?.uuid);
      await pair.healthy(60);
    },
    10 * MINUTE,
  );

  test(
    "changes nothing when every step runs again, deployed or by hand",
    async () => {
      const again = (await both(deploy)).flat();
      expect(again.map(({ changed }) => changed)).toEqual(again.map(() => false));
      for (const step of ["base", "drbd-www", "drbd-activate-www", "ocfs2-site"]) {
        expect(JSON.parse(await pair.must("web1", `linode-ha-step ${step} apply`))).toMatchObject({ changed: false });
        expect(JSON.parse(await pair.must("web2", `linode-ha-step ${step} check`))).toMatchObject({ changed: false });
      }
    },
    10 * MINUTE,
  );

  test(
    "shows drift, and takes it back",
    async () => {
      await pair.must("web1", "sed -i s/7788/7799/ /etc/drbd.d/www.res");
      const { status, stdout } = await pair.ssh("web1", "linode-ha-step drbd-www check");
      expect(JSON.parse(stdout)).toMatchObject({
        changed: true,
        changes: expect.arrayContaining(["rewrote /etc/drbd.d/www.res"]),
      });
      expect(status).toBe(3);
      expect((await pair.step("web1", "drbd-www", drbdRole, drbd("web1"), secrets)).changed).toBe(true);
      expect((await pair.ssh("web1", "linode-ha-step drbd-www check")).status).toBe(0);
      await pair.healthy(30);
    },
    3 * MINUTE,
  );

  test(
    "shares files, owners, modes, attributes, links and locks at once",
    async () => {
      await pair.must(
        "web1",
        `cd /srv/www && echo hello >a && chown www-data:daemon a && chmod 0640 a && ln -sf a link
       python3 -c 'import os; os.setxattr("/srv/www/a", "user.colour", b"green")'`,
      );
      expect(
        await pair.must(
          "web2",
          `cd /srv/www && cat link && stat -c '%U:%G %a' a && readlink link
         python3 -c 'import os; print(os.getxattr("/srv/www/a", "user.colour").decode())'`,
        ),
      ).toBe("hello\nwww-data:daemon 640\na\ngreen");
      const holder = pair.ssh(
        "web1",
        "flock /srv/www/lock sh -c 'touch /srv/www/held; cat >/dev/null; rm /srv/www/held; sleep 8'",
      );
      await pair.until(
        "web1 holds the lock",
        async () => (await pair.ssh("web2", "test -e /srv/www/lock")).status === 0,
        30,
      );
      expect((await pair.ssh("web2", "flock -n /srv/www/lock true")).status).toBe(1);
      await holder;
      expect((await pair.ssh("web2", "flock -w 20 /srv/www/lock true")).status).toBe(0);
    },
    3 * MINUTE,
  );

  test(
    "keeps its secret to files that only root can read",
    async () => {
      for (const node of nodeNames) {
        const found = await pair.must(
          node,
          `grep -rlF '${SECRET}' /etc /var /run /usr/local /root /home 2>/dev/null | xargs -r stat -c '%a %n' | sort`,
        );
        expect(found.split("\n")).toEqual([
          "600 /etc/drbd.d/www.res",
          "600 /var/lib/linode-ha/secrets/drbd-www/drbd-shared-secret",
        ]);
        expect((await pair.ssh(node, `journalctl --no-pager | grep -F '${SECRET}'`)).stdout).toBe("");
      }
    },
    3 * MINUTE,
  );
});

describe("settings", () => {
  test.each(Object.entries({ dualPrimary, crossedPair, tuned }))("%s is taken by drbdadm", async (_, params) => {
    // Under its own name a host would also want its own address.
    const text = renderResource(params).replace(/on web/g, "on other");
    const { status, stdout, stderr } = await pair.ssh(
      "web1",
      "cat >/root/try.res && drbdadm -c /root/try.res dump all",
      text,
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`resource ${params.resource} {`);
  });

  test(
    "an address that changes under two Primaries is refused, for reconnecting would split the brain",
    async () => {
      const { status, stderr } = await pair.run(
        "web1",
        "drbd-www",
        drbdRole,
        drbd("web1", "www", { port: 7799 }),
        secrets,
      );
      expect(status).toBe(10);
      expect(stderr).toContain("would split the brain");
      expect((await pair.step("web1", "drbd-www", drbdRole, drbd("web1"), secrets)).changed).toBe(false);
    },
    3 * MINUTE,
  );
});

describe("a device that is not blank", () => {
  const foreign = (node: NodeName) => drbd(node, "foreign", { minor: 2, port: 7790 });
  const sum = (node: NodeName) => pair.must(node, `sha256sum <${device(node, "foreign")}`);

  test.each<[string, string, RegExp]>([
    ["a file system", "mkfs.ext4 -q -F", /signature ext4/],
    ["a partition table", "sh -c 'echo start=2048 | sfdisk -q \"$1\"' -", /(signature dos|partition)/],
    [
      "data without a signature",
      "sh -c 'echo data | dd of=\"$1\" bs=1 seek=1048570 conv=notrunc status=none' -",
      /not zero/,
    ],
    ["another resource's metadata", "drbdmeta --force 2 v08", /device-uuid 0x[0-9a-f]{16}/],
  ])(
    "is refused for %s, and nothing on it changes",
    async (what, make, found) => {
      const target = device("web1", "foreign");
      await pair.must("web1", `blkdiscard --zeroout ${target}`);
      if (what === "another resource's metadata") {
        // Used once, so that it is not just an earlier run's beginning.
        await pair.must("web1", `mkfs.ext4 -q -F ${target} 100m && ${make} ${target} internal create-md >/dev/null`);
      } else {
        await pair.must("web1", `${make} ${target}`);
      }
      await pair.must("web1", "udevadm settle");
      const before = await sum("web1");
      const { status, stderr, stdout } = await pair.run("web1", "drbd-foreign", drbdRole, foreign("web1"), secrets);
      expect([status, stdout]).toEqual([11, ""]);
      expect(stderr).toMatch(found);
      expect(stderr).toMatch(/do: use another, empty volume/);
      expect(stderr).toContain(`wipefs --all ${target}`);
      expect(stderr).not.toContain(SECRET);
      expect(await sum("web1")).toBe(before);
      expect((await pair.ssh("web1", "test -e /etc/drbd.d/foreign.res")).status).toBe(1);
    },
    3 * MINUTE,
  );
});

describe("one Primary, everything copied", () => {
  test(
    "syncs from the preferred node, promotes that and mounts there",
    async () => {
      await both((node) => pair.step(node, "drbd-data", drbdRole, data(node), secrets));
      const active = await both((node) => pair.step(node, "drbd-activate-data", drbdActivateRole, dataActivate(node)));
      expect(active.map(({ disk, peerDisk }) => [disk, peerDisk])).toEqual([
        ["UpToDate", "UpToDate"],
        ["UpToDate", "UpToDate"],
      ]);
      expect(active[1]?.sync).toBe("full");
      expect(active[1]?.role).toBe("Primary");
      const mounted = await both((node) => pair.step(node, "fs-data", filesystemRole, ext4));
      expect(mounted.map((side) => [side.filesystem, side.mounted])).toEqual([
        ["absent", false],
        ["created", true],
      ]);
    },
    10 * MINUTE,
  );

  test(
    "goes when it is removed, and leaves the data",
    async () => {
      for (const step of ["fs-data", "drbd-data"])
        await both((node) => pair.must(node, `linode-ha-step ${step} remove`));
      expect(await pair.must("web1", "ls /etc/drbd.d")).toBe("global_common.conf\nwww.res");
      expect(
        await pair.must(
          "web2",
          `drbdmeta --force 1 v08 ${device("web2", "data")} internal dump-md | grep -c device-uuid`,
        ),
      ).toBe("1");
      await pair.healthy(60);
    },
    3 * MINUTE,
  );
});

describe("comes back by itself", () => {
  const written = async (text: string) => pair.must("web1", `echo ${text} >/srv/www/${text} && sync`);
  const intact = async (text: string) =>
    expect(await both((node) => pair.must(node, `cat /srv/www/${text}`))).toEqual([text, text]);

  test(
    "after a reboot of one node",
    async () => {
      await written("reboot");
      const boot = await pair.must("web2", "cat /proc/sys/kernel/random/boot_id");
      await pair.ssh("web2", "systemctl reboot");
      await pair.until(
        "web2 has booted anew",
        async () => {
          const { status, stdout } = await pair.ssh("web2", "cat /proc/sys/kernel/random/boot_id");
          return status === 0 && stdout.trim() !== boot;
        },
        240,
      );
      await pair.healthy(180);
      await intact("reboot");
    },
    8 * MINUTE,
  );

  test(
    "after a power cut of both",
    async () => {
      await written("cut");
      await both((node) => pair.cut(node));
      await both((node) => pair.boot(node));
      await pair.healthy(180);
      await intact("cut");
    },
    8 * MINUTE,
  );
});
