import { ActivePassive } from "../support/activePassive";
import { onOwnImage } from "../support/labConfig";
import { appliedTests } from "../support/review/appliedTests";
import { FailoverScene } from "../support/review/failoverScene";
import { bareConfig } from "../support/review/previews";

const pair = new ActivePassive(["lb1", "lb2"]);

const scene = new FailoverScene(pair, onOwnImage(bareConfig("active-passive")), {
  prepare: () => pair.prepare(),
  whole: () => pair.whole(),
});

appliedTests(scene, [
  ["passive-buffer", "stays"],
  ["passive-ping", "stays"],
]);
