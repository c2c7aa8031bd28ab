import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { asset } from "../../../hosts/assets";
import { shellLines } from "../../../hosts/services/common/render";
import { type MariadbPairParams, pairSettings } from "../../../hosts/services/mariadb-pair/config";

/** Both write. */
export const multiMaster: MariadbPairParams = {
  topology: "multi-master",
  members: [
    { name: "web1", address: "10.20.0.1", serverId: 1, domainId: 1 },
    { name: "web2", address: "10.20.0.2", serverId: 2, domainId: 2 },
  ],
  node: "web1",
  primary: "web1",
  cluster: "c0ffee",
  base: "/srv/mariadb",
  mounted: true,
  port: 3306,
  bufferPoolMiB: 128,
  maxConnections: 100,
  binlogDays: 7,
  lagSeconds: 60,
  ackSeconds: 10,
  component: "db",
};

/** The first writes, this one follows. */
export const replica: MariadbPairParams = {
  ...multiMaster,
  topology: "replica",
  members: [multiMaster.members[0], { ...multiMaster.members[1], domainId: 1 }],
  node: "web2",
};

/** Replication that runs, as the server shows it. */
export const RUNNING: Readonly<Record<string, string>> = {
  Connection_name: "",
  Slave_IO_Running: "Yes",
  Slave_SQL_Running: "Yes",
  Last_IO_Errno: "0",
  Last_IO_Error: "",
  Last_SQL_Errno: "0",
  Last_SQL_Error: "",
  Seconds_Behind_Master: "0",
  Gtid_IO_Pos: "1-1-5,2-2-7",
  Gtid_Slave_Pos: "1-1-5,2-2-7",
};

const PROGRAMS = ["donor", "copy", "replicate", "guard", "health", "reseed", "take-over", "watch"];

/** What a server answers: text in the statement, then the rows. The first that fits. */
export type Answers = readonly (readonly [string, string])[];

/**
 * One host of a pair, with a server, a peer and an SSH of the test's own. Statements and calls are in {@link calls}, in their order:
 * `own: SQL`, `peer: SQL`, `ssh VERB`, `systemctl …`.
 */
export class Host {
  readonly root = mkdtempSync(join(tmpdir(), "linode-ha-mariadb-"));
  readonly base = join(this.root, "base");

  constructor(readonly params: MariadbPairParams = multiMaster) {
    const settings = pairSettings({ ...params, base: this.base as `/${string}`, mounted: false });
    this.write("etc/linode-ha/mariadb-pair", shellLines(settings));
    this.write("etc/linode-ha/mariadb-replication.password", "of-the-replication\n");
    this.write("usr/local/lib/linode-ha/mariadb/common.sh", asset("lib/mariadb.sh"));
    for (const name of PROGRAMS) {
      this.write(
        `usr/local/lib/linode-ha/mariadb/${name}`,
        asset(
          `services/${["health", "watch"].includes(name) ? "mariadb-replication" : "mariadb-pair"}/${name}.sh`,
        ).replace("#!/usr/bin/env bash", "#!/bin/bash"),
        0o755,
      );
    }
    this.command("mariadb", FAKE_SERVER);
    this.command("ssh", `verb=\${!#}; echo "ssh $verb" >>"$W/calls"; [ -e "$W/ssh-$verb" ] && cat "$W/ssh-$verb"`);
    this.command("systemctl", `[ "$1" = show ] && exec echo run-1; echo "systemctl $*" >>"$W/calls"`);
    for (const name of ["mbstream", "mariadb-backup", "chown", "linode-ha-step", "sync"]) {
      this.command(name, `[ ${name} = sync ] || echo "${name} $*" >>"$W/calls"; cat >/dev/null </dev/null`);
    }
    this.command("openssl", "exit 0");
    this.mark("open");
    this.write("uptime", "1000.50 1.00\n");
    this.answer("own", []);
    this.answer("peer", []);
  }

  write(name: string, text: string, mode = 0o644): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
  }

  read(name: string): string {
    const path = join(this.root, name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  command(name: string, body: string): void {
    this.write(`bin/${name}`, `#!/bin/bash\nW=${this.root}\n${body}\n`, 0o755);
  }

  mark(state: string, cluster = this.params.cluster): void {
    this.write("base/.linode-ha/mariadb", `${state} ${cluster}\n`);
  }

  /** What a server says; `down`: it does not answer. */
  answer(side: "own" | "peer", answers: Answers | "down"): void {
    this.write(`${side}.down`, answers === "down" ? "yes" : "");
    const rows = answers === "down" ? [] : answers;
    this.write(`${side}.answers`, rows.map(([words, answer]) => `${words}\t${encoded(answer)}\n`).join(""));
  }

  /** What the peer's program says over SSH; without it, SSH fails. */
  ssh(verb: string, answer: string): void {
    this.write(`ssh-${verb}`, answer);
  }

  run(program: string, ...words: string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(
      "bash",
      [join(this.root, "usr/local/lib/linode-ha/mariadb", program), ...words],
      {
        encoding: "utf8",
        timeout: 30_000,
        env: {
          MARIADB_HA_ROOT: this.root,
          MARIADB_HA_WAIT: "1",
          MARIADB_HA_UPTIME: join(this.root, "uptime"),
          PATH: `${join(this.root, "bin")}:/usr/sbin:/usr/bin:/bin`,
        },
      },
    );
    return { code: status, stdout, stderr };
  }

  get calls(): string {
    return this.read("calls");
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** As `SHOW ALL SLAVES STATUS` prints it, one value a line. */
export function slave(change: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ ...RUNNING, ...change }).map(([name, value]) => `${name.padStart(30)}: ${value}\n`);
  return `*************************** 1. row ***************************\n${lines.join("")}`;
}

function encoded(text: string): string {
  return Buffer.from(text === "" || text.endsWith("\n") ? text : `${text}\n`).toString("base64");
}

const FAKE_SERVER = `side=own
for word in "$@"; do [[ $word == --host=* ]] && side=peer; done
text=$(cat)
[[ $text == 'SELECT 1' ]] || printf '%s: %s\\n' "$side" "$text" >>"$W/calls"
if [[ -s $W/$side.down ]]; then echo "ERROR 2002: no server" >&2; exit 1; fi
while IFS=$'\\t' read -r words answer; do
  if [[ $text == *"$words"* ]]; then base64 -d <<<"$answer"; exit 0; fi
done <"$W/$side.answers"`;
