import { execFileSync } from "node:child_process";
import { cachePaths, labName, labPaths } from "../../../lab/paths";
import { exportLines, labEnvironment } from "../../../lab/cli/environment";
import { parseTarget } from "../../../lab/cli/forward";
import { afterDashes } from "../../../lab/cli/passThrough";
import { asUser, sudoCommand } from "../../../lab/cli/privileges";
import { sshCommand } from "../../../lab/cli/ssh";
import { describe as describeLab } from "../../../lab/cli/status";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("names and places of a lab", () => {
  it("takes the lab from --lab, then LINODE_LAB, then `default`", () => {
    expect(labName("one", { LINODE_LAB: "two" })).toBe("one");
    expect(labName(undefined, { LINODE_LAB: "two" })).toBe("two");
    expect(labName(undefined, {})).toBe("default");
    expect(labName(undefined, { LINODE_LAB: "" })).toBe("default");
  });

  it.each(["", "Upper", "-a", "a-", "a/b", "..", "a".repeat(25), "a b"])("refuses %j as a name", (name) => {
    expect(() => labName(name, {})).toThrow(/is not a name for a lab \(--lab\)/);
  });

  it("says where a wrong name came from", () => {
    expect(() => labName(undefined, { LINODE_LAB: "A" })).toThrow(/\(LINODE_LAB\)/);
  });

  it("keeps state and cache where the environment says, else where XDG says", () => {
    expect(labPaths("a", { LINODE_LAB_STATE: "/s" }).state).toBe("/s/a");
    expect(labPaths("a", { XDG_STATE_HOME: "/x" }).state).toBe("/x/linode-lab/a");
    expect(labPaths("a", { HOME: "/home/u" }).state).toBe("/home/u/.local/state/linode-lab/a");
    expect(cachePaths({ LINODE_LAB_CACHE: "/c" }).pulumiHome).toBe("/c/pulumi-home");
    expect(cachePaths({ HOME: "/home/u" }).root).toBe("/home/u/.cache/linode-lab");
    expect(labPaths("a", {}).namespace).not.toBe(labPaths("b", {}).namespace);
  });
});

describe("env", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "linode-lab-env-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives programs all they need, and puts the engine first in PATH once", () => {
    const paths = labPaths("a", { LINODE_LAB_STATE: folder });
    const cache = cachePaths({ LINODE_LAB_CACHE: "/c" });
    writeFileSync(join(folder, "key.pub"), "ssh-ed25519 AAAA a lab\n");
    const operatorKey = join(folder, "key");
    const record = { port: 14325, token: "t0ken", fencingToken: "narrow", dnsToken: "names" };
    const path = "/c/pulumi-home/bin:/usr/bin";
    expect(labEnvironment({ ...paths, operatorKey }, cache, record, { PATH: path })).toEqual({
      LINODE_LAB: "a",
      LINODE_URL: "http://127.0.0.1:14325",
      LINODE_TOKEN: "t0ken",
      LINODE_FENCING_TOKEN: "narrow",
      LINODE_DNS_TOKEN: "names",
      LINODE_ACME_CA_FILE: `${folder}/a/authority/https.pem`,
      LINODE_EVENT_POLL_MS: "200",
      PULUMI_HOME: "/c/pulumi-home",
      PULUMI_BACKEND_URL: `file://${folder}/a/pulumi`,
      PULUMI_CONFIG_PASSPHRASE: "linode-lab",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      LINODE_LAB_SSH_KEY: operatorKey,
      LINODE_LAB_SSH_PUBLIC_KEY: "ssh-ed25519 AAAA a lab",
      PATH: "/c/pulumi-home/bin:/usr/bin",
    });
  });

  it("prints lines that a shell reads back as they are", () => {
    const values = { PLAIN: "a b", ODD: `it's $HOME "and" \`x\` \\ end` };
    const script = `${exportLines(values)}printf '%s\\n' "$PLAIN" "$ODD"`;
    expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(`${values.PLAIN}\n${values.ODD}\n`);
  });
});

