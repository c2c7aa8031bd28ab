import type { Command } from "commander";
import type { LabStatus, LinodeStatus } from "../daemon/protocol";
import { apiUrl, daemonLives, readRecord } from "../daemon/record";
import { labName, labPaths } from "../paths";
import { ask, NoDaemon, option } from "./control";
import { EXIT } from "./exit";

/** `linode-lab status` */
export function defineStatus(program: Command): void {
  program
    .command("status")
    .description("show the lab, its Linodes and the faults at work; exit code 0 when it runs, 3 when it does not")
    .option("--json", "for programs")
    .action((options: { json?: boolean }) => status(program.opts<{ lab?: string }>().lab, options.json === true));
}

async function status(lab: string | undefined, json: boolean): Promise<void> {
  const paths = labPaths(labName(lab));
  const record = readRecord(paths);
  const known = daemonLives(record) ? await ask<LabStatus>(paths, "GET", "/status").catch(unlessSilent) : undefined;
  if (record === undefined || known === undefined) {
    process.exitCode = EXIT.notRunning;
    const text = `lab ${paths.name}: not running\nStart it: linode-lab${option(paths.name)} up\n`;
    process.stdout.write(json ? `${JSON.stringify({ lab: paths.name, running: false }, undefined, 2)}\n` : text);
    return;
  }
  const url = apiUrl(record);
  if (json) {
    process.stdout.write(`${JSON.stringify({ lab: paths.name, running: true, url, ...known }, undefined, 2)}\n`);
  } else {
    process.stdout.write(describe(paths.name, url, known));
  }
}

function unlessSilent(error: unknown): undefined {
  if (error instanceof NoDaemon) return undefined;
  throw error;
}

/** The status for people. Pure. */
export function describe(name: string, url: string, { linodes, faults, memoryMiB }: LabStatus): string {
  const lines = [`lab ${name}: running, API ${url}, ${memoryMiB} MiB`];
  if (linodes.length === 0) lines.push("no Linodes");
  else lines.push(...table([["LABEL", "STATUS", "IPV4", "IPV6"], ...linodes.map(row)]));
  lines.push(...faults.map(({ text }) => `fault: ${text}`));
  return `${lines.join("\n")}\n`;
}

const row = ({ label, status: state, ipv4, ipv6 }: LinodeStatus): readonly string[] => [
  label,
  state,
  ipv4.join(" "),
  ipv6,
];

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
