import { daemonLives, readRecord, type LabRecord } from "../daemon/record";
import { cachePaths, labName, labPaths, type CachePaths, type LabPaths } from "../paths";
import { NoDaemon, option } from "./control";

/** A lab whose daemon is there. */
export interface RunningLab {
  readonly paths: LabPaths;
  readonly cache: CachePaths;
  readonly record: LabRecord;
}

/** The lab that the command means, which must be running. */
export function runningLab(lab: string | undefined): RunningLab {
  const paths = labPaths(labName(lab));
  const record = readRecord(paths);
  if (record !== undefined && daemonLives(record)) return { paths, cache: cachePaths(), record };
  throw new NoDaemon(`The lab "${paths.name}" is not running.`, {
    hint: `Start it: linode-lab${option(paths.name)} up`,
  });
}
