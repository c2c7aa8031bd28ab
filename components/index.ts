/**
 * Highly available pairs of Linodes as Pulumi components.
 *
 * @packageDocumentation
 */
export { Backups } from "./backups";
export type { BackupsArgs } from "./backups";
export { Certificate } from "./certificate";
export type { CertificateArgs } from "./certificate";
export { DisasterSite } from "./disasterSite";
export type { DisasterSiteArgs } from "./disasterSite";
export { DrbdVolume } from "./drbdVolume";
export type {
  DrbdBacking,
  DrbdFilesystem,
  DrbdSideStatus,
  DrbdTuning,
  DrbdVolumeArgs,
  DrbdVolumeMode,
  VolumeFencing,
} from "./drbdVolume";
export { FloatingIp } from "./floatingIp";
export type { ArpAddress, BgpAddress, FloatingIpArgs } from "./floatingIp";
export type { HaNode, HostConnection, InterconnectAddress, NodeAddresses, NodePair } from "./haNode";
export type { NamedAddress } from "../hosts/base/render";
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
export { LocalFilesystem } from "./localFilesystem";
export type { LocalFilesystemArgs } from "./localFilesystem";
export { LinodeFencing } from "./linodeFencing";
export type { LinodeFencingArgs } from "./linodeFencing";
export type { ManagerFencing } from "./managers/fencing";
export { HeartbeatPair } from "./managers/heartbeat";
export type { HeartbeatPairArgs } from "./managers/heartbeat";
export { ManualFailover } from "./managers/manual";
export type { ManualFailoverArgs } from "./managers/manual";
export { PacemakerCluster } from "./managers/pacemaker";
export type { MembershipLink, PacemakerClusterArgs } from "./managers/pacemaker";
export type { AutomaticArgs, ManagerArgs } from "./managers/planManager";
export { Monitoring } from "./monitoring";
export type { MonitoringArgs } from "./monitoring";
export { Ocfs2Cluster } from "./ocfs2Cluster";
export type { Ocfs2ClusterArgs } from "./ocfs2Cluster";
export { RoundRobinDns } from "./roundRobinDns";
export type { DnsHealth, RoundRobinDnsArgs, RoundRobinZone } from "./roundRobinDns";
export { ServerGroup } from "./serverGroup";
export type { ServerGroupArgs } from "./serverGroup";
export { address, drbd, links, mailTo, mount, service } from "./serviceGroup";
export type { GroupAddress, GroupMember, ReplicatedVolume, ServiceGroup } from "./serviceGroup";
export { ApacheServer } from "./services/apacheServer";
export type { ApacheServerArgs } from "./services/apacheServer";
export { IpForwarding } from "./services/ipForwarding";
export type { IpForwardingArgs } from "./services/ipForwarding";
export { LighttpdServer } from "./services/lighttpdServer";
export type { LighttpdServerArgs } from "./services/lighttpdServer";
export { MailRelay } from "./services/mailRelay";
export type { MailRelayArgs } from "./services/mailRelay";
export { MariadbMultiMaster } from "./services/mariadbMultiMaster";
export type { MariadbMultiMasterArgs } from "./services/mariadbMultiMaster";
export { MariadbReplica } from "./services/mariadbReplica";
export type { MariadbReplicaArgs } from "./services/mariadbReplica";
export type { DatabaseStorage, MariadbPairArgs } from "./services/internal/mariadbPairPlan";
export { MariadbServer } from "./services/mariadbServer";
export type { MariadbServerArgs } from "./services/mariadbServer";
export { NginxProxy } from "./services/nginxProxy";
export type { NginxProxyArgs, ProxiedServer } from "./services/nginxProxy";
export { NfsExport } from "./services/nfsExport";
export type { NfsExportArgs } from "./services/nfsExport";
export { NfsMount } from "./services/nfsMount";
export type { NfsMountArgs } from "./services/nfsMount";
export { PackageDrift } from "./services/packageDrift";
export type { PackageDriftArgs } from "./services/packageDrift";
export { PostgresqlServer } from "./services/postgresqlServer";
export type { PostgresqlServerArgs } from "./services/postgresqlServer";
export type { WebSiteSettings } from "./services/webSites";
export { WordpressSite } from "./services/wordpressSite";
export type { WordpressDatabase, WordpressSiteArgs } from "./services/wordpressSite";
export type { Detection, HeartbeatTimings } from "../hosts/managerTimings";
export type { AbsolutePath } from "../hosts/contract";
export type { AddressMethod, GroupLink } from "../hosts/managerGroup";
export type { OwnFilesystem } from "../hosts/local-filesystem/render";
export type { IpvsScheduler } from "../hosts/services/forwarding/render";
export type { PackageDifference } from "../hosts/services/package-drift/render";
export { UserError } from "./internal/errors";
export type { Problem } from "./internal/errors";
