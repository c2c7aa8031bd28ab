import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { renderRules, renderScrape } from "../../hosts/services/monitoring/rules";
import { run } from "../support/run";
import { params, WatchedHost } from "../unit/monitoring/support";

/** The alert rules in Prometheus' own tool. */
const folder = mkdtempSync(join(tmpdir(), "linode-ha-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rules = join(folder, "rules.yml");
const DAY = 86_400;
writeFileSync(rules, renderRules("ha", params.limits, false));

async function promtool(...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(["promtool", ...words], { seconds: 60 });
  expect({ code, words: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, words: "" });
}

const host = (name: string, more = ""): string =>
  `linode_ha_${name}{job="ha",instance="web1"${more === "" ? "" : `,${more}`}}`;
const www = 'resource="www"';
/** A day's quarter, minute by minute, in which nothing is wrong. `time()` begins at 0. */
const well: Record<string, string> = {
  'up{job="ha",instance="web1"}': "1x400",
  'node_textfile_mtime_seconds{job="ha",instance="web1",file="/var/lib/prometheus/node-exporter/linode-ha.prom"}':
    "0+60x400",
  [host("monitoring_begun_timestamp_seconds")]: `${-30 * DAY}x400`,
  [host("drbd_standalone", www)]: "0x400",
  [host("drbd_connected", www)]: "1x400",
  [host("drbd_resyncing", www)]: "0x400",
  [host("drbd_uptodate", `${www},side="own"`)]: "1x400",
  [host("drbd_uptodate", `${www},side="peer"`)]: "1x400",
  [host("drbd_out_of_sync_bytes", www)]: "0x400",
  [host("drbd_verified_timestamp_seconds", www)]: `${-DAY}x400`,
  [host("drbd_verify_different_bytes", www)]: "0x400",
  [host("fencing_enabled")]: "1x400",
  [host("check_ok", 'check="pacemaker"')]: "1x400",
  [host("check_ok", 'check="ocfs2-www"')]: "1x400",
  [host("replication_running", 'thread="sql"')]: "1x400",
  [host("replication_lag_seconds")]: "60x400",
  [host("certificate_end_timestamp_seconds", 'name="site"')]: `${30 * DAY}x400`,
  [host("backup_last_timestamp_seconds", 'name="nightly"')]: "3600x400",
  [host("backup_alarm_seconds", 'name="nightly"')]: `${26 * 3600}x400`,
};

const NAMES = [...renderRules("ha", params.limits, false).matchAll(/alert: (\w+)/g)].map(([, name = ""]) => name);

/** What fires after five and a half hours, by name. */
async function firing(change: Record<string, string>, expected: readonly string[]): Promise<void> {
  const series = Object.entries({ ...well, ...change }).filter(([, values]) => values !== "");
  const file = join(folder, "test.yml");
  writeFileSync(
    file,
    stringify({
      rule_files: [rules],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: series.map(([name, values]) => ({ series: name, values })),
          promql_expr_test: NAMES.map((name) => ({
            expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) > 0`,
            eval_time: "330m",
            exp_samples: expected.includes(name) ? [{ labels: "{}", value: 1 }] : [],
          })),
        },
      ],
    }),
  );
  await promtool("test", "rules", file);
}

test("the rules are Prometheus' own, and its configuration takes them with the hosts", async () => {
  await promtool("check", "rules", rules);
  const scrape = renderScrape("ha", [{ name: "web1", address: "2001:db8::1", port: 9100 }], 30);
  const file = join(folder, "prometheus.yml");
  writeFileSync(file, `rule_files: [rules.yml]\nscrape_configs:\n${scrape.replace(/^/gm, "  ").trimEnd()}\n`);
  await promtool("check", "config", file);
});

test("nothing is told while all is well", () => firing({}, []));

test.each<[string, Record<string, string>, string[]]>([
  [
    "a split brain",
    { [host("drbd_standalone", www)]: "1x400", [host("drbd_connected", www)]: "0x400" },
    ["LinodeHaSplitBrain", "LinodeHaNotUpToDate"],
  ],
  ["a disk that is lost", { [host("drbd_uptodate", `${www},side="own"`)]: "0x400" }, ["LinodeHaNotUpToDate"]],
  [
    "a resync that lasts, which is no other trouble",
    {
      [host("drbd_uptodate", `${www},side="own"`)]: "0x400",
      [host("drbd_resyncing", www)]: "1x400",
      [host("drbd_out_of_sync_bytes", www)]: "4096x400",
    },
    ["LinodeHaResyncing"],
  ],
  ["sides that differ", { [host("drbd_out_of_sync_bytes", www)]: "4096x400" }, ["LinodeHaOutOfSync"]],
  ["what a verification found", { [host("drbd_verify_different_bytes", www)]: "4096x400" }, ["LinodeHaVerifyDiffers"]],
  [
    "no verification",
    {
      [host("drbd_verified_timestamp_seconds", www)]: "0x400",
      [host("drbd_verified_timestamp_seconds", 'resource="db"')]: `${-20 * DAY}x400`,
    },
    ["LinodeHaVerifyOld"],
  ],
  ["fencing that is off", { [host("fencing_enabled")]: "0x400" }, ["LinodeHaFencingDisabled"]],
  ["a manager in trouble", { [host("check_ok", 'check="pacemaker"')]: "0x400" }, ["LinodeHaManager"]],
  ["another check", { [host("check_ok", 'check="ocfs2-www"')]: "0x400" }, ["LinodeHaCheckFails"]],
  [
    "replication that stopped",
    { [host("replication_running", 'thread="sql"')]: "0x400" },
    ["LinodeHaReplicationStopped"],
  ],
  ["a database far behind", { [host("replication_lag_seconds")]: "61x400" }, ["LinodeHaReplicationLag"]],
  [
    "a certificate near its end",
    { [host("certificate_end_timestamp_seconds", 'name="site"')]: `${20 * DAY}x400` },
    ["LinodeHaCertificateEnds"],
  ],
  [
    "a backup that is old",
    {
      [host("backup_last_timestamp_seconds", 'name="nightly"')]: "1x400",
      [host("backup_alarm_seconds", 'name="nightly"')]: "7200x400",
    },
    ["LinodeHaBackupOld"],
  ],
  ["no backup at all", { [host("backup_last_timestamp_seconds", 'name="nightly"')]: "0x400" }, ["LinodeHaBackupOld"]],
  ["a host that is gone", { 'up{job="ha",instance="web1"}': "0x400" }, ["LinodeHaHostDown"]],
  [
    "a host that collects nothing",
    {
      'node_textfile_mtime_seconds{job="ha",instance="web1",file="/var/lib/prometheus/node-exporter/linode-ha.prom"}':
        "0x400",
    },
    ["LinodeHaUnwatched"],
  ],
  ["a host that never collected anything", { [host("monitoring_begun_timestamp_seconds")]: "" }, ["LinodeHaUnwatched"]],
])("%s is told, and nothing else", (_what, change, expected) => firing(change, expected));

test("what a host says is what Prometheus can read", async () => {
  const watched = new WatchedHost();
  try {
    watched.check("80-odd", 1, 'a "quoted" \\ word { and | more');
    const facts = await watched.facts();
    const { code, stdout, stderr } = await run(["promtool", "check", "metrics"], { input: facts, seconds: 60 });
    // It also has opinions on names and help texts; only what it cannot read is an error.
    expect({ code, words: stdout + stderr }).toEqual({ code: 0, words: "" });
  } finally {
    watched.close();
  }
});
