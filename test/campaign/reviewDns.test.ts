import { Lab } from "../support/lab";
import { appliedTests } from "../support/review/appliedTests";
import { PROGRAMS } from "../support/review/changes";
import { DnsScene } from "../support/review/dnsScene";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const project = new StackProject(lab, "review-dns", {});
project.program(PROGRAMS["dns"]);

appliedTests(new DnsScene(lab, project), [["dns-ttl", "stays"]]);
