import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Lab } from "../../test/support/lab";
import { runOk } from "../../test/support/run";
import { handWork } from "../byHand/files";
import type { FreshPair } from "../freshPair";
import { nodeNames, type NodeName } from "../names";

// The newest line that runs on the Python of Debian 12 and of Debian 13.
const ANSIBLE_CORE = "ansible-core==2.18.16";
const INSTALL_SECONDS = 300;
const PLAY_SECONDS = 1200;

/** Ansible in an environment of its own, which goes away with it. */
export class Ansible {
  readonly version = ANSIBLE_CORE;
  private constructor(private readonly folder: string) {}

  /** Fails where Python or the package cannot be had. */
  static async install(): Promise<Ansible> {
    const folder = mkdtempSync(join(tmpdir(), "linode-ha-ansible-"));
    try {
      await runOk(["python3", "-m", "venv", folder], { seconds: INSTALL_SECONDS });
      const pip = join(folder, "bin", "pip");
      await runOk([pip, "install", "--quiet", "--disable-pip-version-check", ANSIBLE_CORE], {
        seconds: INSTALL_SECONDS,
      });
      return new Ansible(folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Builds the pair by the playbook. */
  async run(lab: Lab, pair: FreshPair): Promise<void> {
    const folder = join(pair.folder, "ansible");
    const work = handWork(pair.hosts);
    const variables = Object.fromEntries(nodeNames.map((node) => [node, this.prepare(folder, node, work(node))]));
    writeFileSync(join(folder, "inventory.yml"), JSON.stringify({ pair: { hosts: variables } }), { mode: 0o600 });
    writeFileSync(
      join(folder, "ansible.cfg"),
      [
        "[defaults]",
        `inventory = ${join(folder, "inventory.yml")}`,
        "interpreter_python = /usr/bin/python3",
        "[ssh_connection]",
        "pipelining = True",
        "ssh_args = -o ControlMaster=auto -o ControlPersist=60s",
        `ssh_common_args = -F ${join(pair.folder, "ssh_config")}`,
        `control_path_dir = ${join(folder, "cp")}`,
        "",
      ].join("\n"),
    );
    await lab.execOk([join(this.folder, "bin", "ansible-playbook"), join(__dirname, "playbook.yml")], {
      seconds: PLAY_SECONDS,
      env: { ANSIBLE_CONFIG: join(folder, "ansible.cfg"), ANSIBLE_HOME: join(folder, "home"), LC_ALL: "C.UTF-8" },
    });
  }

  /** Lays one host's files out, and returns its variables. */
  private prepare(folder: string, node: NodeName, work: ReturnType<ReturnType<typeof handWork>>): object {
    const own = join(folder, node);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const files = Object.entries(work.files).map(([dest, { content, mode }], index) => {
      const src = join(own, String(index));
      writeFileSync(src, content, { mode: 0o600 });
      return { src, dest, mode };
    });
    return {
      packages: work.packages,
      files,
      folders: [...new Set(files.map(({ dest }) => dirname(dest)))],
      ...Object.fromEntries(Object.entries(work.variables).map(([name, value]) => [name.toLowerCase(), value])),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
