import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { LabNode } from "../api";
import { LabError } from "../machines/errors";
import type { LabPaths } from "../paths";
import { FAULTS, faultName } from "./faults";
import type { Fault, FaultContext } from "./faults/contract";
import type { ActiveFault, FaultCall } from "./protocol";
import type { Region } from "./region";
import { isFrozen } from "./frozen";

interface Entry extends FaultCall {
  readonly fault: string;
}

/** Runs faults, and remembers those that a new daemon must be told again. */
export class FaultBook {
  private readonly context: FaultContext;
  private entries: readonly Entry[];

  constructor(
    private readonly paths: LabPaths,
    region: Region,
  ) {
    this.context = { region, node: (label) => nodeNamed(region, label), isFrozen: (id) => isFrozen(paths, id) };
    this.entries = load(paths.faults);
  }

  /** Puts the faults to work that an earlier daemon left. */
  async takeUp(): Promise<void> {
    for (const entry of this.entries) await find(entry.fault).run(this.context, entry);
  }

  async run(name: string, call: FaultCall): Promise<string> {
    const fault = find(name);
    const said = await fault.run(this.context, call);
    const lasting = fault.lasting?.(call);
    if (lasting === "keep") this.save([...this.entries, { fault: name, ...call }]);
    if (lasting === "forget") this.save(this.entries.filter((entry) => entry.fault !== name));
    return said;
  }

  active(): readonly ActiveFault[] {
    return FAULTS.flatMap((fault) =>
      (fault.active?.(this.context) ?? []).map((text) => ({ fault: faultName(fault), text })),
    );
  }

  private save(entries: readonly Entry[]): void {
    this.entries = entries;
    writeFileSync(`${this.paths.faults}.new`, JSON.stringify(entries), { mode: 0o600 });
    renameSync(`${this.paths.faults}.new`, this.paths.faults);
  }
}

/** The Linode with this label or id, or an error that names those there are. */
export function nodeNamed(region: Region, label: string | undefined): LabNode {
  const node = label === undefined ? undefined : region.api.lab.node(label);
  if (node !== undefined) return node;
  const labels = region.api.lab.nodes().map((each) => each.label);
  throw new LabError(`There is no Linode ${JSON.stringify(label ?? "")} in this lab.`, {
    hint: labels.length === 0 ? "There are none yet: create some through the API." : `There are: ${labels.join(", ")}.`,
  });
}

function find(name: string): Fault {
  const fault = FAULTS.find((each) => faultName(each) === name);
  if (fault === undefined) throw new LabError(`There is no fault ${JSON.stringify(name)}.`);
  return fault;
}

function load(file: string): readonly Entry[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as readonly Entry[];
  } catch {
    return [];
  }
}
