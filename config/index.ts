/** A stack's configuration in, plain typed values out; every problem reported at once. */
export { accountSettings, checkAgainstApi } from "./accountChecks";
export type { AccountSettings, ApiQuestion } from "./accountChecks";
export { dualPrimaryConfig, parseDualPrimary } from "./dualPrimary";
export type {
  BackingConfig,
  DualPrimaryConfig,
  SiteConfig,
  InterconnectConfig,
  PairConfig,
  Parsed,
  VolumeConfig,
} from "./dualPrimary";
export type { ActivePassiveConfig } from "./activePassive";
export type { CrossedPairConfig } from "./crossedPair";
export { backingOf, parseFailover } from "./failover";
export type { FailoverConfig, FailoverPair } from "./failover";
export { FAILOVER_SYSTEMS } from "./failoverFields";
export type { FailoverSystem } from "./failoverFields";
export { LAMP_DEVICES, parseLampTiers } from "./lampTiers";
export type { LampTiersConfig, TierConfig } from "./lampTiers";
export { loadDualPrimary, loadFailover, loadLampTiers } from "./load";
export type { ManualFailoverConfig } from "./manualFailover";
export { projectConfig } from "./pulumiConfig";
