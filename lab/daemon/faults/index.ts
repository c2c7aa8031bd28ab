import { api } from "./api";
import type { Fault } from "./contract";
import { freeze } from "./freeze";
import { heal } from "./heal";
import { partition } from "./partition";
import { powerCut } from "./powerCut";
import { thaw } from "./thaw";

/** All faults. A new one is a file beside these and a word here. */
export const FAULTS: readonly Fault[] = [powerCut, freeze, thaw, partition, heal, api];

/** The first word of a fault's usage. */
export const faultName = ({ usage }: Fault): string => usage.split(" ")[0] ?? usage;
