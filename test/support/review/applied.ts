import { appendFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parsePreview, review, type Rank, type Review } from "../../../review";
import { until } from "../run";
import { gapsOf } from "./answers";
import { PROGRAMS, type Change } from "./changes";
import { factsOf } from "./facts";
import { feltOf, type Watched } from "./felt";
import { withSettings } from "./previews";
import type { Scene } from "./scene";

/** Seconds that clients are watched on after an update, for what comes a little later. */
const AFTERWARDS = 20;
/** Seconds after which a service that nobody brings back counts as stopped until somebody does. */
const BACK_SECONDS = 180;

/** Seconds that an update may take: two boots after each other, and a resync, on a busy machine. */
const UPDATE_SECONDS = 1800;

/** One change that was applied, as the results keep it. */
export interface AppliedChange {
  readonly id: string;
  /** What the review said of the preview that was then applied. */
  readonly predicted: Rank;
  /** The review said that it will be refused. */
  readonly refusal: boolean;
  /** It was. */
  readonly refused: boolean;
  /** What was felt, and the rank of that; 6 stands for 5 too. */
  readonly felt: Rank;
  readonly words: string;
  /** Milliseconds without an answer, all doors together. */
  readonly outage: number;
  /** Seconds that the review named, if it did. */
  readonly said?: number;
  /** Other changes of the same update: what was felt of all is no less than what was felt of each. */
  readonly together?: readonly string[];
  /** Seconds that the update took. */
  readonly took: number;
  /** The machine's load average when it was over. */
  readonly load: number;
  /** The day. */
  readonly date: string;
}

/** A stack to which changes are applied, one after the other, each on top of those before unless it is taken back. */
export class Applied {
  private config: Readonly<Record<string, unknown>>;
  private former: Readonly<Record<string, unknown>>;
  private quiet = 0;

  constructor(private readonly scene: Scene) {
    this.config = scene.config;
    this.former = scene.config;
  }

  /** From nothing, or from what an earlier run left, to the deployed stack with its clients. */
  async build(): Promise<void> {
    const { scene } = this;
    const { lab, project } = scene;
    await lab.up("--image", "linode/debian12", "--image", "private/13");
    await project.init();
    // What an earlier run left may be half of an update.
    const { code, stdout, stderr } = await project.linodeHa(["resume"], { seconds: 300 });
    if (code !== 0) throw new Error(`the stack cannot be put right: ${stdout}\n${stderr}`);
    const up = await project.pulumi(["up", "--yes", "--skip-preview"], { seconds: UPDATE_SECONDS });
    if (up.code !== 0) throw new Error(`the stack does not come up:\n${diagnosticsOf(up.stdout)}\n${up.stderr}`);
    await scene.whole(this.config);
    await scene.prepare(this.config);
    this.quiet = await this.quietGap();
    process.stderr.write(`  longest wait without any change: ${(this.quiet / 1000).toFixed(1)} s\n`);
  }

  /** The longest wait of clients while nothing happens. */
  private async quietGap(): Promise<number> {
    const { scene } = this;
    scene.start();
    try {
      const since = await this.firstAnswers();
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      return this.gaps(since).service;
    } finally {
      await scene.stop();
    }
  }

  private async firstAnswers(): Promise<number> {
    const begun = Date.now();
    await until(
      "clients to be answered at every door",
      120,
      () => Promise.resolve(this.answeredSince(begun, true)),
      200,
    );
    return Date.now();
  }

  private answeredSince(moment: number, everywhere: boolean): boolean {
    const { scene } = this;
    const answers = scene.answers().filter(({ end }) => end > moment);
    const doors = scene
      .doors()
      .map((door) => scene.kinds.every((kind) => answers.some((each) => each.door === door && each.kind === kind)));
    return everywhere ? doors.every(Boolean) : doors.some(Boolean);
  }

  private gaps(since: number): ReturnType<typeof gapsOf> {
    const { scene } = this;
    return gapsOf(scene.answers(), scene.doors(), scene.kinds, since, Date.now());
  }

