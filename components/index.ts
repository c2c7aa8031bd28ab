/**
 * Highly available pairs of Linodes as Pulumi components.
 *
 * @packageDocumentation
 */
export { DrbdVolume } from "./drbdVolume";
export type {
  DrbdBacking,
  DrbdFilesystem,
  DrbdSideStatus,
  DrbdTuning,
  DrbdVolumeArgs,
  DrbdVolumeMode,
} from "./drbdVolume";
export type { HaNode, HostConnection, InterconnectAddress, NodeAddresses, NodePair } from "./haNode";
export { HaPair } from "./haPair";
export type {
  HaPairArgs,
  InterconnectSettings,
  NodeEndpoint,
  PairAccess,
  PairAlerts,
  PairDisks,
  PairVolume,
  RawDisk,
} from "./haPair";
export { Ocfs2Cluster } from "./ocfs2Cluster";
export type { Ocfs2ClusterArgs } from "./ocfs2Cluster";
export { UserError } from "./internal/errors";
export type { Problem } from "./internal/errors";
