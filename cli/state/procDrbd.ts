/** One DRBD resource as the kernel of one node sees it. */
export interface DrbdSide {
  readonly minor: number;
  /** `Connected`, `WFConnection`, `StandAlone`, `SyncSource`, …; `Unconfigured` where the kernel does not know the resource. */
  readonly connection: string;
  readonly role: string;
  readonly peerRole: string;
  readonly disk: string;
  readonly peerDisk: string;
  /** Bytes that the two sides are known not to have in common. */
  readonly outOfSyncBytes: number;
  /** A resync or a verification on its way. */
  readonly progress?: DrbdProgress;
}

/** How far a resync or a verification is. */
export interface DrbdProgress {
  readonly kind: "resync" | "verify";
  readonly percent: number;
  /** As the kernel estimates it: `0:01:32`. */
  readonly finish?: string;
}

/** Connection states in which the two sides talk. */
const TALKING =
  /^(Connected|SyncSource|SyncTarget|PausedSync[ST]|Verify[ST]|Ahead|Behind|WFBitMap[ST]|WFSyncUUID|StartingSync[ST])$/;

/** Whether the two sides talk, resyncing or not. */
export function isTalking({ connection }: Pick<DrbdSide, "connection">): boolean {
  return TALKING.test(connection);
}

/** Whether all is as it should be: connected, and both sides have all data. */
export function isWhole({ connection, disk, peerDisk }: DrbdSide): boolean {
  return connection === "Connected" && disk === "UpToDate" && peerDisk === "UpToDate";
}

/** A resource that the kernel does not know. */
export function unconfigured(minor: number): DrbdSide {
  const unknown = { role: "Unknown", peerRole: "Unknown", disk: "DUnknown", peerDisk: "DUnknown" };
  return { minor, connection: "Unconfigured", ...unknown, outOfSyncBytes: 0 };
}

/** Reads `/proc/drbd` of DRBD 8.4, by minor number. A node without the module answers nothing, which is no resource. */
export function parseProcDrbd(text: string): Map<number, DrbdSide> {
  const sides = new Map<number, DrbdSide>();
  let current: DrbdSide | undefined;
  const put = (side: DrbdSide): void => {
    current = side;
    sides.set(side.minor, side);
  };
  for (const line of text.split("\n")) {
    const head = /^ *(\d+): cs:(\w+)(?: ro:(\w+)\/(\w+) ds:(\w+)\/(\w+))?/.exec(line);
    if (head !== null) {
      const [, minor, connection, role, peerRole, disk, peerDisk] = head;
      const plain = { ...unconfigured(Number(minor)), connection: connection ?? "Unconfigured" };
      put(role === undefined ? plain : ({ ...plain, role, peerRole, disk, peerDisk } as DrbdSide));
      continue;
    }
    if (current === undefined) continue;
    const outOfSync = /\boos:(\d+)/.exec(line)?.[1];
    const progress = /(sync'ed|verified): *([\d.]+)%/.exec(line);
    const finish = /finish: *([\d:]+)/.exec(line)?.[1];
    if (outOfSync !== undefined) put({ ...current, outOfSyncBytes: Number(outOfSync) * 1024 });
    if (progress !== null) {
      const kind = progress[1] === "verified" ? ("verify" as const) : ("resync" as const);
      put({ ...current, progress: { kind, percent: Number(progress[2]) } });
    }
    if (finish !== undefined && current.progress !== undefined) {
      put({ ...current, progress: { ...current.progress, finish } });
    }
  }
  return sides;
}

/** A side in a line, as operators know it. */
export function drbdWords(side: DrbdSide): string {
  const { connection, role, peerRole, disk, peerDisk } = side;
  return `cs:${connection} ro:${role}/${peerRole} ds:${disk}/${peerDisk}`;
}
