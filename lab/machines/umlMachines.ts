import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, renameSync } from "node:fs";
import { access, mkdir, rm, rename, stat, truncate, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tapName } from "../network/names";
import type { BlockDevice, DeviceSlot, Machines, MachineSpec, StopReason } from "./contract";
import type { LabDisks } from "./disks";
import { LabError } from "./errors";
import { isGuest, killGroup, launch, lives, mconsole, type ProcessIdentity } from "./process";
import { renderSeed, renderSerial, serialFile, writeSeed, type Operator } from "./seed";
import { checkSpec, umlArguments, ubd, ubdName } from "./umlArguments";

/** What {@link createMachines} needs to know. */
export interface MachinesOptions {
  /** The lab's folder for machines: what runs, its console and its orders, a folder each. */
  readonly stateDir: string;
  /** The network namespace that holds the taps. */
  readonly namespace: string;
  readonly disks: LabDisks;
  /** Who may log in to every guest (`linode-lab ssh`). Default: nobody. */
  readonly operator?: Operator;
  /** How often machines are looked at. Default: 250 ms. */
  readonly pollMs?: number;
}

/** What a later process must know to find a machine again. */
interface MachineRecord {
  readonly process: ProcessIdentity;
  readonly umid: string;
  readonly spec: MachineSpec;
  /** What its kernel was started with; what differs from `spec.devices` came and went while it ran. */
  readonly bootDevices: readonly BlockDevice[];
  /** When its first process last took its orders: changes when the guest restarts itself. */
  readonly bootedAt?: number;
}

const CONSOLE_LIMIT = 4 * 2 ** 20;
const KERNEL_UP_MS = 30_000;
const CLOSED_MS = 2_000;

/** The hosts of a lab, each a User-Mode Linux kernel: processes that outlive the one that started them. */
export function createMachines(options: MachinesOptions): UmlMachines {
  return new UmlMachines(options);
}

/** {@link Machines} on User-Mode Linux. */
export class UmlMachines implements Machines {
  private readonly records = new Map<number, MachineRecord>();
  /** Machines whose end somebody asked for: it is no news to the listeners. */
  private readonly expected = new Set<number>();
  private readonly listeners: ((id: number, reason: StopReason) => void)[] = [];
  private readonly timer: NodeJS.Timeout;
  private polling = false;

  constructor(private readonly options: MachinesOptions) {
    mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
    this.timer = setInterval(() => void this.poll(), options.pollMs ?? 250);
    this.timer.unref();
  }

  /** Stops looking after the machines, which run on. */
  close(): void {
    clearInterval(this.timer);
  }

  async start(spec: MachineSpec): Promise<void> {
    if (this.isRunning(spec.id)) return;
    const root = checkSpec(spec);
    await this.forget(spec.id);
    const seed = this.path(spec.id, "seed");
    await writeSeed(seed, renderSeed(spec, await this.options.disks.deployment(root.storage), this.options.operator));
    const umid = `${this.options.namespace}-${spec.id}`;
    await rm(join(this.runDir(), umid), { recursive: true, force: true });
    const devices = await Promise.all(
      spec.devices.map(async (device) => ubd(device, await this.options.disks.backing(device.storage))),
    );
    const args = umlArguments(spec, {
      umid,
      runDir: this.runDir(),
      seed,
      devices,
      tap: (name) => tapName(spec.id, name),
    });
    const command = [...(await this.options.disks.kernel(root.storage)), ...args];
    const identity = launch(this.options.namespace, command, this.consoleLog(spec.id), await memoryFolder());
    this.save({ process: identity, umid, spec, bootDevices: spec.devices });
    try {
      await this.kernelUp(spec.id, identity);
    } catch (error) {
      await killGroup(identity);
      await this.forget(spec.id);
      throw error;
    }
  }

  async stop(id: number, graceSeconds: number): Promise<void> {
    const record = this.running(id);
    if (record === undefined) return;
    this.expected.add(id);
    // A frozen or wedged guest does not answer; its power is cut when the time is over.
    await this.ask(id, "cad", 2_000).catch(() => undefined);
    const deadline = Date.now() + graceSeconds * 1000;
    while (lives(record.process) && Date.now() < deadline) await delay(50);
    await killGroup(record.process);
    await this.forget(id);
  }

