import { Lab } from "../support/lab";
import { appliedTests } from "../support/review/appliedTests";
import { DualScene } from "../support/review/dualScene";
import { bareConfig } from "../support/review/previews";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
// On the distribution's image: the kernel of the lab's own does not survive OCFS2's listening socket.
const config = bareConfig("dual-primary");

// What is quick first; then what restarts nodes; then what makes them anew; what destroys the data last.
appliedTests(new DualScene(lab, new StackProject(lab, "review-dual", config), config), [
  ["tag port-opened admin-network login alerts timezone mount-options owner secret", "stays"],
  ["port-closed", "back"],
  ["volume-shrunk", "stays"],
  ["vlan", "stays"],
  ["replication-port", "back"],
  ["detection", "back"],
  ["fencing-on", "back"],
  ["second-volume", "stays"],
  ["profile", "stays"],
  ["type", "stays"],
  ["node-replaced", "anew"],
  ["image-one", "anew"],
  ["image-both", "anew"],
  ["both-replaced", "anew"],
  ["volume-grown", "stays"],
  ["node-swapped", "anew"],
  ["volume-renamed", "anew"],
  ["raw-disk", "anew"],
  ["region", "anew"],
  ["stack-removed", "end"],
]);
