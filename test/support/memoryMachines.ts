import type {
  BlockDevice,
  DeviceSlot,
  Disks,
  ImageDeployment,
  Machines,
  MachineSpec,
  MachineWiring,
  Networks,
  StopReason,
} from "../../lab/machines/contract";

/** Machines that run in memory: what was asked of them can be looked at, and they can be made to die. */
export class MemoryMachines implements Machines {
  readonly running = new Map<number, MachineSpec>();
  readonly frozen = new Set<number>();
  readonly calls: string[] = [];
  /** Set to make the next starts fail. */
  failStart: string | undefined;
  private gate: Promise<void> = Promise.resolve();
  private readonly listeners: ((id: number, reason: StopReason) => void)[] = [];

  async start(spec: MachineSpec): Promise<void> {
    this.calls.push(`start ${spec.id}`);
    await this.gate;
    if (this.failStart !== undefined) throw new Error(this.failStart);
    this.running.set(spec.id, spec);
  }

  async stop(id: number, _graceSeconds: number): Promise<void> {
    this.calls.push(`stop ${id}`);
    await this.gate;
    this.running.delete(id);
  }

  async kill(id: number): Promise<void> {
    this.calls.push(`kill ${id}`);
    this.running.delete(id);
    this.frozen.delete(id);
  }

  async freeze(id: number): Promise<void> {
    this.frozen.add(id);
  }

  async thaw(id: number): Promise<void> {
    this.frozen.delete(id);
  }

  isRunning(id: number): boolean {
    return this.running.has(id);
  }

  async attach(id: number, device: BlockDevice): Promise<void> {
    const spec = this.running.get(id);
    if (!spec) throw new Error(`machine ${id} is not running`);
    this.running.set(id, { ...spec, devices: [...spec.devices.filter((each) => each.slot !== device.slot), device] });
  }

  async detach(id: number, slot: DeviceSlot): Promise<void> {
    const spec = this.running.get(id);
    if (spec) this.running.set(id, { ...spec, devices: spec.devices.filter((each) => each.slot !== slot) });
  }

  onExit(listener: (id: number, reason: StopReason) => void): void {
    this.listeners.push(listener);
  }

  async adopt(): Promise<readonly number[]> {
    return [...this.running.keys()];
  }

  consoleLog(id: number): string {
    return `/dev/null/${id}`;
  }

  /** Starts and stops take until the returned function is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.gate = new Promise((resolve) => (release = resolve));
    return () => release();
  }

  /** The guest powers itself off, or its process dies. */
  exit(id: number, reason: StopReason = "guest-poweroff"): void {
    this.running.delete(id);
    for (const listener of this.listeners) listener(id, reason);
  }
}

export interface MemoryDisk {
  readonly sizeMiB: number;
  readonly content: "blank" | "ext3" | "ext4" | "swap" | ImageDeployment;
}

/** Disks that are entries of a map. */
export class MemoryDisks implements Disks {
  readonly stored = new Map<string, MemoryDisk>();

  async createBlank(storage: string, sizeMiB: number): Promise<void> {
    this.create(storage, { sizeMiB, content: "blank" });
  }

  async createFilesystem(storage: string, sizeMiB: number, kind: "ext3" | "ext4" | "swap"): Promise<void> {
    this.create(storage, { sizeMiB, content: kind });
  }

  async createFromImage(storage: string, sizeMiB: number, deployment: ImageDeployment): Promise<void> {
    this.create(storage, { sizeMiB, content: deployment });
  }

  async clone(from: string, to: string): Promise<void> {
    this.create(to, this.get(from));
  }

  async resize(storage: string, sizeMiB: number): Promise<void> {
    this.stored.set(storage, { ...this.get(storage), sizeMiB });
  }

  async remove(storage: string): Promise<void> {
    this.stored.delete(storage);
  }

  async setRootPassword(storage: string, hash: string): Promise<void> {
    const disk = this.get(storage);
    if (typeof disk.content === "string") throw new Error(`${storage} has no root account`);
    this.stored.set(storage, { ...disk, content: { ...disk.content, rootPasswordHash: hash } });
  }

  images(): readonly string[] {
    return ["linode/debian13", "linode/debian12", "private/13", "private/14", "private/15"];
  }

  private create(storage: string, disk: MemoryDisk): void {
    if (this.stored.has(storage)) throw new Error(`${storage} is there already`);
    this.stored.set(storage, disk);
  }

  private get(storage: string): MemoryDisk {
    const disk = this.stored.get(storage);
    if (disk === undefined) throw new Error(`${storage} is not there`);
    return disk;
  }
}

/** A network that remembers what it was told. */
export class MemoryNetworks implements Networks {
  readonly wired = new Map<number, MachineWiring>();

  async apply(machine: number, wiring: MachineWiring): Promise<void> {
    this.wired.set(machine, wiring);
  }

  async remove(machine: number): Promise<void> {
    this.wired.delete(machine);
  }

  machineAt(address: string): number | undefined {
    for (const [machine, { interfaces }] of this.wired) {
      for (const each of interfaces) {
        if (each.kind === "public" && each.ipv4.some((cidr) => cidr.startsWith(`${address}/`))) return machine;
      }
    }
    return undefined;
  }

  async partition(): Promise<void> {}

  async heal(): Promise<void> {}
}
