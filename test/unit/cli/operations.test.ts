import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { maintenance } from "../../../cli/maintenance";
import { writeSparse } from "../../../cli/reach/copyDevice";
import { quoted } from "../../../cli/reach/nodes";
import { answers, parseProbe, Probe, probeTargets } from "../../../cli/reach/probe";
import { recover } from "../../../cli/recover";
import { standby } from "../../../cli/standby";
import { switchover } from "../../../cli/switchover";
import { verify } from "../../../cli/verify";
import { crmMon, pacemakerNode } from "./pacemakerSamples";
import {
  ACTIVE,
  answer,
  fakeNode,
  isSurvey,
  manualNode,
  OFF,
  ON,
  PASSIVE,
  PRIMARY,
  procDrbd,
  RESOURCES,
  SECONDARY,
} from "./samples";

const quick = { timeoutSeconds: 1, pollMs: 1 };
let ran: string[];
let said: string[];
const say = (line: string): void => void said.push(line);
const changes = (): string[] =>
  ran.filter((line) => !/ss -Hltn|date \+%s|cat \/proc\/drbd|get-gi|dumpe2fs|journalctl/.test(line));

beforeEach(() => {
  ran = [];
  said = [];
});

/** A pair that is moved by hand: ha-group does what it says, except where `broken`. */
function manualPair(broken = ""): ReturnType<typeof fakeNode>[] {
  let on = "alpha";
  return ["alpha", "beta"].map((name) =>
    fakeNode(
      name,
      (command) => {
        if (command === broken) return { code: 11, stdout: "error: not safe" };
        if (command.startsWith("ha-group stop")) on = "";
        if (command.startsWith("ha-group start")) on = name;
        if (!isSurvey(command)) return "";
        return manualNode(name, on === name ? PRIMARY : SECONDARY, on === name ? ON : OFF);
      },
      ran,
    ),
  );
}

describe("switchover", () => {
  it("by hand stops here, starts there, and tells the outage", async () => {
    await expect(switchover(manualPair(), { group: "db", ...quick }, say)).resolves.toMatchObject({ moved: true });
    expect(changes()).toEqual(["alpha: ha-group stop 'db'", "beta: ha-group start 'db'"]);
    expect(said.join("\n")).toMatch(/db is active on beta\noutage: at most \d\.\d s/);
  });

  it("by hand goes back where the start there is refused", async () => {
    const nodes = manualPair();
    const refusing = fakeNode(
      "beta",
      (command) => (isSurvey(command) ? PASSIVE : { code: 11, stdout: "error: not safe" }),
      ran,
    );
    await expect(switchover([nodes[0], refusing] as never, { group: "db", ...quick }, say)).rejects.toThrow(
      /error: not safe/,
    );
    expect(changes()).toEqual(["alpha: ha-group stop 'db'", "beta: ha-group start 'db'", "alpha: ha-group start 'db'"]);
    expect(said).toContain("started again on alpha");
  });

  it("changes nothing where it is refused", async () => {
    const nodes = [fakeNode("alpha", () => ACTIVE, ran), fakeNode("beta", () => manualNode("beta", "", OFF), ran)];
    await expect(switchover(nodes, { group: "db", ...quick }, say)).rejects.toThrow(
      /nothing was changed[\s\S]*Unconfigured/,
    );
    expect(ran).toEqual([]);
  });

  it("with Pacemaker asks with a lifetime, waits, and clears", async () => {
    let on = "alpha";
    const nodes = ["alpha", "beta"].map((name) =>
      fakeNode(
        name,
        (command) => {
          if (command.includes("--move")) on = "beta";
          return isSurvey(command) ? pacemakerNode(name, { on }) : "";
        },
        ran,
      ),
    );
    await switchover(nodes, { group: "db", to: "beta", ...quick }, say);
    expect(changes()).toEqual([
      "beta: crm_resource --resource 'db' --move --node 'beta' --lifetime PT6M",
      "beta: crm_resource --resource 'db' --clear",
    ]);
  });

  it("with Pacemaker clears also where the group does not arrive", async () => {
    const nodes = ["alpha", "beta"].map((name) => fakeNode(name, () => pacemakerNode(name, {}), ran));
    await expect(switchover(nodes, { group: "db", ...quick }, say)).rejects.toThrow(
      /did not arrive on beta within 1 s/,
    );
    expect(changes().pop()).toBe("beta: crm_resource --resource 'db' --clear");
  });
});

