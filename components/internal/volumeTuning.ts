import { drbdDiskOptions, drbdHandlers, drbdNetOptions, drbdStartup } from "../../hosts/drbd/options";
import type { DrbdVolumeArgs } from "../drbdVolume";
import type { Findings } from "./rules";

const SECTIONS = { net: drbdNetOptions, disk: drbdDiskOptions, handlers: drbdHandlers, startup: drbdStartup } as const;

/** Puts into `found` what the nodes' DRBD would not take: options of another version, values out of range. */
export function checkTuning({ tuning }: DrbdVolumeArgs, found: Findings): void {
  const given: Readonly<Record<string, unknown>> = { ...tuning };
  const names = Object.keys(SECTIONS);
  for (const name of Object.keys(given).filter((key) => !names.includes(key))) {
    unknown(`tuning.${name}`, "section", names, found);
  }
  for (const [section, schema] of Object.entries(SECTIONS)) {
    const parsed = schema.safeParse(given[section] ?? {});
    for (const issue of parsed.error?.issues ?? []) {
      const path = ["tuning", section, ...issue.path.map(String)].join(".");
      if (issue.code === "unrecognized_keys") {
        for (const key of issue.keys) unknown(`${path}.${key}`, "option", Object.keys(schema.shape), found);
        continue;
      }
      const value = (given[section] as Readonly<Record<string, unknown>> | undefined)?.[String(issue.path[0])];
      found.require(false, {
        path,
        given: value,
        what: `is not a value that DRBD 8.4 takes: ${issue.message}`,
        todo: "see drbd.conf(5), section " + section + ", or leave it out",
      });
    }
  }
}

function unknown(path: string, what: string, allowed: readonly string[], found: Findings): void {
  found.require(false, {
    path,
    what: `is no ${what} of DRBD 8.4, which the nodes' kernel has`,
    allowed: allowed.join(", "),
    todo: "leave it out; options of DRBD 9 need its own module",
  });
}
