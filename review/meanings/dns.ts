import { all, unfelt, type Meaning, type Verdict } from "./types";

const elsewhere: Verdict = {
  rank: 2,
  why: "clients that look the name up find it no more, or somewhere else, as soon as their copy is too old",
  effect: "stays-down",
  procedure: "both-nodes",
};

const domain: Meaning = {
  called: "a zone",
  create: unfelt("a new zone; nobody asks for it before its registrar names it"),
  delete: { ...elsewhere, why: "every name of the zone is gone" },
  replace: { ...elsewhere, why: "every name of the zone is gone until it is made anew" },
  properties: {
    ...all(
      ["ttlSec", "retrySec", "refreshSec", "expireSec", "soaEmail", "description", "group", "tags", "axfrIps"],
      unfelt("how long others keep their copy, or a mark in the account"),
    ),
    ...all(["domain", "type", "status", "masterIps"], elsewhere),
  },
};

const record: Meaning = {
  called: "a DNS record",
  create: unfelt("one more answer to those who ask"),
  // Where several hosts answer to one name, clients try the next one.
  delete: elsewhere,
  replace: elsewhere,
  properties: {
    ttlSec: unfelt("how long others keep their copy"),
    ...all(
      ["target", "name", "recordType", "domainId", "port", "priority", "protocol", "service", "tag", "weight"],
      elsewhere,
    ),
  },
};

/** The vendor's name service. */
export const domainMeanings: Readonly<Record<string, Meaning>> = {
  "linode:index/domain:Domain": domain,
  "linode:index/domainRecord:DomainRecord": record,
};