describe("verify", () => {
  const pair = (end: string): ReturnType<typeof fakeNode>[] => {
    let looks = 0;
    const verifying = procDrbd(
      "VerifyS",
      "Primary/Secondary",
      "UpToDate/UpToDate",
      0,
      "\t[=>...] verified: 40.0% (6/10)M\n\tfinish: 0:00:01 speed: 1 (1) want: 1 K/sec",
    );
    const reply = (surveyed: string) => (command: string) => {
      if (isSurvey(command)) return surveyed;
      if (command.startsWith("cat")) return ++looks === 1 ? verifying : end;
      if (command.startsWith("journalctl"))
        return "block drbd0: Out of sync: start=16, size=8 (sectors)\nblock drbd1: Out of sync: start=0, size=8 (sectors)";
      return "1700000000";
    };
    return [fakeNode("alpha", reply(ACTIVE), ran), fakeNode("beta", reply(PASSIVE), ran)];
  };

  it("ends with 0 where both sides are the same", async () => {
    await expect(verify(pair(PRIMARY), quick, say)).resolves.toBe(0);
    expect(changes()).toEqual(["alpha: drbdadm verify 'db'"]);
    expect(said).toEqual(["db: verifying from alpha", "db: 40 %, 0:00:01 left", "db: both sides are the same"]);
  });

  it("ends with 2 where they differ, with blocks, ranges and what to do", async () => {
    await expect(
      verify(pair(procDrbd("Connected", "Primary/Secondary", "UpToDate/UpToDate", 8)), quick, say),
    ).resolves.toBe(2);
    expect(said.join("\n")).toMatch(/2 blocks of 4 KiB \(8\.0 KiB\) differ/);
    expect(said.join("\n")).toMatch(/drbd0: Out of sync: start=16/);
    expect(said.join("\n")).not.toMatch(/drbd1/);
    expect(said.join("\n")).toMatch(/drbdadm disconnect db; drbdadm connect db/);
  });

  it("tells that it was cut short, or did not end", async () => {
    await expect(
      verify(pair(procDrbd("WFConnection", "Primary/Unknown", "UpToDate/DUnknown")), quick, say),
    ).rejects.toThrow("cut short");
    const endless = procDrbd("VerifyS", "Primary/Secondary", "UpToDate/UpToDate");
    await expect(verify(pair(endless), quick, say)).rejects.toThrow(
      /did not end within 1 s[\s\S]*drbdadm disconnect db/,
    );
  });

  it("is refused where a side is missing", async () => {
    const alone = manualNode("alpha", procDrbd("WFConnection", "Primary/Unknown", "UpToDate/DUnknown"), ON);
    const nodes = [fakeNode("alpha", () => alone, ran), fakeNode("beta", () => PASSIVE, ran)];
    await expect(verify(nodes, quick, say)).rejects.toThrow(/nothing was changed[\s\S]*cs:WFConnection/);
    await expect(verify(nodes, { ...quick, volume: "web" }, say)).rejects.toThrow(/no such volume/);
    expect(ran).toEqual([]);
  });
});

