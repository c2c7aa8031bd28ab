import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readHostText, hostChanges } from "../../../review/hostText";
import { lineDiff } from "../../../review/lineDiff";
import { MEASURED } from "../../../review/measured";
import { knownTypes, roleMeanings } from "../../../review/meanings";
import { judgeCib } from "../../../review/meanings/cibFile";
import { judgeDrbdFile } from "../../../review/meanings/drbdFile";
import { judgeGroup, judgeHaCf } from "../../../review/meanings/managerFiles";
import { barsOf, parseResults } from "../../../bench/failoverPicture";
import { baseRole } from "../../../hosts/base/render";
import { renderStep } from "../../../hosts/bundle";
import { projectRoot } from "../../support/lab";
import { PAIR, reviewed, step } from "../../support/review/fixtures";

const golden = (...path: string[]): string => readFileSync(join(projectRoot, "test", "golden", ...path), "utf8");
const rankOf = (verdicts: readonly { readonly rank: number }[]): number =>
  Math.min(6, ...verdicts.map(({ rank }) => rank));

describe("the table knows all that the product has", () => {
  it("every role of a host", () => {
    const roles = [...hostFolders("hosts"), ...hostFolders("hosts/services").map((name) => `services-${name}`)];
    expect(roles.length).toBeGreaterThan(15);
    expect(roles.filter((role) => !(role in roleMeanings))).toEqual([]);
  });

  const hostFolders = (path: string): string[] =>
    readdirSync(join(projectRoot, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && readdirSync(join(projectRoot, path, entry.name)).includes("render.ts"))
      .map(({ name }) => name)
      .filter((name) => name !== "common");

  it.each(["dual-primary", "dual-primary-site", "lamp-tiers", "crossed-pair", "active-passive", "manual-failover"])(
    "every type of %s, and every property of it",
    (system) => {
      const resources = parse(golden("stacks", "expected", `${system}.yaml`)) as Record<
        string,
        Record<string, unknown>
      >;
      for (const [key, inputs] of Object.entries(resources)) {
        const [type = "", name = ""] = key.split(" ");
        if (type.startsWith("linode-ha:") || type === "command:remote:Command") continue;
        expect(knownTypes).toContain(type);
        for (const property of Object.keys(inputs)) {
          const one = step("update", type, name, {
            old: { [property]: "a" },
            new: { [property]: "b" },
            diffs: [property],
            parents: PAIR,
          });
          expect([type, property, reviewed([one]).rank > 0]).toEqual([type, property, true]);
        }
      }
    },
  );

  it.each(["base", "drbd-crossed-pair", "drbd-dual-primary", "drbd-tuned", "filesystem", "ocfs2", "drbd-activate"])(
    "every file and variable of %s",
    (name) => {
      everyThing(
        name.startsWith("drbd-") && name !== "drbd-activate" ? "drbd" : name,
        golden("hosts", "expected", `${name}.txt`),
      );
    },
  );

  it.each([
    ["pacemaker-crossed-pair", "pacemaker"],
    ["heartbeat-active-passive", "heartbeat"],
    ["manual-failover", "manual-failover"],
  ])("every file and variable of %s", (name, role) => {
    everyThing(role, golden("managers", "expected", `${name}.txt`));
  });

  it.each([
    ["mariadb", "local-filesystem", "local-filesystem"],
    ["web", "backup", "services-backup"],
    ["web", "backup-source", "services-backup-source"],
    ["web", "certificate", "services-certificate"],
    ["web", "dns-watch", "dns-watch"],
    ["web", "nginx-proxy", "services-nginx-proxy"],
    ["web", "wordpress", "services-wordpress"],
    ["nfs", "nfs", "services-nfs"],
    ["nfs", "nfs-mount", "nfs-mount"],
    ["monitoring", "host", "services-monitoring"],
    ["disaster", "disaster", "services-disaster"],
    ["disaster", "disaster-source", "services-disaster-source"],
  ])("every file and variable of %s/%s", (folder, name, role) => {
    everyThing(role, readFileSync(join(projectRoot, "test", "unit", folder, "expected", `${name}.txt`), "utf8"));
  });

  it("every file and variable of a pair of databases", () => {
    const all = readFileSync(join(projectRoot, "test", "unit", "mariadb", "expected", "replica.txt"), "utf8");
    for (const part of all.split(/^### /m).slice(1)) {
      const [role = "", ...text] = part.split("\n");
      if (/^(==> |[A-Z_]+=)/m.test(text.join("\n"))) everyThing(role, text.join("\n"));
    }
  });

  function everyThing(role: string, text: string): void {
    const meaning = roleMeanings[role];
    const files = [...text.matchAll(/^==> (\S+) /gm)].map(([, path = ""]) => path);
    const variables = [...(text.split("\n==> ")[0] ?? "").matchAll(/^([A-Z_]+)=/gm)].map(
      ([, variable = ""]) => variable,
    );
    expect(files.length + variables.length).toBeGreaterThan(0);
    expect(files.filter((path) => meaning?.files.some(([pattern]) => pattern.test(path)) !== true)).toEqual([]);
    expect(variables.filter((variable) => meaning?.variables[variable] === undefined)).toEqual([]);
  }
});

describe("a step's text", () => {
  const text = (timezone: string, keys: readonly string[] = []): string => {
    const params = { node: "a", hosts: [], extraHosts: [], authorizedKeys: keys, timezone } as unknown as Parameters<
      typeof baseRole.files
    >[0];
    const hosts = [
      { name: "a", fqdn: "a.example.org", public4: "192.0.2.1", public6: "2001:db8::1", inner: "10.0.0.1" },
      { name: "b", fqdn: "b.example.org", public4: "192.0.2.2", public6: "2001:db8::2", inner: "10.0.0.2" },
    ];
    return renderStep(baseRole, { ...params, hosts: hosts }, { step: "base", node: "a", machine: "linode 1" });
  };

  it("is taken apart as it was put together", () => {
    const found = readHostText(text("Etc/UTC", ["ssh-ed25519 AAAA it's me"]));
    expect(found).toMatchObject({ step: "base", role: "base", node: "a", machine: "linode 1" });
    expect(found?.variables["TIMEZONE"]).toBe("Etc/UTC");
    expect(found?.files["/etc/hostname"]).toBe("a");
    expect(found?.files["/root/.ssh/authorized_keys2"]).toContain("it's me");
    expect(Object.keys(found?.programs ?? {})).toContain("role.sh");
  });

  it("shows nothing of a private key that somebody put into one of its files", () => {
    const key = (letter: string): string =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${letter.repeat(70)}\n${letter.repeat(30)}==\n-----END OPENSSH PRIVATE KEY-----`;
    const [old, now] = ["K", "L"].map((letter) =>
      text("Etc/UTC", ["ssh-ed25519 AAAA one"]).replace("ssh-ed25519 AAAA one", key(letter)),
    );
    const { findings } = reviewed([
      step("update", "command:remote:Command", "a-base", {
        old: { create: old },
        new: { create: now },
        diffs: ["create"],
      }),
    ]);
    const lines = findings.flatMap(({ reasons }) => reasons.flatMap((reason) => reason.lines ?? []));
    expect(lines.filter(({ sign }) => sign !== " ")).not.toEqual([]);
    expect(JSON.stringify(findings)).not.toMatch(/K{30}|L{30}/);
  });

  it("has only what differs among its changes", () => {
    const one = readHostText(text("Etc/UTC"));
    const other = readHostText(text("Europe/Berlin"));
    expect(hostChanges(one!, other!)).toEqual([
      { kind: "variable", name: "TIMEZONE", old: "Etc/UTC", new: "Europe/Berlin" },
    ]);
    expect(hostChanges(one!, one!)).toEqual([]);
  });

  it.each(["", "reboot", "# linode-ha step x: role base\nreboot", undefined])("is not %j", (other) => {
    expect(readHostText(other)).toBeUndefined();
  });
});

describe("line differences", () => {
  const said = (old: string, now: string): string[] => lineDiff(old, now, 0).map(({ sign, text }) => `${sign}${text}`);
  it("tell what went and came, and nothing else", () => {
    expect(said("a\nb\nc", "a\nx\nc")).toEqual(["-b", "+x"]);
    expect(said("", "a")).toEqual(["+a"]);
    expect(said("a\nb", "a\nb")).toEqual([]);
    expect(said("a\nb\nc\nd", "a\nc\nd\ne")).toEqual(["-b", " …", "+e"]);
  });
});

describe("DRBD's settings", () => {
  const text = golden("hosts", "expected", "drbd-crossed-pair.txt");
  const fenced = text
    .replace("disk {", "disk {\n    fencing resource-and-stonith;")
    .replace("startup {", 'handlers {\n    fence-peer "/x";\n  }\n  startup {');
  const judged = (from: string, pattern: RegExp | string, to: string): number => {
    expect(from.replace(pattern, to)).not.toBe(from);
    return rankOf(judgeDrbdFile(from, from.replace(pattern, to)));
  };

  it.each([
    ["a weaker protocol", /protocol C/, "protocol A", 1],
    ["a slower resync", /c-fill-target \S+;/, "c-fill-target 5120k;", 5],
    ["another minor", /minor \d+;/g, "minor 9;", 2],
    ["another disk", /disk \/dev\S+;/, "disk /dev/sdz;", 1],
    ["another port", /:78\d\d;/g, ":7999;", 4],
    ["a longer wait at boot", /degr-wfc-timeout \d+;/, "degr-wfc-timeout 99;", 6],
    ["a setting nobody described", "net {", "net {\n    warp 9;", 0],
    ["writes that are not flushed", "disk {", "disk {\n    disk-flushes no;", 1],
    ["another answer to split brain", "net {", "net {\n    after-sb-1pri call-pri-lost-after-sb;", 1],
  ])("%s", (_what, pattern, to, rank) => {
    expect(judged(text, pattern, to)).toBe(rank);
  });

  it("weakened fencing, and none at all", () => {
    expect(judged(fenced, "resource-and-stonith", "resource-only")).toBe(1);
    expect(judged(fenced, /\n {4}fencing \S+;/, "")).toBe(1);
    expect(judged(fenced, /\n {4}fence-peer \S+;/, "")).toBe(1);
    expect(judged(text, "disk {", "disk {\n    fencing resource-and-stonith;")).toBe(5);
  });

  it("an address where a lost peer is fenced", () => {
    expect(judged(fenced, /:78\d\d;/g, ":7999;")).toBe(3);
  });
});

describe("the cluster's configuration", () => {
  const cib =
    /<configuration>[\s\S]*<\/configuration>/.exec(golden("managers", "expected", "pacemaker-crossed-pair.txt"))?.[0] ??
    "";
  const judged = (pattern: RegExp | string, to: string): number => {
    expect(cib.replace(pattern, to)).not.toBe(cib);
    return rankOf(judgeCib(cib, cib.replace(pattern, to)));
  };

  it("is the same as itself", () => {
    expect(judgeCib(cib, cib)).toEqual([]);
  });

  it.each([
    ["fencing off", 'name="stonith-enabled" value="true"', 'name="stonith-enabled" value="false"', 1],
    ["quorum ignored", 'name="no-quorum-policy" value="stop"', 'name="no-quorum-policy" value="ignore"', 1],
    ["a fence device gone", /<primitive id="fence-alice"[\s\S]*?<\/primitive>/, "", 1],
    ["how a node is fenced", 'name="power_timeout" value="30"', 'name="power_timeout" value="60"', 5],
    ["a service gone", /<primitive id="www-svc-lighttpd"[\s\S]*?<\/primitive>/, "", 2],
    ["a group gone", /<group id="db">[\s\S]*?<\/group>/, "", 2],
    ["another address", 'name="ip" value="203.0.113.99"', 'name="ip" value="203.0.113.98"', 4],
    [
      "a new member",
      '<primitive id="www-svc-lighttpd"',
      '<primitive id="www-new" class="systemd" type="new"></primitive><primitive id="www-svc-lighttpd"',
      4,
    ],
    ["another preference", 'node="alice" score="100"', 'node="alice" score="5"', 3],
    ["a longer look", /(id="drbd-mysql-monitor-promoted" name="monitor" interval=)"10s"/, '$1"30s"', 5],
    ["an unknown element", "<alerts>", '<alerts><warp id="w"/>', 0],
    [
      "two primaries",
      'drbd-mysql-clone-meta_attributes-promoted-max" name="promoted-max" value="1"',
      'drbd-mysql-clone-meta_attributes-promoted-max" name="promoted-max" value="2"',
      2,
    ],
  ])("%s", (_what, pattern, to, rank) => {
    expect(judged(pattern, to)).toBe(rank);
  });
});

describe("Heartbeat's settings and a person's groups", () => {
  const haCf =
    /autojoin[\s\S]*?(?=\n\n==>)/.exec(golden("managers", "expected", "heartbeat-active-passive.txt"))?.[0] ?? "";
  it.each([
    ["a shorter detection", "deadtime 30", "deadtime 20", 5],
    ["no fencing", "stonith_host lb1 external/linode lb2:1002\n", "", 1],
    ["fencing of another Linode", "lb2:1002", "lb2:1003", 5],
    ["no outdating", /respawn root .*dopd\n/, "", 1],
    ["another port", "udpport 694", "udpport 695", 2],
    ["failback", "auto_failback off", "auto_failback on", 3],
  ])("%s", (_what, pattern, to, rank) => {
    expect(haCf.replace(pattern, to)).not.toBe(haCf);
    expect(rankOf(judgeHaCf(haCf, haCf.replace(pattern, to)))).toBe(rank);
  });

  const group = "node node1\nconnect-wait 10\nrun drbd srv 1\nrun unit apache2.service\n";
  it.each([
    ["a longer wait", "connect-wait 10", "connect-wait 30", 6],
    ["a member gone", "run unit apache2.service\n", "", 4],
    ["a new member", "run drbd", "run unit x.service\nrun drbd", 6],
  ])("%s", (_what, pattern, to, rank) => {
    expect(rankOf(judgeGroup(group, group.replace(pattern, to)))).toBe(rank);
  });
});

test("what is quoted of outages is the worst that was measured", () => {
  const bars = barsOf(parseResults(readFileSync(join(projectRoot, "docs", "results", "failover.jsonl"), "utf8")));
  for (const { system, fault, seconds } of MEASURED) {
    const worst = Math.max(
      ...bars.filter((bar) => bar.stack === system && bar.fault === fault).flatMap((bar) => bar.seconds),
    );
    expect({ system, fault, seconds }).toEqual({ system, fault, seconds: Math.round(worst * 10) / 10 });
  }
});
