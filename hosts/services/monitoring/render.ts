import type { z } from "zod";
import { asset, assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../../contract";
import { shellLines } from "../common/render";
import type { MonitoringLimits } from "./rules";

/** What one host tells others of itself. */
export interface MonitoringParams {
  /** The address that Prometheus' exporter listens on, and no other. */
  readonly listen: string;
  readonly port: number;
  readonly limits: MonitoringLimits;
  /** Whether a pair without fencing is what its owner wants. */
  readonly acceptUnfenced: boolean;
  /** The volumes that this host verifies; on the peer none of them. */
  readonly verify: readonly string[];
  /** When, in systemd's words, for example `Sun 03:30`. */
  readonly verifyAt: string;
  /** Hours after which one verification is no longer waited for. */
  readonly verifyHours: number;
  /** Who gets mail; absent: nobody. */
  readonly mailTo?: string;
}

const library = "/usr/local/lib/linode-ha/monitoring";
const units = "/etc/systemd/system";

/** Prometheus' exporter, the check of Nagios and its kin, mail, and scheduled verification. */
export const monitoringRole: HostRole<MonitoringParams, z.infer<typeof baseResult>> = {
  name: "services-monitoring",
  packages: ["openssl", "prometheus-node-exporter"],
  script: assetPath("services/monitoring/role.sh"),
  secrets: [],
  result: baseResult,
  files: monitoringFiles,
  variables: ({ mailTo, verify }) => ({ MAIL_TO: mailTo ?? "", VERIFY: verify.join(" ") }),
};

function monitoringFiles(params: MonitoringParams): Record<AbsolutePath, HostFile> {
  const { limits, verify } = params;
  const script = (name: string): HostFile => ({ mode: "0755", content: asset(`services/monitoring/${name}.sh`) });
  const unit = (content: string): HostFile => ({ mode: "0644", content });
  const listen = params.listen.includes(":") ? `[${params.listen}]` : params.listen;
  return {
    "/etc/default/prometheus-node-exporter": {
      mode: "0644",
      content: [
        "# Managed: written anew by each deployment.",
        `ARGS="--web.listen-address=${listen}:${params.port} --collector.textfile.directory=/var/lib/prometheus/node-exporter"`,
        "",
      ].join("\n"),
    },
    "/etc/linode-ha/monitoring/settings": {
      mode: "0644",
      content: shellLines({
        INTERVAL: `${limits.intervalSeconds}`,
        LAG_SECONDS: `${limits.lagSeconds}`,
        CERTIFICATE_DAYS: `${limits.certificateDays}`,
        VERIFY: verify.join(" "),
        VERIFY_DAYS: `${limits.verifyDays}`,
        VERIFY_HOURS: `${params.verifyHours}`,
        UNFENCED: params.acceptUnfenced ? "yes" : "no",
        MAIL_TO: params.mailTo ?? "",
      }),
    },
    "/usr/local/lib/linode-ha/drbd.sh": { mode: "0644", content: asset("lib/drbd.sh") },
    "/usr/local/sbin/ha-check": script("check"),
    [`${library}/facts`]: script("facts"),
    [`${library}/turn`]: script("turn"),
    [`${units}/linode-ha-monitoring.service`]: unit(asset("services/monitoring/linode-ha-monitoring.service")),
    [`${units}/linode-ha-monitoring.timer`]: unit(
      timer("What is known of this host, every so often", [
        "OnBootSec=60",
        `OnUnitInactiveSec=${limits.intervalSeconds}`,
        "AccuracySec=1",
      ]),
    ),
    ...(verify.length === 0
      ? {}
      : {
          [`${library}/verify`]: script("verify"),
          [`${units}/linode-ha-verify.service`]: unit(asset("services/monitoring/linode-ha-verify.service")),
          [`${units}/linode-ha-verify.timer`]: unit(
            timer("Scheduled comparison of both sides of the replicated volumes", [
              `OnCalendar=${params.verifyAt}`,
              "Persistent=yes",
            ]),
          ),
        }),
  };
}

function timer(description: string, when: readonly string[]): string {
  return [
    "[Unit]",
    `Description=${description}`,
    "",
    "[Timer]",
    ...when,
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}
