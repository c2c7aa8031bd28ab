import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { LinodeAccess } from "../daemon/protocol";
import { LabError } from "../machines/errors";
import { OPERATOR, OUT_OF_BAND } from "../network/namespace";
import type { LabPaths } from "../paths";
import { ask, option } from "./control";
import { EXIT } from "./exit";
import { failWith } from "./failWith";
import { asUser, becomeRoot } from "./privileges";
import { afterDashes, inLab, passThrough } from "./passThrough";
import { runningLab } from "./running";

interface SshOptions {
  readonly user: string;
  readonly identity?: string;
  readonly tty?: boolean;
  readonly wait: string;
}

/** `linode-lab ssh NODE [-- CMD…]` */
export function defineSsh(program: Command): void {
  program
    .command("ssh")
    .description("log in to a Linode out of band, past its firewall; with CMD, its output and exit code are passed on")
    .argument("<node>", "its label")
    .argument("[command...]", "after `--`")
    .option("-l, --user <name>", "log in as", "root")
    .option("-i, --identity <file>", "come as any client does, from 203.0.113.1 through the firewall, with this key")
    .option("-t, --tty", "give CMD a terminal")
    .option("--wait <seconds>", "how long a starting Linode may take to tell its host keys", "60")
    .passThroughOptions()
    .action((node: string, command: string[], options: SshOptions) =>
      failWith(EXIT.ssh, async () => {
        const { paths } = runningLab(program.opts<{ lab?: string }>().lab);
        becomeRoot();
        const access = await hostKeysKnown(paths, node, Number(options.wait));
        const line = asUser(sshCommand(paths, access, options, afterDashes(command)), process.env, process.getuid?.());
        process.exitCode = await passThrough(inLab(paths.namespace, line), process.env);
      }),
    );
}

/** Waits until the guest has told its host keys on its console: nothing is sent to a host that is not known. */
async function hostKeysKnown(paths: LabPaths, node: string, seconds: number): Promise<LinodeAccess> {
  const deadline = Date.now() + seconds * 1000;
  for (let told = false; ; told = true) {
    const access = await ask<LinodeAccess>(paths, "GET", `/linodes/${encodeURIComponent(node)}`);
    if (access.status === "offline" || access.status === "provisioning") {
      throw new LabError(`${access.label} is not running: it is ${access.status}.`, {
        hint: "Boot it through the API first.",
      });
    }
    if (access.hostKeyAlias !== undefined) return access;
    if (Date.now() > deadline) {
      throw new LabError(`${access.label} has not told its SSH host keys within ${seconds} s.`, {
        hint: `Look at what it does: linode-lab${option(paths.name)} logs ${access.label}`,
      });
    }
    if (!told) process.stderr.write(`waiting for ${access.label} to start its SSH server\n`);
    await delay(200);
  }
}

/** The ssh command line. Pure. */
export function sshCommand(
  paths: LabPaths,
  access: LinodeAccess,
  options: SshOptions,
  command: readonly string[],
): readonly string[] {
  const from = options.identity === undefined ? OUT_OF_BAND : OPERATOR;
  const settings: Readonly<Record<string, string>> = {
    UserKnownHostsFile: `"${paths.knownHosts}"`,
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "yes",
    HostKeyAlias: access.hostKeyAlias ?? "",
    CheckHostIP: "no",
    UpdateHostKeys: "no",
    IdentitiesOnly: "yes",
    BatchMode: options.identity === undefined ? "yes" : "no",
    ConnectTimeout: "10",
    // A guest whose power is cut says no goodbye: without this a session to it would hang for as long as it has nothing to send.
    ServerAliveInterval: "20",
    ServerAliveCountMax: "3",
    LogLevel: "ERROR",
  };
  return [
    "ssh",
    "-F",
    "none",
    ...(options.tty === true ? ["-tt"] : []),
    "-b",
    access.address.includes(":") ? from.ipv6 : from.ipv4,
    "-i",
    options.identity ?? paths.operatorKey,
    ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    "-l",
    options.user,
    access.address,
    ...(command.length === 0 ? [] : ["--", ...command]),
  ];
}
