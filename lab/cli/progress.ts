/** Tells a person what is going on: a line each time something new is known, and every ten seconds while nothing is. */
export class Progress {
  private readonly started = Date.now();
  private readonly current = new Map<string, string>();
  private lastLine = Date.now();
  private readonly timer: NodeJS.Timeout;

  /** @param write where lines go; standard error, because standard output is for results. */
  constructor(
    private readonly write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
    everyMs = 10_000,
  ) {
    this.timer = setInterval(() => this.remind(everyMs), 1000);
    this.timer.unref();
  }

  /** A line about one of the things that go on at the same time. */
  say(topic: string, line: string): void {
    this.current.set(topic, line);
    this.print(`${topic}: ${line}`);
  }

  /** This one is through. */
  done(topic: string, line?: string): void {
    this.current.delete(topic);
    if (line !== undefined) this.print(`${topic}: ${line}`);
  }

  /** For functions that report lines. */
  topic(topic: string): (line: string) => void {
    return (line) => this.say(topic, line.trim());
  }

  close(): void {
    clearInterval(this.timer);
  }

  private remind(everyMs: number): void {
    if (Date.now() - this.lastLine < everyMs || this.current.size === 0) return;
    this.print(`still at it: ${[...this.current].map(([topic, line]) => `${topic} (${line})`).join("; ")}`);
  }

  private print(line: string): void {
    this.lastLine = Date.now();
    const seconds = Math.round((this.lastLine - this.started) / 1000);
    this.write(`[${String(seconds).padStart(3)} s] ${line}`);
  }
}
