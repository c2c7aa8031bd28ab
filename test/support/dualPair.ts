import { Lab } from "./lab";
import { pairConfig } from "./pairConfig";
import { until } from "./run";
import { StackProject } from "./stackProject";

/** Seconds that a pair may take to be whole again after both nodes restarted. */
const RECOVERY_SECONDS = 180;

/** Where the shared file system is mounted. */
export const MOUNT = "/srv/www";

/** A pair in the lab that serves and writes on both nodes. */
export class DualPair {
  readonly lab = new Lab();
  readonly config: Record<string, unknown>;
  readonly project: StackProject;

  constructor(
    readonly nodes: readonly [string, string],
    overrides: Readonly<Record<string, unknown>> = {},
  ) {
    this.config = { ...pairConfig(nodes, { volume: "www", mountpoint: MOUNT }), ...overrides };
    this.project = new StackProject(this.lab, "dual", this.config);
  }

  build(): Promise<void> {
    return this.project.build();
  }

  async isWhole(node: string): Promise<boolean> {
    const { code, stdout } = await this.lab.probe(
      node,
      `ha-health && cat /proc/drbd && findmnt -rn -o FSTYPE ${MOUNT}`,
    );
    return code === 0 && stdout.includes("ro:Primary/Primary ds:UpToDate/UpToDate") && stdout.includes("ocfs2");
  }

  whole(): Promise<void> {
    return until("both nodes Primary/Primary, UpToDate/UpToDate and mounted", RECOVERY_SECONDS, async () => {
      const [first, second] = await Promise.all(this.nodes.map((node) => this.isWhole(node)));
      return first === true && second === true;
    });
  }

  async uptime(node: string): Promise<number> {
    return Number((await this.lab.sshOk(node, "cut -d' ' -f1 /proc/uptime")).trim());
  }

  async checksum(node: string): Promise<string> {
    return await this.lab.sshOk(node, `cd ${MOUNT} && find . -type f | sort | xargs sha256sum | sha256sum`);
  }
}
