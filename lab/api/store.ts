import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import type { Tables } from "./model";

const TABLES: readonly (keyof Tables)[] = [
  "instances",
  "disks",
  "configs",
  "volumes",
  "addresses",
  "ranges",
  "shares",
  "placementGroups",
  "firewalls",
  "firewallDevices",
  "domains",
  "domainRecords",
  "sshKeys",
  "tokens",
  "events",
  "jobs",
  "settings",
];
const datasync = promisify(fs.fdatasync);
const COMPACT_BYTES = 8 * 1024 * 1024;

type Key = number | string;
/** One change in the log: table, key, new record (absent: deleted). */
type Change = readonly [keyof Tables, Key, object?];

/** The records of one kind. Records are never changed in place: `put` and `update` replace them. */
export class Table<T extends { readonly id: Key }> {
  private readonly records = new Map<Key, T>();

  constructor(private readonly changed: (key: Key, record?: T) => void) {}

  get(id: Key): T | undefined {
    return this.records.get(id);
  }

  /** All records, oldest first. */
  all(): T[] {
    return [...this.records.values()];
  }

  /** The records that `wanted` picks, oldest first. */
  where(wanted: (record: T) => boolean): T[] {
    return this.all().filter(wanted);
  }

  find(wanted: (record: T) => boolean): T | undefined {
    for (const record of this.records.values()) if (wanted(record)) return record;
    return undefined;
  }

  get size(): number {
    return this.records.size;
  }

  put(record: T): T {
    this.records.set(record.id, record);
    this.changed(record.id, record);
    return record;
  }

  /** Replaces some fields of a record that is there. */
  update(id: Key, patch: Partial<T>): T {
    const record = this.records.get(id);
    if (record === undefined) throw new Error(`no record ${id} to update`);
    return this.put({ ...record, ...patch });
  }

  delete(id: Key): void {
    if (this.records.delete(id)) this.changed(id);
  }

  /** Only for loading: sets or drops a record without writing it down again. */
  load(id: Key, record?: T): void {
    if (record === undefined) this.records.delete(id);
    else this.records.set(id, record);
  }
}

/**
 * The lab's memory: tables in RAM, an append-only log beside a snapshot on disk. All changes of one turn of the event
 * loop become one line of the log, so after a kill -9 either all of them are there or none.
 */
export class Store {
  private readonly tables: { [K in keyof Tables]: Table<Tables[K]> };
  private pending: Change[] = [];
  private scheduled = false;
  private log: number | undefined;
  private logBytes = 0;
  private lastId = 1000;
  private syncing: Promise<void> | undefined;
  /** Bytes ever written to the log, and how many of them are known to be on the disk. */
  private written = 0;
  private synced = 0;

  private constructor(private readonly directory: string | undefined) {
    const tables = Object.fromEntries(
      TABLES.map((name) => [name, new Table<never>((key, record) => this.note([name, key, record]))]),
    );
    this.tables = tables as unknown as { [K in keyof Tables]: Table<Tables[K]> };
  }

  /** A store that forgets: for tests. */
  static inMemory(): Store {
    return new Store(undefined);
  }

  /** Opens the store in a folder (made if need be) as the last process left it, however that one ended. */
  static open(directory: string): Store {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const store = new Store(directory);
    store.recover();
    return store;
  }

  table<K extends keyof Tables>(name: K): Table<Tables[K]> {
    return this.tables[name];
  }

  /** A number that nothing in this lab had before. */
  nextId(): number {
    this.lastId += 1;
    this.setting("lastId", this.lastId);
    return this.lastId;
  }

  /** Reads a single value, or sets it when one is given. */
  setting<T>(name: string, value?: T): T | undefined {
    if (value !== undefined) this.tables.settings.put({ id: name, value });
    return this.tables.settings.get(name)?.value as T | undefined;
  }

  /** Resolves when everything changed so far is on the disk. */
  async flush(): Promise<void> {
    this.write();
    const wanted = this.written;
    // One sync serves all requests that wait for it; what was written after it began must wait for the next.
    while (this.log !== undefined && this.synced < wanted) await (this.syncing ??= this.sync(this.log));
  }

  /** Writes what is left and lets go of the files. */
  async close(): Promise<void> {
    await this.flush();
    if (this.log !== undefined) fs.closeSync(this.log);
    this.log = undefined;
  }

  private note(change: Change): void {
    this.pending.push(change);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.write());
  }

  private write(): void {
    this.scheduled = false;
    if (this.pending.length === 0) return;
    const line = Buffer.from(`${JSON.stringify(this.pending)}\n`);
    this.pending = [];
    if (this.log === undefined) return;
    fs.writeSync(this.log, line);
    this.written += line.length;
    this.logBytes += line.length;
    if (this.logBytes > COMPACT_BYTES) this.compact();
  }

  private async sync(log: number): Promise<void> {
    const upTo = this.written;
    try {
      await datasync(log);
      this.synced = Math.max(this.synced, upTo);
    } finally {
      this.syncing = undefined;
    }
  }

  private file(name: string): string {
    return path.join(this.directory as string, name);
  }

  private recover(): void {
    const snapshot = this.file("store.json");
    const log = this.file("store.log");
    if (fs.existsSync(snapshot)) this.replay(JSON.parse(fs.readFileSync(snapshot, "utf8")) as Change[]);
    if (fs.existsSync(log)) {
      const lines = fs.readFileSync(log, "utf8").split("\n");
      // A line without its newline was being written when the process died: nobody was told of it.
      lines.pop();
      for (const line of lines) this.replay(JSON.parse(line) as Change[]);
    }
    this.lastId = this.setting<number>("lastId") ?? this.lastId;
    this.compact();
  }

  private replay(changes: readonly Change[]): void {
    // A record that is gone was written as null: JSON has no undefined.
    for (const [table, key, record] of changes) this.tables[table].load(key, (record ?? undefined) as never);
  }

  /** A log replayed over a newer snapshot ends in the same state, so a death between the two steps harms nothing. */
  private compact(): void {
    const changes: Change[] = [];
    for (const name of TABLES) {
      for (const record of this.tables[name].all()) changes.push([name, record.id, record]);
    }
    const draft = this.file("store.json.new");
    const fd = fs.openSync(draft, "w", 0o600);
    fs.writeSync(fd, JSON.stringify(changes));
    fs.fsyncSync(fd);
    fs.closeSync(fd);
    fs.renameSync(draft, this.file("store.json"));
    this.log ??= fs.openSync(this.file("store.log"), "a", 0o600);
    fs.ftruncateSync(this.log, 0);
    this.logBytes = 0;
  }
}
