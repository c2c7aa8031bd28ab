import type { Verdict } from "./types";

/** Settings by `section.name`, as DRBD's own files have them; a section `on web1` counts as `on web1`. */
function settingsOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n").map((each) => each.trim())) {
    const opening = /^(.+?) \{$/.exec(line)?.[1];
    if (opening !== undefined) section = opening;
    else if (line === "}") section = "";
    else {
      const [, name = "", value = ""] = /^(\S+)\s+(.*?);$/.exec(line) ?? [];
      if (name !== "") found.set(`${section}.${name}`, value.replace(/^"|"$/g, ""));
    }
  }
  return found;
}

const DAEMON = "DRBD";
const live = (why: string): Verdict => ({ rank: 5, why, effect: "none", daemon: DAEMON, procedure: "none" });
const weaker = (why: string): Verdict => ({ rank: 1, why, effect: "none", daemon: DAEMON, procedure: "protection" });

/** From the weakest on. */
const ORDERS: Readonly<Record<string, readonly string[]>> = {
  "net.protocol": ["A", "B", "C"],
  "disk.fencing": ["dont-care", "resource-only", "resource-and-stonith"],
  "net.fencing": ["dont-care", "resource-only", "resource-and-stonith"],
  "disk.disk-flushes": ["no", "yes"],
  "disk.disk-barrier": ["no", "yes"],
  "disk.md-flushes": ["no", "yes"],
};

/** What counts where the file does not say. */
const DEFAULTS: Readonly<Record<string, string>> = {
  "net.protocol": "C",
  "disk.fencing": "dont-care",
  "net.fencing": "dont-care",
  "disk.disk-flushes": "yes",
  "disk.disk-barrier": "yes",
  "disk.md-flushes": "yes",
};

const WEAK: Readonly<Record<string, string>> = {
  "net.protocol": "a write is acknowledged before both sides have it: a failover loses acknowledged writes",
  "disk.fencing": "a side that lost its peer goes on without knowing that the other is off: both can diverge",
  "net.fencing": "a side that lost its peer goes on without knowing that the other is off: both can diverge",
  "disk.disk-flushes": "a power cut can lose what was acknowledged",
  "disk.disk-barrier": "a power cut can lose what was acknowledged",
  "disk.md-flushes": "a power cut can lose what DRBD knows of its own state",
};

/** Settings that a running DRBD takes in. */
const LIVE =
  /^(net\.(cram-hmac-alg|timeout|connect-int|ping-int|ping-timeout|ko-count|max-buffers|max-epoch-size|sndbuf-size|rcvbuf-size|verify-alg|csums-alg|data-integrity-alg|shared-secret)|disk\.(on-io-error|resync-rate|c-[a-z-]+|al-extents|rs-discard-granularity|disk-timeout)|handlers\.[a-z-]+)$/;

/** Where the sides of a split brain are put together again, and by whom. */
const AFTER_SPLIT = /^net\.(after-sb-[012]pri|rr-conflict)$/;

function judgeSetting(
  key: string,
  old: string | undefined,
  now: string | undefined,
  fenced: boolean,
  dual: boolean,
): Verdict {
  const order = ORDERS[key];
  if (order !== undefined) {
    const at = (value: string | undefined): number => order.indexOf(value ?? DEFAULTS[key] ?? "");
    return at(now) < at(old) ? weaker(WEAK[key] ?? "protection is weakened") : live("protection becomes stronger");
  }
  if (key === "handlers.fence-peer" && now === undefined) return weaker(WEAK["disk.fencing"] ?? "");
  if (AFTER_SPLIT.test(key)) {
    return now === undefined || now === "disconnect"
      ? live("after a split brain a person decides")
      : weaker("after a split brain one side's writes may be thrown away without asking");
  }
  if (key === "net.on-congestion" && now === "pull-ahead") return weaker("a busy link makes the peer's copy stale");
  if (key === "net.allow-two-primaries") {
    return now === undefined
      ? {
          rank: 2,
          why: "two primaries are no longer allowed, on both nodes at the same moment",
          effect: "stays-down",
          daemon: DAEMON,
          procedure: "both-nodes",
          refused: "the kernel refuses it while both are Primary",
        }
      : live("two primaries are allowed");
  }
  if (key.startsWith("startup."))
    return { rank: 6, why: "how long a booting node waits, from its next boot on", effect: "none" };
  if (key === "net.on-congestion" || LIVE.test(key)) return live("a running DRBD takes it in (`drbdadm adjust`)");
  const place = /^on .+\.(\S+)$/.exec(key)?.[1];
  if (place === "address") return reconnects(fenced, dual);
  if (place === "disk") {
    return old === undefined || now === undefined
      ? reconnects(fenced, dual)
      : weaker("another device takes the place of the one with the data; the host refuses one that is not blank");
  }
  if (place === "device") {
    return {
      rank: 2,
      why: "the replicated device gets another number: whatever uses it on either node ends",
      effect: "stays-down",
      daemon: DAEMON,
      procedure: "both-nodes",
    };
  }
  if (place === "meta-disk")
    return old === undefined || now === undefined ? reconnects(fenced, dual) : weaker("DRBD's own data moves");
  return { rank: 0, why: `nobody has said what DRBD's setting ${key} does`, procedure: "ask", daemon: DAEMON };
}

function reconnects(fenced: boolean, dual: boolean): Verdict {
  const words = { words: "what is written while the sides are apart" };
  if (dual) {
    return {
      rank: 4,
      why: "an address or port of the replication changes, for which the sides have to part",
      effect: "reconnect",
      resync: words,
      daemon: DAEMON,
      procedure: "step-down",
      refused: "the hosts refuse it while both nodes are Primary: parting would be a split brain",
    };
  }
  return {
    rank: fenced ? 3 : 4,
    why: fenced
      ? "an address or port of the replication changes: the sides part, and the side that writes may have the other powered off"
      : "an address or port of the replication changes: the sides part and connect anew",
    effect: fenced ? "node-down" : "reconnect",
    resync: words,
    daemon: DAEMON,
    procedure: "quiet-hour",
  };
}

/** What a change of a resource's file means, setting by setting. */
export function judgeDrbdFile(old: string, now: string): readonly Verdict[] {
  const [before, after] = [settingsOf(old), settingsOf(now)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
  const fenced = before.has("handlers.fence-peer");
  const dual = before.has("net.allow-two-primaries");
  const sides = (all: ReadonlyMap<string, string>): ReadonlySet<string> =>
    new Set([...all.keys()].flatMap((key) => /^on (.+)\.\S+$/.exec(key)?.[1] ?? []));
  const [were, are] = [sides(before), sides(after)];
  const others = new Set([...were, ...are].filter((side) => were.has(side) !== are.has(side)));
  const own = keys.filter((key) => !others.has(/^on (.+)\.\S+$/.exec(key)?.[1] ?? ""));
  const verdicts = own.map((key) => judgeSetting(key, before.get(key), after.get(key), fenced, dual));
  if (others.size > 0)
    verdicts.push({
      ...reconnects(fenced, dual),
      why: "the peer is another node: the sides part, and connect anew when it is there",
    });
  const named = (text: string): string | undefined => /^resource (\S+) \{/m.exec(text)?.[1];
  if (named(old) !== named(now)) {
    verdicts.push({
      rank: 2,
      why: "the resource gets another name",
      effect: "stays-down",
      procedure: "both-nodes",
      daemon: DAEMON,
    });
  }
  return verdicts;
}
