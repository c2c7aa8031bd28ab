import { ManualPair } from "../support/failover/manualPair";
import { Lab } from "../support/lab";
import { onOwnImage } from "../support/labConfig";
import { appliedTests } from "../support/review/appliedTests";
import { FailoverScene } from "../support/review/failoverScene";
import { bareConfig } from "../support/review/previews";
import { nodesOf } from "../support/review/scene";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const config = onOwnImage(bareConfig("manual-failover"));
const pair = new ManualPair(lab, new StackProject(lab, "review-manual", config), nodesOf(config));

const scene = new FailoverScene(pair, config, {
  prepare: () => pair.prepare(),
  whole: () => pair.whole(),
});

appliedTests(scene, [["manual-connect manual-port", "stays"]]);
