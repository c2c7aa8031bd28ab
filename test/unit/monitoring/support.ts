import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { monitoringRole, type MonitoringParams } from "../../../hosts/services/monitoring/render";
import { run, type RunResult } from "../../support/run";

export const params: MonitoringParams = {
  listen: "10.20.0.1",
  port: 9100,
  limits: { intervalSeconds: 30, lagSeconds: 60, certificateDays: 20, verifyDays: 15 },
  acceptUnfenced: false,
  verify: ["www"],
  verifyAt: "Sun 03:30",
  verifyHours: 24,
  mailTo: "ops@example.org",
};

/** A host's files below a folder of their own, with its programs played. */
export class WatchedHost {
  readonly root = mkdtempSync(join(tmpdir(), "linode-ha-monitoring-"));

  constructor(change: Partial<MonitoringParams> = {}) {
    for (const [path, { content, mode }] of Object.entries(monitoringRole.files({ ...params, ...change }))) {
      this.write(path, path.endsWith("/drbd.sh") ? content.replaceAll("/proc/drbd", this.path("/proc")) : content);
      chmodSync(this.path(path), parseInt(mode, 8));
    }
    this.program(
      "/usr/local/sbin/ha-health",
      readFileSync(assetPath("base/ha-health.sh"), "utf8").replaceAll("/etc/linode-ha", this.path("/etc/linode-ha")),
    );
    this.program("/bin/systemctl", "#!/bin/sh\nexit 1\n");
    this.write("/etc/linode-ha/drbd/www", "RESOURCE=www\nMINOR=0\n");
    this.write("/etc/linode-ha/fencing.conf", "SELF_ID=1\n");
    this.write("/etc/linode-ha/fencing.token", "secret\n");
    this.drbd();
    this.check("60-pacemaker", 0, "online: web1 web2; everything runs");
  }

  path(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  program(path: string, text: string): void {
    this.write(path, text);
    chmodSync(this.path(path), 0o755);
  }

  /** The kernel's words of the volume; its own health check says them too. */
  drbd(state = "cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate", outOfSyncKiB = 0): void {
    this.write("/proc", `version: 8.4.11 (api:1/proto:86-101)\n 0: ${state} C r-----\n    ns:0 oos:${outOfSyncKiB}\n`);
    this.check("50-drbd-www", /Connected.*UpToDate\/UpToDate/.test(state) ? 0 : 1, state);
  }

  check(name: string, code: number, words: string): void {
    this.program(`/etc/linode-ha/health.d/${name}`, `#!/bin/sh\ncat <<'X'\n${words}\nX\nexit ${code}\n`);
  }

  run(file: string, ...words: string[]): Promise<RunResult> {
    return run([this.path(file), ...words], {
      env: {
        MONITORING_ROOT: this.root,
        MONITORING_POLL: "0.1",
        PATH: `${this.path("/bin")}:${process.env["PATH"] ?? ""}`,
      },
      seconds: 60,
    });
  }

  turn = (): Promise<RunResult> => this.run("/usr/local/lib/linode-ha/monitoring/turn");
  facts = async (): Promise<string> => (await this.run("/usr/local/lib/linode-ha/monitoring/facts")).stdout;
  /** From what was collected just now. */
  ask = (...words: string[]): Promise<RunResult> => this.run("/usr/local/sbin/ha-check", "--now", ...words);

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
