import { CrossedPair } from "../support/failover/crossedPair";
import { appliedTests } from "../support/review/appliedTests";
import { FailoverScene } from "../support/review/failoverScene";
import { nodesOf } from "../support/review/scene";

const pair = new CrossedPair(["alice", "gertrude"]);

/** Where each group belongs by a configuration. */
function homes(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const groups = config["groups"] as Record<string, { preferred?: string }>;
  return Object.fromEntries(
    Object.entries(groups).map(([name, { preferred }]) => [name, preferred ?? nodesOf(config)[0]]),
  );
}

const scene = new FailoverScene(pair, pair.config, {
  // By its name: a change gives the database another address.
  prepare: () => pair.prepare("db.example.org"),
  whole: (config) => pair.whole(homes(config)),
});

// An unfenced pair is not said to be healthy: that comes last.
appliedTests(scene, [
  ["crossed-site crossed-detection", "stays"],
  ["crossed-address", "stays"],
  ["crossed-preferred", "stays"],
  ["crossed-unfenced", "end"],
]);
