import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/lab";
import { run, until, type RunOptions, type RunResult } from "../support/run";

// Guests boot in this test, several at a time on a machine that may be busy.
jest.setTimeout(600_000);

const LAB = "lab-command";
const OTHER = "lab-command-2";
const state = mkdtempSync(join(tmpdir(), "linode-lab-state-"));

/** Runs `linode-lab` as a user does, with the state in a folder of the test's own. */
const linodeLab = (lab: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  run([join(projectRoot, "bin", "linode-lab"), "--lab", lab, ...args], {
    ...options,
    env: { ...options.env, LINODE_LAB_STATE: state },
  });

async function ok(args: readonly string[], options: RunOptions = {}, lab = LAB): Promise<string> {
  const { code, stdout, stderr } = await linodeLab(lab, args, options);
  if (code !== 0) throw new Error(`linode-lab ${args.join(" ")} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

const environment = async (lab = LAB): Promise<Record<string, string>> =>
  JSON.parse(await ok(["env", "--json"], {}, lab)) as Record<string, string>;

async function api<T = { readonly id: number }>(method: string, path: string, body?: unknown): Promise<T> {
  const { LINODE_URL, LINODE_TOKEN } = await environment();
  const answer = await fetch(`${LINODE_URL}/v4/${path}`, {
    method,
    headers: { Authorization: `Bearer ${LINODE_TOKEN}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

interface Status {
  readonly running: boolean;
  readonly url: string;
  readonly linodes: readonly { id: number; label: string; status: string; ipv4: readonly string[] }[];
  readonly faults: readonly { text: string }[];
}
const status = async (lab = LAB): Promise<Status> => JSON.parse(await ok(["status", "--json"], {}, lab)) as Status;
const statusOf = async (label: string): Promise<string | undefined> =>
  (await status()).linodes.find((linode) => linode.label === label)?.status;

/** What tells one boot of a guest from the next. */
const bootId = async (): Promise<string> =>
  ok(["ssh", "--wait", "180", "web1", "--", "cat /proc/sys/kernel/random/boot_id"], { seconds: 240 });

/** How often this happened so far. */
async function eventsOf(action: string): Promise<number> {
  const { data } = await api<{ data: readonly { action: string }[] }>("GET", "account/events?page_size=500");
  return data.filter((event) => event.action === action).length;
}

/** Whether an SSH server says its name. */
async function greets(address: string): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${address}/22 && head -c 4 <&3`;
  const { stdout } = await linodeLab(LAB, ["exec", "--", "timeout", "3", "bash", "-c", script]);
  return stdout === "SSH-";
}

/** A process's words, each ended by a NUL; nothing where there is no such process. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid.trim()}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

const processesOf = (lab: string): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        const env = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
        const guest = line.includes(`umid=linode-${lab}-`);
        const daemon = line.includes("lab/daemon.js") && env.includes(`LINODE_LAB=${lab}`);
        return guest || daemon ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });

async function createLinode(label: string): Promise<void> {
  const linode = await api("POST", "linode/instances", {
    region: "us-east",
    type: "g6-nanode-1",
    label,
    booted: false,
  });
  const disk = await api("POST", `linode/instances/${linode.id}/disks`, {
    label: "boot",
    size: 20_000,
    image: "linode/debian13",
    root_pass: `Aa1!${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`,
  });
  await until("the disk is ready", 300, async () => {
    const { status: now } = await api<{ status: string }>("GET", `linode/instances/${linode.id}/disks/${disk.id}`);
    return now === "ready";
  });
  const config = await api("POST", `linode/instances/${linode.id}/configs`, {
    label: "default",
    kernel: "linode/grub2",
    root_device: "/dev/sda",
    devices: { sda: { disk_id: disk.id } },
    interfaces: [{ purpose: "public" }],
  });
  await api("POST", `linode/instances/${linode.id}/boot`, { config_id: config.id });
}

beforeAll(async () => {
  await ok(["down", "--purge"]);
  await ok(["down", "--purge"], {}, OTHER);
  await ok(["up"], { seconds: 1500 });
  await createLinode("web1");
  await bootId();
}, 1_800_000);

afterAll(async () => {
  await linodeLab(LAB, ["down", "--purge"]);
  await linodeLab(OTHER, ["down", "--purge"]);
  rmSync(state, { recursive: true, force: true });
}, 300_000);

describe("up, status and env", () => {
  it("says that it runs already, without starting anything", async () => {
    const daemon = (): string[] => processesOf(LAB).filter((line) => line.includes("daemon.js"));
    const before = daemon();
    expect(before).toHaveLength(1);
    expect(await ok(["up"])).toContain(`The lab "${LAB}" is running`);
    expect(daemon()).toEqual(before);
  });

  it("shows the Linode with its address", async () => {
    const [linode] = (await status()).linodes;
    expect(linode).toMatchObject({ label: "web1", status: "running" });
    expect(await ok(["status"])).toMatch(new RegExp(`web1 +running +${linode?.ipv4[0]}`));
  });

  it("gives the shell what clients need, and keeps the token to its owner", async () => {
    const script = `eval "$(${join(projectRoot, "bin", "linode-lab")} --lab ${LAB} env)" && echo "$LINODE_URL" && pulumi version`;
    const { stdout } = await run(["bash", "-c", script], { env: { LINODE_LAB_STATE: state } });
    expect(stdout).toBe(`${(await status()).url}\nv3.250.0\n`);
    const { LINODE_TOKEN } = await environment();
    for (const line of processesOf(LAB)) expect(line).not.toContain(LINODE_TOKEN);
  });

  it("answers 3 for a lab that does not run", async () => {
    expect((await linodeLab("never", ["status"])).code).toBe(3);
    expect((await linodeLab("never", ["env"])).code).toBe(3);
    expect((await linodeLab("never", ["fault", "list"])).stderr).toContain("linode-lab --lab never up");
  });
});

describe("ssh and exec", () => {
  it("pass on output, input and exit code", async () => {
    const command = "cat; echo err >&2; exit 7";
    const { code, stdout, stderr } = await linodeLab(LAB, ["ssh", "web1", "--", command], { input: "in\n" });
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: "in\n", stderr: "err\n" });
  });

  it("check the guest's host key", async () => {
    const knownHosts = join(state, LAB, "known_hosts");
    const keys = await ok(["ssh", "web1", "--", "cat /etc/ssh/ssh_host_ed25519_key.pub"]);
    expect(readFileSync(knownHosts, "utf8")).toContain(keys.split(" ").slice(0, 2).join(" "));
  });

  it("leave the users' own keys in the guest alone, and let nobody else in with the operator's", async () => {
    expect(await ok(["ssh", "web1", "--", "cat /root/.ssh/authorized_keys 2>/dev/null; true"])).toBe("");
    const { LINODE_LAB_SSH_KEY: key = "" } = await environment();
    const inBand = await linodeLab(LAB, ["ssh", "--identity", key, "web1", "--", "true"]);
    expect(inBand.code).toBe(255);
    expect(inBand.stderr).toMatch(/Permission denied/);
  });

  it("come past a firewall that lets nobody in", async () => {
    const [linode] = (await status()).linodes;
    const firewall = await api("POST", "networking/firewalls", {
      label: "closed",
      rules: { inbound: [], inbound_policy: "DROP", outbound: [], outbound_policy: "ACCEPT" },
      devices: { linodes: [linode?.id] },
    });
    try {
      await until("the firewall filters", 20, async () => !(await greets(linode?.ipv4[0] ?? "")), 200);
      expect(await ok(["ssh", "web1", "--", "echo in"])).toBe("in\n");
    } finally {
      await api("DELETE", `networking/firewalls/${firewall.id}`);
    }
    await until("the firewall is gone", 20, async () => await greets(linode?.ipv4[0] ?? ""), 200);
  });

  it("run a command in the lab's network with its environment", async () => {
    const { code, stdout } = await linodeLab(LAB, [
      "exec",
      "--",
      "sh",
      "-c",
      'echo "$LINODE_URL"; ip -br addr show lo; exit 9',
    ]);
    expect(code).toBe(9);
    expect(stdout).toContain((await status()).url);
    expect(stdout).toContain("203.0.113.1/32");
    expect((await linodeLab(LAB, ["exec", "--", "sh", "-c", "kill -TERM $$"])).code).toBe(143);
    expect((await linodeLab(LAB, ["exec", "--", "no-such-program"])).code).toBe(127);
  });

  it("say who there is when a name is wrong", async () => {
    const { code, stderr } = await linodeLab(LAB, ["ssh", "web9", "--", "true"]);
    expect(code).toBe(255);
    expect(stderr).toBe('linode-lab: There is no Linode "web9" in this lab.\nThere are: web1.\n');
  });
});

describe("faults", () => {
  it("power-cut: Lassie boots the Linode again", async () => {
    const [before, lassie] = [await bootId(), await eventsOf("lassie_reboot")];
    // cloud-init does not sync the host's keys that it wrote at this first boot: a cut within half a minute leaves empty files, and no sshd.
    await ok(["ssh", "web1", "--", "sync"]);
    await ok(["fault", "power-cut", "web1"]);
    expect(await bootId()).not.toBe(before);
    expect(await eventsOf("lassie_reboot")).toBe(lassie + 1);
  });

  it("power-cut --stay-down: it stays off until somebody boots it", async () => {
    const lassie = await eventsOf("lassie_reboot");
    await ok(["fault", "power-cut", "web1", "--stay-down"]);
    expect(await statusOf("web1")).toBe("offline");
    const { code, stderr } = await linodeLab(LAB, ["ssh", "web1", "--", "true"]);
    expect(code).toBe(255);
    expect(stderr).toContain("web1 is not running: it is offline");
    expect(await eventsOf("lassie_reboot")).toBe(lassie);
    const [linode] = (await status()).linodes;
    await api("POST", `linode/instances/${linode?.id}/boot`);
    await bootId();
  });

  it("freeze and thaw: silent meanwhile, the same boot afterwards", async () => {
    const before = await bootId();
    const address = (await status()).linodes[0]?.ipv4[0] ?? "";
    expect(await greets(address)).toBe(true);
    await ok(["fault", "freeze", "web1"]);
    expect(await ok(["fault", "list"])).toBe("web1 is frozen\n");
    expect(await greets(address)).toBe(false);
    await ok(["fault", "thaw", "web1"]);
    expect(await ok(["fault", "list"])).toBe("no faults\n");
    await until("it answers again", 30, () => greets(address), 200);
    expect(await bootId()).toBe(before);
  });

  it("api: errors come at the rate asked for, the same for the same seed, until cleared", async () => {
    const { LINODE_URL } = await environment();
    const statuses = async (): Promise<number[]> => {
      await ok(["fault", "api", "--error", "503", "--rate", "0.5", "--seed", "4"]);
      const seen: number[] = [];
      for (let i = 0; i < 20; i += 1) seen.push((await fetch(`${LINODE_URL}/v4/regions`)).status);
      await ok(["fault", "api", "--clear"]);
      return seen;
    };
    const first = await statuses();
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await statuses()).toEqual(first);
    expect((await fetch(`${LINODE_URL}/v4/regions`)).status).toBe(200);
  });
});

describe("forward and logs", () => {
  it("bring a guest's port to this machine's loopback", async () => {
    let group = 0;
    const forwarding = linodeLab(LAB, ["forward", "web1:22", "--listen", "24099"], { onStart: (id) => (group = id) });
    const said = await run([
      "bash",
      "-c",
      "for i in $(seq 100); do { exec 3<>/dev/tcp/127.0.0.1/24099; } 2>/dev/null && break; sleep 0.1; done; head -c 4 <&3",
    ]);
    process.kill(-group, "SIGTERM");
    await forwarding;
    expect(said.stdout).toBe("SSH-");
  });

  it("show the console", async () => {
    expect(await ok(["logs", "web1", "-n", "100000"])).toMatch(/Linux version .*[^]*linode-lab: host key ssh-ed25519/);
  });
});

describe("what survives", () => {
  it("kill -9 of the daemon: the next `up` finds the Linode as it runs", async () => {
    const before = await bootId();
    const record = JSON.parse(readFileSync(join(state, LAB, "daemon.json"), "utf8")) as { process: { pid: number } };
    process.kill(record.process.pid, "SIGKILL");
    await until("the daemon is gone", 10, async () => (await linodeLab(LAB, ["status"])).code === 3, 100);
    const url = await ok(["up"]);
    expect(url).toContain((await status()).url);
    expect(await statusOf("web1")).toBe("running");
    expect(await bootId()).toBe(before);
  });

  it("down and up: the Linode that ran is booted", async () => {
    const before = await bootId();
    await ok(["ssh", "web1", "--", "echo kept >/root/kept"]);
    await ok(["down"], { seconds: 200 });
    expect((await linodeLab(LAB, ["status"])).code).toBe(3);
    expect(processesOf(LAB)).toEqual([]);
    expect(existsSync(`/run/netns/linode-${LAB}`)).toBe(false);
    await ok(["up"]);
    expect(await bootId()).not.toBe(before);
    // Written just before a clean shutdown, with no sync of ours.
    expect(await ok(["ssh", "web1", "--", "cat /root/kept"])).toBe("kept\n");
  });
});

describe("labs beside each other", () => {
  it("have networks, ports and Linodes of their own, and one leaves nothing when it is purged", async () => {
    await ok(["up"], { seconds: 300 }, OTHER);
    const [one, two] = [await status(), await status(OTHER)];
    expect(one.url).not.toBe(two.url);
    expect(two.linodes).toEqual([]);
    expect((await fetch(`${two.url}/v4/regions`)).status).toBe(200);
    // A program that was left in the lab's network goes with it; an update that is at work must be asked about.
    const left = linodeLab(OTHER, ["exec", "--", "bash", "-c", "exec -a pulumi sleep 1000"]);
    // Under that name: what is in the lab's network before is the shell that becomes it.
    await until("it runs", 30, async () => {
      const pids = (await run(["ip", "netns", "pids", `linode-${OTHER}`])).stdout.split("\n");
      return pids.some((pid) => commandOf(pid).startsWith("pulumi\0"));
    });
    const refused = await linodeLab(OTHER, ["down", "--purge"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/"pulumi 1000" \(process \d+\) is at work in the lab[^]*--force/);
    expect((await fetch(`${two.url}/v4/regions`)).status).toBe(200);
    await ok(["down", "--purge", "--force"], { seconds: 200 }, OTHER);
    expect((await left).code).toBe(143);
    expect(processesOf(OTHER)).toEqual([]);
    expect(existsSync(`/run/netns/linode-${OTHER}`)).toBe(false);
    expect(existsSync(`/run/linode-lab/linode-${OTHER}`)).toBe(false);
    expect(existsSync(join(state, OTHER))).toBe(false);
    expect(await statusOf("web1")).toBe("running");
  });

  it("are gone with their Linodes, too", async () => {
    await ok(["down", "--purge"], { seconds: 200 });
    expect(processesOf(LAB)).toEqual([]);
    expect(existsSync(`/run/netns/linode-${LAB}`)).toBe(false);
    expect(existsSync(`/run/linode-lab/linode-${LAB}`)).toBe(false);
    expect(existsSync(state)).toBe(false);
  });
});
