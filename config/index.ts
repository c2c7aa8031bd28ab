/** A stack's configuration in, plain typed values out; every problem reported at once. */
export { accountSettings, checkAgainstApi } from "./accountChecks";
export type { AccountSettings, ApiQuestion } from "./accountChecks";
export { dualPrimaryConfig, parseDualPrimary } from "./dualPrimary";
export type {
  BackingConfig,
  DualPrimaryConfig,
  InterconnectConfig,
  PairConfig,
  Parsed,
  VolumeConfig,
} from "./dualPrimary";
export { loadDualPrimary } from "./load";
export { projectConfig } from "./pulumiConfig";
