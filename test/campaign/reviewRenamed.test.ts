import { Lab } from "../support/lab";
import { appliedTests } from "../support/review/appliedTests";
import { PROGRAMS } from "../support/review/changes";
import { DualScene } from "../support/review/dualScene";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const project = new StackProject(lab, "review-renamed", {});
project.program(PROGRAMS["renamed"]);

// Without an alias all is made anew: that comes last.
appliedTests(new DualScene(lab, project, {}, ["ren1", "ren2"]), [
  ["renamed-with-alias", "anew"],
  ["renamed-without-alias", "end"],
]);