describe("recover split-brain", () => {
  const pair = (beta = "StandAlone"): ReturnType<typeof fakeNode>[] => {
    let seen = procDrbd(beta, "Secondary/Unknown", "UpToDate/DUnknown", 40);
    const kept = procDrbd("StandAlone", "Primary/Unknown", "UpToDate/DUnknown", 100);
    return ["alpha", "beta"].map((name) =>
      fakeNode(
        name,
        (command) => {
          if (isSurvey(command)) return name === "alpha" ? manualNode(name, kept, ON) : manualNode(name, seen, OFF);
          if (command.includes("--discard-my-data")) seen = SECONDARY;
          if (command.includes("get-gi"))
            return `${name === "alpha" ? "00000000000000A1" : "00000000000000B0"}:0000000000000010:${"0".repeat(16)}:${"0".repeat(16)}:1:1`;
          if (command.startsWith("dumpe2fs")) return "lastWrite=Sat Jan  3 10:00:00 2026\n";
          if (command.startsWith("cat")) return name === "beta" ? seen : kept;
          return "";
        },
        ran,
      ),
    );
  };
  const options = { volume: "db", keep: "alpha", ...quick };

  it("shows both sides, asks, discards the one, and sees both UpToDate", async () => {
    const confirm = jest.fn().mockResolvedValue(true);
    await recover(pair(), { ...options, confirm }, say);
    expect(confirm).toHaveBeenCalledWith("Discard what beta wrote since the sides parted (40.0 KiB)?");
    expect(said.join("\n")).toMatch(
      /KEEP {4}alpha[\s\S]*100\.0 KiB[\s\S]*DISCARD beta[\s\S]*40960 bytes[\s\S]*10:00:00 2026/,
    );
    expect(changes()).toEqual([
      "beta: drbdadm secondary 'db'",
      "beta: drbdadm connect --discard-my-data 'db'",
      "alpha: drbdadm connect 'db'",
    ]);
    expect(said.pop()).toBe("db: both sides are UpToDate, with the data of alpha");
  });

  it("disconnects a side that still tries to connect", async () => {
    await recover(pair("WFConnection"), { ...options, confirm: () => Promise.resolve(true) }, say);
    expect(changes().slice(0, 2)).toEqual(["beta: drbdadm disconnect 'db'", "beta: drbdadm secondary 'db'"]);
  });

  it("changes nothing without a yes, with a copy that has no place, and on the side in use", async () => {
    const no = { ...options, confirm: () => Promise.resolve(false) };
    await expect(recover(pair(), no, say)).rejects.toThrow("Nothing was changed");
    await expect(recover(pair(), { ...no, copy: "/nowhere/at/all" }, say)).rejects.toThrow(/its folder is not there/);
    await expect(recover(pair(), { ...no, keep: "beta" }, say)).rejects.toThrow(/is in use/);
    expect(changes()).toEqual([]);
  });
});

describe("standby and maintenance", () => {
  it("by hand moves what is there, and has nothing to switch off", async () => {
    await standby(manualPair(), { node: "alpha", ...quick }, say);
    expect(changes()).toEqual(["alpha: ha-group stop 'db'", "beta: ha-group start 'db'"]);
    await standby(manualPair(), { node: "alpha", off: true, ...quick }, say);
    expect(said.pop()).toMatch(/switchover GROUP --to alpha/);
  });

  it("with Pacemaker switches the node, whatever failback says, and not where the other could not serve", async () => {
    let on = "alpha";
    let stuck = false;
    const reply =
      (name: string, more = {}) =>
      (command: string) => {
        if (command.includes("--move --node 'beta'")) on = stuck ? "alpha" : "beta";
        return isSurvey(command) ? pacemakerNode(name, { on, stickiness: 0, ...more }) : "";
      };
    await standby(
      [fakeNode("alpha", reply("alpha"), ran), fakeNode("beta", reply("beta"), ran)],
      { node: "alpha", ...quick },
      say,
    );
    const wish = "beta: crm_resource --resource 'db' --move --node 'beta' --lifetime PT6M";
    const clear = "beta: crm_resource --resource 'db' --clear";
    expect(changes()).toEqual([wish, "beta: crm_standby --node 'alpha' --update on", clear]);

    ran.length = 0;
    on = "alpha";
    stuck = true;
    const stays = ["alpha", "beta"].map((name) => fakeNode(name, reply(name), ran));
    await expect(standby(stays, { node: "alpha", ...quick }, say)).rejects.toThrow(/not whole on beta: db/);
    expect(changes()).toEqual([wish, clear]);

    ran.length = 0;
    const gone = { betaOnline: false };
    const nodes = [fakeNode("alpha", reply("alpha", gone), ran), fakeNode("beta", reply("beta", gone), ran)];
    await expect(standby(nodes, { node: "alpha", ...quick }, say)).rejects.toThrow(
      /alpha keeps its groups[\s\S]*UNCLEAN/,
    );
    expect(changes()).toEqual([]);
  });

  it("is ended by any node that answers, and waits until the one that was off is back", async () => {
    let looks = 0;
    const booting = (): never => {
      throw new Error("connect ECONNREFUSED");
    };
    const reply = (command: string): string =>
      isSurvey(command) ? pacemakerNode("alpha", { betaOnline: ++looks > 3 }) : "";
    const nodes = [fakeNode("beta", booting, ran), fakeNode("alpha", reply, ran)];
    await standby(nodes, { node: "beta", off: true, ...quick }, say);
    expect(changes()).toEqual(["alpha: crm_standby --node 'beta' --delete"]);
    expect(looks).toBe(4);
    expect(said.pop()).toMatch(/^beta may carry groups again/);
  });

  it("with Heartbeat gives up all, and takes back its own", async () => {
    let on = "alpha";
    const nodes = ["alpha", "beta"].map((name) =>
      fakeNode(
        name,
        (command) => {
          if (command.includes("hb_standby all")) on = "beta";
          if (command.includes("hb_takeover local")) on = "alpha";
          if (!isSurvey(command)) return "";
          return answer({
            drbd: on === name ? PRIMARY : SECONDARY,
            resources: RESOURCES,
            manager: "heartbeat=active",
            heartbeat: `runs=yes\nholds=${on === name ? "all" : "none"}\nnode=alpha=active\nnode=beta=active\ngroup db alpha\njob drbddisk::db ${on === name ? "running" : "stopped"}`,
            haResources: "alpha drbddisk::db\n",
          });
        },
        ran,
      ),
    );
    await standby(nodes, { node: "alpha", ...quick }, say);
    expect(said.pop()).toBe("active on beta: db");
    await standby(nodes, { node: "alpha", off: true, ...quick }, say);
    expect(said.pop()).toBe("active on alpha: db");
    await expect(maintenance(nodes, quick, say)).rejects.toThrow(/no maintenance mode/);
  });

  it("maintenance waits until the cluster has taken it", async () => {
    let on = false;
    const reply = (name: string) => (command: string) => {
      if (command.startsWith("crm_attribute")) on = command.endsWith("true");
      return isSurvey(command) ? pacemakerNode(name, { maintenance: on }) : "";
    };
    const nodes = [fakeNode("alpha", reply("alpha"), ran), fakeNode("beta", reply("beta"), ran)];
    await maintenance(nodes, quick, say);
    await maintenance(nodes, { ...quick, off: true }, say);
    expect(changes()).toEqual([
      "alpha: crm_attribute --name maintenance-mode --update true",
      "alpha: crm_attribute --name maintenance-mode --delete",
    ]);
    expect(crmMon({})).not.toContain('maintenance-mode="true"');
  });
});