  async kill(id: number): Promise<void> {
    const record = this.records.get(id);
    if (record === undefined) return;
    this.expected.add(id);
    await killGroup(record.process);
    await this.forget(id);
  }

  async freeze(id: number): Promise<void> {
    process.kill(this.must(id).process.pid, "SIGSTOP");
  }

  async thaw(id: number): Promise<void> {
    process.kill(this.must(id).process.pid, "SIGCONT");
  }

  isRunning(id: number): boolean {
    return this.running(id) !== undefined;
  }

  async attach(id: number, device: BlockDevice): Promise<void> {
    const { spec } = this.must(id);
    const there = spec.devices.find(({ slot }) => slot === device.slot);
    if (there?.storage === device.storage) return;
    if (there !== undefined) throw new LabError(`Linode ${id} has ${there.storage} at ${device.slot} already.`);
    await this.plug(id, device);
    this.remember(id, [...spec.devices, device]);
  }

  async detach(id: number, slot: DeviceSlot): Promise<void> {
    const { spec } = this.must(id);
    if (!spec.devices.some((device) => device.slot === slot)) return;
    await this.unplug(id, slot);
    this.remember(
      id,
      spec.devices.filter((device) => device.slot !== slot),
    );
  }

  onExit(listener: (id: number, reason: StopReason) => void): void {
    this.listeners.push(listener);
  }

  async adopt(): Promise<readonly number[]> {
    for (const name of readdirSync(this.options.stateDir)) {
      if (!/^\d+$/.test(name) || this.records.has(Number(name))) continue;
      let record: MachineRecord;
      try {
        record = JSON.parse(readFileSync(join(this.options.stateDir, name, "machine.json"), "utf8")) as MachineRecord;
      } catch {
        continue;
      }
      // A number used again, by this or by another process: not ours to touch.
      if (lives(record.process) && isGuest(record.process, record.umid)) this.records.set(Number(name), record);
      else rmSync(join(this.options.stateDir, name, "machine.json"), { force: true });
    }
    return [...this.records.keys()].filter((id) => this.isRunning(id)).sort((a, b) => a - b);
  }

  consoleLog(id: number): string {
    return this.path(id, "console.log");
  }

  /** Removes what is kept of a machine that is deleted: its console log and its orders. */
  async purge(id: number): Promise<void> {
    await this.kill(id);
    await rm(join(this.options.stateDir, String(id)), { recursive: true, force: true });
  }

  private path(id: number, name: string): string {
    mkdirSync(join(this.options.stateDir, String(id)), { recursive: true, mode: 0o700 });
    return join(this.options.stateDir, String(id), name);
  }

