/** From where on something is worth a person's time: the same for alerts, `ha-check` and mail. */
export interface MonitoringLimits {
  /** Seconds between two looks at a host. */
  readonly intervalSeconds: number;
  /** Seconds that a database may be behind. */
  readonly lagSeconds: number;
  /** Days before its end at which a certificate should have been renewed. */
  readonly certificateDays: number;
  /** Days without a verification that went through. */
  readonly verifyDays: number;
}

/** A host that Prometheus asks. */
export interface ScrapeTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

interface Alert {
  readonly name: string;
  readonly when: string;
  readonly seconds: number;
  readonly severity: "critical" | "warning";
  readonly says: string;
  readonly todo: string;
}

const DAY = 86_400;
const volume = "volume {{ $labels.resource }} on {{ $labels.instance }}";

/** What Prometheus is to watch for, in the order of how much it matters. `job`: as in {@link renderScrape}. */
function alerts(job: string, limits: MonitoringLimits, acceptUnfenced: boolean): readonly Alert[] {
  const own = (name: string, more = ""): string => `linode_ha_${name}{job="${job}"${more === "" ? "" : `,${more}`}}`;
  const begun = `on (job, instance) (time() - ${own("monitoring_begun_timestamp_seconds")}`;
  return [
    {
      name: "LinodeHaSplitBrain",
      when: `${own("drbd_standalone")} == 1`,
      seconds: 0,
      severity: "critical",
      says: `${volume} is StandAlone: split brain, or a person disconnected it`,
      todo: "linode-ha status; linode-ha recover split-brain",
    },
    {
      name: "LinodeHaNotUpToDate",
      when: `(${own("drbd_uptodate")} == 0 unless on (job, instance, resource) ${own("drbd_resyncing")} == 1) or ${own("drbd_connected")} == 0`,
      seconds: 60,
      severity: "critical",
      says: `${volume}: not both sides have all data`,
      todo: "do not promote the stale side; linode-ha status",
    },
    {
      name: "LinodeHaOutOfSync",
      when: `${own("drbd_out_of_sync_bytes")} > 0 and on (job, instance, resource) ${own("drbd_connected")} == 1 unless on (job, instance, resource) ${own("drbd_resyncing")} == 1`,
      seconds: 300,
      severity: "critical",
      says: `${volume}: both sides count as UpToDate, and {{ $value }} bytes differ`,
      todo: "linode-ha verify {{ $labels.resource }}",
    },
    {
      name: "LinodeHaVerifyDiffers",
      when: `${own("drbd_verify_different_bytes")} > 0`,
      seconds: 0,
      severity: "critical",
      says: `${volume}: the last verification found {{ $value }} bytes that differ`,
      todo: "linode-ha verify {{ $labels.resource }}",
    },
    {
      name: "LinodeHaResyncing",
      when: `${own("drbd_resyncing")} == 1`,
      seconds: 3600,
      severity: "warning",
      says: `${volume} has been brought up to date for more than an hour`,
      todo: "linode-ha status tells how far it is",
    },
    ...(acceptUnfenced
      ? []
      : [
          {
            name: "LinodeHaFencingDisabled",
            when: `${own("fencing_enabled")} == 0`,
            seconds: 60,
            severity: "critical",
            says: "{{ $labels.instance }} would not be able to have a lost peer powered off",
            todo: "linode-ha status; crm_attribute --type crm_config --name stonith-enabled --query",
          } as const,
        ]),
    {
      name: "LinodeHaManager",
      when: `${own("check_ok", 'check=~"pacemaker|heartbeat"')} == 0`,
      seconds: 60,
      severity: "critical",
      says: "the cluster manager of {{ $labels.instance }} is not content",
      todo: "there: ha-check --now manager",
    },
    {
      name: "LinodeHaReplicationStopped",
      when: `${own("replication_running")} == 0`,
      seconds: 60,
      severity: "critical",
      says: "the database's replication to {{ $labels.instance }} does not run ({{ $labels.thread }}): its data become stale",
      todo: "there: ha-check --now; docs/multi-master.md",
    },
    {
      name: "LinodeHaReplicationLag",
      when: `${own("replication_lag_seconds")} > ${limits.lagSeconds}`,
      seconds: 60,
      severity: "critical",
      says: "the database of {{ $labels.instance }} is {{ $value }} s behind",
      todo: "there: ha-check --now replication",
    },
    {
      name: "LinodeHaBackupOld",
      when: [
        `time() - ${own("backup_last_timestamp_seconds")} > ${own("backup_alarm_seconds")}`,
        `and ${begun} > 0)`,
        `and ${own("backup_last_timestamp_seconds")} > 0`,
        `or ${own("backup_last_timestamp_seconds")} == 0 and ${begun} > ${2 * DAY})`,
      ].join(" "),
      seconds: 300,
      severity: "critical",
      says: "backup {{ $labels.name }} on {{ $labels.instance }}: the last good one is too old, or there is none",
      todo: "there: ha-backup {{ $labels.name }} status; journalctl -u linode-ha-backup@{{ $labels.name }}",
    },
    {
      name: "LinodeHaCertificateEnds",
      when: `${own("certificate_end_timestamp_seconds")} - time() < ${limits.certificateDays * DAY}`,
      seconds: 300,
      severity: "warning",
      says: "certificate {{ $labels.name }} on {{ $labels.instance }} ends in {{ humanizeDuration $value }} and was not renewed",
      todo: "there: ha-certificate renew {{ $labels.name }}",
    },
    {
      name: "LinodeHaVerifyOld",
      when: `time() - ${own("drbd_verified_timestamp_seconds")} > ${limits.verifyDays * DAY} and ${begun} > ${limits.verifyDays * DAY})`,
      seconds: 300,
      severity: "warning",
      says: `${volume} was not verified for ${limits.verifyDays} days`,
      todo: "there: journalctl -u linode-ha-verify",
    },
    {
      name: "LinodeHaCheckFails",
      when: `${own("check_ok", 'check!~"pacemaker|heartbeat|drbd-.*"')} == 0`,
      seconds: 120,
      severity: "critical",
      says: "check {{ $labels.check }} of {{ $labels.instance }} fails",
      todo: "there: ha-check --now checks",
    },
    {
      name: "LinodeHaHostDown",
      when: `up{job="${job}"} == 0`,
      seconds: 60,
      severity: "critical",
      says: "{{ $labels.instance }} does not answer",
      todo: "linode-ha status",
    },
    {
      name: "LinodeHaUnwatched",
      when: `(time() - node_textfile_mtime_seconds{job="${job}",file=~".*linode-ha.prom"} > ${limits.intervalSeconds * 3 + 120}) or (up{job="${job}"} == 1 unless on (job, instance) ${own("monitoring_begun_timestamp_seconds")})`,
      seconds: 60,
      severity: "warning",
      says: "nothing was collected on {{ $labels.instance }} lately",
      todo: "there: systemctl status linode-ha-monitoring.timer linode-ha-monitoring.service",
    },
  ];
}

