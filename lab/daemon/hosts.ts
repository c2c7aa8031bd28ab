import { createDisks } from "../machines/disks";
import { createMachines, type UmlMachines } from "../machines/umlMachines";
import type { LabPaths } from "../paths";
import type { LabRecord } from "./record";

/** The hosts of a lab whose daemon is gone: to look after them until they have ended, not to start any. */
export function hostsOf(paths: LabPaths, images: LabRecord["images"]): UmlMachines {
  const disks = createDisks({ stateDir: paths.disks, images });
  return createMachines({ stateDir: paths.machines, namespace: paths.namespace, disks });
}