  /**
   * Previews, reviews and applies changes in one update, with clients who watch. Several only where nobody is to feel any of them: of what
   * is felt otherwise nobody could say whose it is.
   */
  async apply(changes: readonly Change[]): Promise<AppliedChange> {
    const { scene, config } = this;
    const { project } = scene;
    const next = changes.reduce<Readonly<Record<string, unknown>>>(
      (before, { set = {} }) => withSettings(before, set, ""),
      config,
    );
    project.configure(next);
    const program = changes.find((change) => change.program !== undefined)?.program;
    if (program !== undefined) project.program(PROGRAMS[program]);
    const before = await factsOf(project, scene.nodes(config));
    const urns = await this.urns(changes.flatMap(({ replace = [] }) => replace));
    const replace = urns.flatMap((urn) => ["--replace", urn]);
    const said = await this.reviewed(replace);
    scene.start();
    const watched = await this.update(replace).finally(() => scene.stop());
    this.former = config;
    this.config = watched.outcome === "refused" ? config : next;
    const after = await factsOf(project, scene.nodes(this.config));
    const { rank, words } = feltOf({ ...watched, before, after, quiet: this.quiet, lost: await scene.lost() });
    const seconds = said.findings[0]?.interruption.seconds;
    return {
      id: "",
      predicted: said.rank,
      refusal: said.findings.some((finding) => finding.rank === said.rank && finding.refused !== undefined),
      refused: watched.outcome === "refused",
      felt: rank,
      words,
      outage: watched.gaps.service,
      ...(seconds === undefined ? {} : { said: seconds }),
      took: Math.round(watched.took),
      load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
      date: new Date().toISOString().slice(0, 10),
    };
  }

  /** One update, and what clients see of it and afterwards. They are there already. */
  private async update(
    replace: readonly string[],
  ): Promise<Pick<Watched, "outcome" | "back" | "gaps"> & { readonly took: number }> {
    const since = await this.firstAnswers();
    const args = ["up", "--yes", "--skip-preview", ...replace];
    const { code, stdout, stderr } = await this.scene.project.pulumi(args, { seconds: UPDATE_SECONDS });
    const took = (Date.now() - since) / 1000;
    if (code !== 0) process.stderr.write(`${diagnosticsOf(stdout).slice(0, 3000)}\n${stderr.slice(-500)}\n`);
    await new Promise((resolve) => setTimeout(resolve, AFTERWARDS * 1000));
    const over = Date.now();
    const back = await until("", BACK_SECONDS, () => Promise.resolve(this.answeredSince(over, false)), 500).then(
      () => true,
      () => false,
    );
    return { outcome: code === 0 ? "applied" : "refused", took, back, gaps: this.gaps(since) };
  }

  private async reviewed(replace: readonly string[]): Promise<Review> {
    const { stdout } = await this.scene.project.pulumi(["preview", "--json", ...replace], { seconds: 300 });
    return review(parsePreview(stdout));
  }

  private async urns(ends: readonly string[]): Promise<readonly string[]> {
    if (ends.length === 0) return [];
    const { deployment } = JSON.parse(await this.scene.project.exportState()) as {
      deployment: { resources: { urn: string }[] };
    };
    return ends.map((end) => {
      const found = deployment.resources.filter(({ urn }) => urn.endsWith(end));
      if (found.length !== 1) throw new Error(`${found.length} resources end with "${end}"`);
      return found[0]?.urn ?? "";
    });
  }

  /** After a change that stays: the stack is whole, and its clients find what they need. */
  async settle(anew: boolean): Promise<void> {
    await this.scene.whole(this.config);
    if (anew) await this.scene.prepare(this.config);
  }

  /** Puts the last change back, or what became of it. */
  async back(): Promise<void> {
    const { scene } = this;
    this.config = this.former;
    scene.project.configure(this.config);
    await scene.project.up();
    await this.settle(false);
  }
}

/** What the engine says of why an update failed. */
const diagnosticsOf = (said: string): string =>
  // Of a failed step the engine shows its whole text before its words.
  (/^Diagnostics:\n[\s\S]*?(?=^Outputs:|^Resources:)/m.exec(said)?.[0] ?? said)
    .split("\n")
    .map((line) => (line.length > 600 ? `${line.slice(0, 200)} … ${line.slice(-400)}` : line))
    .join("\n");

/** Says it, and keeps it where REVIEW_RESULTS says, a JSON line each. */
export function record(result: AppliedChange): void {
  process.stderr.write(
    `  ${result.id}: said ${result.predicted}${result.refusal ? " refused" : ""}, felt ${result.felt}${result.refused ? " refused" : ""}: ${result.words} (${result.took} s, load ${result.load})\n`,
  );
  const file = process.env["REVIEW_RESULTS"];
  if (file !== undefined && file !== "") appendFileSync(file, `${JSON.stringify(result)}\n`);
}