  // Short, because a socket's path has room for 107 characters only.
  private runDir(): string {
    const folder = join("/run/linode-lab", this.options.namespace);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  private running(id: number): MachineRecord | undefined {
    const record = this.records.get(id);
    return record !== undefined && lives(record.process) ? record : undefined;
  }

  private must(id: number): MachineRecord {
    const record = this.running(id);
    if (record === undefined) throw new LabError(`Linode ${id} is not running.`);
    return record;
  }

  private ask(id: number, command: string, timeoutMs?: number): Promise<string> {
    const { umid } = this.must(id);
    return mconsole(this.options.namespace, join(this.runDir(), umid, "mconsole"), command, timeoutMs);
  }

  private async plug(id: number, device: BlockDevice): Promise<void> {
    // First, for the guest's udev looks for it at once.
    writeFileSync(this.path(id, join("seed", serialFile(device))), renderSerial(device));
    await this.ask(id, `config ${ubd(device, await this.options.disks.backing(device.storage))}`);
  }

  private async unplug(id: number, slot: DeviceSlot): Promise<void> {
    try {
      await this.removeOnceClosed(id, slot);
    } catch (error) {
      throw new LabError(`The device ${slot} of Linode ${id} cannot be detached.`, {
        detail: error instanceof Error ? error.message : String(error),
        hint: "Unmount it in the guest first, and stop what uses it.",
        cause: error,
      });
    }
  }

  /** The guest's udev may still be looking at a device that was unmounted a moment ago. */
  private async removeOnceClosed(id: number, slot: DeviceSlot): Promise<void> {
    const deadline = Date.now() + CLOSED_MS;
    for (;;) {
      try {
        await this.ask(id, `remove ${ubdName(slot)}`);
        return;
      } catch (error) {
        if (!String(error).includes("currently open") || Date.now() > deadline) throw error;
      }
      await delay(100);
    }
  }

  private async kernelUp(id: number, identity: ProcessIdentity): Promise<void> {
    const deadline = Date.now() + KERNEL_UP_MS;
    const socket = join(this.runDir(), this.records.get(id)?.umid ?? "", "mconsole");
    for (;;) {
      if (!lives(identity)) throw new LabError(`Linode ${id} did not start.`, { detail: tail(this.consoleLog(id)) });
      const there = await access(socket).then(
        () => true,
        () => false,
      );
      if (there && (await this.ask(id, "version", 2_000).then(Boolean, () => false))) return;
      if (Date.now() > deadline) {
        throw new LabError(`The kernel of Linode ${id} did not come up within ${KERNEL_UP_MS / 1000} s.`, {
          detail: tail(this.consoleLog(id)),
          hint: "This machine may be short of memory or CPU.",
        });
      }
      await delay(50);
    }
  }

  private save(record: MachineRecord): void {
    this.records.set(record.spec.id, record);
    const file = this.path(record.spec.id, "machine.json");
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  private remember(id: number, devices: readonly BlockDevice[]): void {
    const record = this.must(id);
    this.save({ ...record, spec: { ...record.spec, devices } });
  }

  private async forget(id: number): Promise<void> {
    const record = this.records.get(id);
    this.records.delete(id);
    await rm(this.path(id, "machine.json"), { force: true });
    if (record !== undefined) await rm(join(this.runDir(), record.umid), { recursive: true, force: true });
  }

  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      for (const [id, record] of [...this.records]) {
        if (this.records.get(id) !== record) continue;
        if (lives(record.process)) await this.lookAfter(id, record);
        else if (!this.expected.has(id)) await this.ended(id, record);
      }
      for (const id of this.expected) if (!this.records.has(id)) this.expected.delete(id);
    } catch {
      // The machine ended while it was looked at: the next look tells.
    } finally {
      this.polling = false;
    }
  }

  private async ended(id: number, record: MachineRecord): Promise<void> {
    await killGroup(record.process);
    await this.forget(id);
    // The guest's kernel says good-bye when it is told to; a crash or a kill from outside has no last words.
    const reason: StopReason = /reboot: (?:Power down|System halted)/.test(tail(this.consoleLog(id), 30))
      ? "guest-poweroff"
      : "killed";
    for (const listener of this.listeners) listener(id, reason);
  }

  /** Keeps the console log small, and repeats what a guest that restarted itself has forgotten. */
  private async lookAfter(id: number, record: MachineRecord): Promise<void> {
    const log = this.consoleLog(id);
    const { size } = await stat(log);
    if (size > CONSOLE_LIMIT) {
      await copyFile(log, `${log}.1.new`);
      await rename(`${log}.1.new`, `${log}.1`);
      await truncate(log, 0);
    }
    const bootedAt = statSync(this.path(id, "seed/applied"), { throwIfNoEntry: false })?.mtimeMs;
    if (bootedAt === undefined || bootedAt === record.bootedAt) return;
    const root = record.spec.devices.find((device) => `/dev/${device.slot}` === record.spec.rootDevice);
    if (root !== undefined) await this.options.disks.deployed(root.storage);
    await rm(this.path(id, "seed/first"), { recursive: true, force: true });
    if (record.bootedAt !== undefined) await this.replug(id, record);
    this.save({ ...record, bootedAt });
  }

  /** A guest's own reboot restarts its kernel with the devices of the first start: bring them up to date. */
  private async replug(id: number, { spec, bootDevices }: MachineRecord): Promise<void> {
    const same = (a: BlockDevice, b: BlockDevice): boolean => a.slot === b.slot && a.storage === b.storage;
    for (const device of bootDevices) {
      if (!spec.devices.some((now) => same(now, device))) await this.unplug(id, device.slot).catch(() => undefined);
    }
    for (const device of spec.devices) {
      if (!bootDevices.some((then) => same(then, device))) await this.plug(id, device);
    }
  }
}

/** Memory of a guest is a file: on a memory file system it costs no disk writes, and it is gone with the guest. */
async function memoryFolder(): Promise<string> {
  const folder = "/dev/shm/linode-lab";
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function tail(file: string, lines = 12): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