describe("ssh", () => {
  const paths = labPaths("a", { LINODE_LAB_STATE: "/s" });
  const access = {
    id: 7,
    label: "web1",
    status: "running",
    address: "198.51.100.7",
    console: "/c",
    hostKeyAlias: "linode-7",
  };
  const option = (line: readonly string[], name: string) => line[line.indexOf(name) + 1];

  it("checks host keys against the lab's own file and comes out of band with the lab's key", () => {
    const line = sshCommand(paths, access, { user: "root", wait: "1" }, ["ls", "-l"]);
    expect(line).toEqual(expect.arrayContaining(["StrictHostKeyChecking=yes", "HostKeyAlias=linode-7"]));
    expect(line).toEqual(
      expect.arrayContaining(['UserKnownHostsFile="/s/a/known_hosts"', "GlobalKnownHostsFile=/dev/null"]),
    );
    expect(option(line, "-b")).toBe("203.0.113.254");
    expect(option(line, "-i")).toBe("/s/a/operator_ed25519");
    expect(line.slice(-4)).toEqual(["198.51.100.7", "--", "ls", "-l"]);
  });

  it("comes as any client does with a key of one's own, also over IPv6", () => {
    const six = { ...access, address: "2001:db8:1::7" };
    const line = sshCommand(paths, six, { user: "deploy", identity: "/k", wait: "1" }, []);
    expect(option(line, "-b")).toBe("2001:db8:ffff::1");
    expect(option(line, "-i")).toBe("/k");
    expect(option(line, "-l")).toBe("deploy");
    expect(line).not.toContain("--");
  });

  it("is read by the real ssh", () => {
    const [ssh = "", ...args] = sshCommand(paths, access, { user: "root", wait: "1" }, []);
    const said = execFileSync(ssh, ["-G", ...args], { encoding: "utf8" });
    expect(said).toMatch(/^stricthostkeychecking (true|yes)$/m);
    expect(said).toMatch(/^userknownhostsfile \/s\/a\/known_hosts$/m);
  });
});

describe("small parts", () => {
  it("takes the dashes off a command once", () => {
    expect(afterDashes(["--", "ls", "--", "x"])).toEqual(["ls", "--", "x"]);
    expect(afterDashes(["ls"])).toEqual(["ls"]);
  });

  it("reads node:port", () => {
    expect(parseTarget("web1:80")).toEqual({ node: "web1", port: 80 });
    for (const wrong of ["web1", "web1:", "web1:0", "web1:65536", ":80", "web1:http"]) {
      expect(() => parseTarget(wrong)).toThrow(/is not a Linode's port/);
    }
  });

  it("gives sudo the user's places and nothing secret", () => {
    const line = sudoCommand(["node", "main.js", "up"], { PATH: "/p", HOME: "/h", LINODE_TOKEN: "s3cret" });
    expect(line).toEqual(["sudo", "-E", "--", "env", "PATH=/p", "HOME=/h", "node", "main.js", "up"]);
  });

  it("runs a user's program as the user, and root's as root", () => {
    expect(asUser(["ls"], { SUDO_UID: "1000", SUDO_GID: "100" }, 0)).toEqual([
      "setpriv",
      "--reuid=1000",
      "--regid=100",
      "--init-groups",
      "--",
      "ls",
    ]);
    expect(asUser(["ls"], { SUDO_UID: "0", SUDO_GID: "0" }, 0)).toEqual(["ls"]);
    expect(asUser(["ls"], {}, 0)).toEqual(["ls"]);
    expect(asUser(["ls"], { SUDO_UID: "1000", SUDO_GID: "100" }, 1000)).toEqual(["ls"]);
  });

  it("shows a lab as a table", () => {
    const linodes = [
      {
        id: 1,
        label: "web1",
        status: "running",
        region: "us-east",
        ipv4: ["198.51.100.2", "192.168.128.3"],
        ipv6: "2001:db8::1",
      },
      { id: 2, label: "db", status: "offline", region: "us-east", ipv4: ["198.51.100.3"], ipv6: "2001:db8::2" },
    ];
    const faults = [{ fault: "freeze", text: "web1 is frozen" }];
    expect(describeLab("a", "http://x", { linodes, faults, images: [], memoryMiB: 90, uptimeSeconds: 1 })).toBe(
      [
        "lab a: running, API http://x, 90 MiB",
        "LABEL  STATUS   IPV4                        IPV6",
        "web1   running  198.51.100.2 192.168.128.3  2001:db8::1",
        "db     offline  198.51.100.3                2001:db8::2",
        "fault: web1 is frozen",
        "",
      ].join("\n"),
    );
  });
});