/** Prometheus' alert rules, as a file for its `rule_files`. */
export function renderRules(job: string, limits: MonitoringLimits, acceptUnfenced: boolean): string {
  return [
    "# Written by linode-ha.",
    "groups:",
    `  - name: ${text(job)}`,
    "    rules:",
    ...alerts(job, limits, acceptUnfenced).flatMap(({ name, when, seconds, severity, says, todo }) => [
      `      - alert: ${name}`,
      `        expr: ${text(when)}`,
      ...(seconds === 0 ? [] : [`        for: ${seconds}s`]),
      `        labels: { severity: ${severity} }`,
      "        annotations:",
      `          summary: ${text(says)}`,
      `          todo: ${text(todo)}`,
    ]),
    "",
  ].join("\n");
}

/** A part of Prometheus' `scrape_configs`: each host by its name, whatever its address is. */
export function renderScrape(job: string, targets: readonly ScrapeTarget[], intervalSeconds: number): string {
  return [
    `- job_name: ${text(job)}`,
    `  scrape_interval: ${Math.max(15, Math.min(60, intervalSeconds))}s`,
    "  static_configs:",
    ...targets.flatMap(({ name, address, port }) => [
      `    - targets: [${text(`${address.includes(":") ? `[${address}]` : address}:${port}`)}]`,
      `      labels: { instance: ${text(name)} }`,
    ]),
    "",
  ].join("\n");
}

/** JSON's texts are YAML's too. */
function text(value: string): string {
  return JSON.stringify(value);
}