describe("the tools", () => {
  it("a probe sees an outage and its end", async () => {
    const server = net.createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await new Promise((ready) => server.once("listening", ready));
    const target = { host: "127.0.0.1", port: (server.address() as net.AddressInfo).port };
    expect(await answers(target)).toBe(true);
    await new Promise((closed) => server.close(closed));
    expect(await answers(target)).toBe(false);
    const replies = [true, false, false, false, true];
    const outage = await new Probe(() => Promise.resolve(replies.shift() ?? true)).stop(5000);
    expect(outage.serves).toBe(true);
    const dead = await new Probe(() => Promise.resolve(false)).stop(1);
    expect(dead.serves).toBe(false);
  });

  it("a probe's place is a service's port before SSH's", () => {
    const listening =
      "LISTEN 0 80 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 80 *:3306 *:*\nLISTEN 0 80 127.0.0.1:25 0.0.0.0:*\nLISTEN 0 5 [::1]:8080 [::]:*";
    expect(probeTargets(listening, ["192.0.2.50"]).map(({ port }) => port)).toEqual([3306, 22]);
    expect(parseProbe("[2001:db8::1]:80")).toEqual({ host: "2001:db8::1", port: 80 });
    expect(parseProbe("db")).toBeUndefined();
    expect(parseProbe("db:70000")).toBeUndefined();
  });

  it("a copy has holes where the device is zeros, and its whole length", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-copy-"));
    try {
      const file = path.join(folder, "image");
      const data = Buffer.alloc(1 << 20);
      data.write("first", 0);
      data.write("last", 700_000);
      async function* chunks(): AsyncGenerator<Buffer> {
        for (let at = 0; at < data.length; at += 100_000) yield await Promise.resolve(data.subarray(at, at + 100_000));
      }
      await expect(writeSparse(chunks(), file)).resolves.toBe(data.length);
      expect(fs.readFileSync(file).equals(data)).toBe(true);
      expect(fs.statSync(file).blocks * 512).toBeLessThan(data.length / 2);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("a word cannot leave its quotes", () => {
    expect(quoted("a'; reboot; '")).toBe(`'a'\\''; reboot; '\\'''`);
  });
});
