import type { Capabilities, Country, Region } from "@linode/api-v4";

const COMMON: Capabilities[] = [
  "Linodes",
  "Block Storage Encryption",
  "Disk Encryption",
  "Backups",
  "Block Storage",
  "Cloud Firewall",
  "Vlans",
  "Metadata",
  "Placement Group",
  "StackScripts",
  "Maintenance Policy",
];

const RESOLVERS = { ipv4: "198.51.100.1", ipv6: "2001:db8:1::1" };

/** Identifier, label, country, and what this region has beyond the common capabilities. */
const TABLE: readonly (readonly [string, string, Country, Capabilities[]])[] = [
  ["ap-west", "Mumbai, IN", "in", ["Block Storage Migrations"]],
  ["ca-central", "Toronto, CA", "ca", ["GPU Linodes", "Block Storage Migrations"]],
  ["ap-southeast", "Sydney, AU", "au", ["Block Storage Migrations"]],
  ["us-iad", "Washington, DC", "us", ["Premium Plans"]],
  ["us-ord", "Chicago, IL", "us", ["GPU Linodes", "Premium Plans"]],
  ["fr-par", "Paris, FR", "fr", ["GPU Linodes", "Premium Plans"]],
  ["us-sea", "Seattle, WA", "us", ["GPU Linodes", "Premium Plans"]],
  ["br-gru", "Sao Paulo, BR", "br", ["Premium Plans"]],
  ["nl-ams", "Amsterdam, NL", "nl", ["GPU Linodes", "Premium Plans"]],
  ["se-sto", "Stockholm, SE", "se", ["GPU Linodes", "Premium Plans"]],
  ["es-mad", "Madrid, ES", "es", ["Premium Plans"]],
  ["it-mil", "Milan, IT", "it", ["Premium Plans"]],
  ["us-mia", "Miami, FL", "us", ["GPU Linodes", "Premium Plans"]],
  ["us-lax", "Los Angeles, CA", "us", ["GPU Linodes", "Premium Plans"]],
  ["jp-osa", "Osaka, JP", "jp", ["GPU Linodes", "Premium Plans"]],
  ["in-maa", "Chennai, IN", "in", ["GPU Linodes", "Premium Plans"]],
  ["id-cgk", "Jakarta, ID", "id", ["GPU Linodes", "Premium Plans"]],
  ["gb-lon", "London 2, UK", "gb", ["GPU Linodes", "Premium Plans"]],
  ["au-mel", "Melbourne, AU", "au", ["Premium Plans"]],
  ["de-fra-2", "Frankfurt 2, DE", "de", ["GPU Linodes", "Premium Plans"]],
  ["in-bom-2", "Mumbai 2, IN", "in", ["GPU Linodes", "Premium Plans"]],
  ["sg-sin-2", "Singapore 2, SG", "sg", ["GPU Linodes", "Premium Plans"]],
  ["jp-tyo-3", "Tokyo 3, JP", "jp", ["GPU Linodes", "Premium Plans"]],
  ["no-osl-1", "Oslo, NO", "no", ["Premium Plans"]],
  ["us-iad-2", "Washington 2, DC", "us", ["Premium Plans"]],
  ["fr-par-2", "Paris 2, FR", "fr", ["GPU Linodes", "Premium Plans"]],
  ["us-central", "Dallas, TX", "us", ["Block Storage Migrations"]],
  ["us-west", "Fremont, CA", "us", ["Block Storage Migrations"]],
  ["us-southeast", "Atlanta, GA", "us", ["GPU Linodes", "Block Storage Migrations"]],
  ["us-east", "Newark, NJ", "us", ["GPU Linodes", "Block Storage Migrations"]],
  ["eu-west", "London, UK", "gb", ["Block Storage Migrations"]],
  ["ap-south", "Singapore, SG", "sg", ["GPU Linodes", "Block Storage Migrations"]],
  ["eu-central", "Frankfurt, DE", "de", ["GPU Linodes", "Block Storage Migrations"]],
  ["ap-northeast", "Tokyo 2, JP", "jp", ["Block Storage Migrations"]],
];

/** Linode's core regions. The lab serves all of them from one machine; their capabilities are what the lab has. */
export const REGIONS: readonly Region[] = TABLE.map(([id, label, country, more]) => ({
  id,
  label,
  country,
  capabilities: [...COMMON, ...more],
  monitors: { alerts: [], metrics: [] },
  status: "ok",
  resolvers: RESOLVERS,
  placement_group_limits: {
    maximum_pgs_per_customer: null,
    maximum_linodes_per_pg: 5,
    maximum_linodes_per_flexible_pg: 5,
  },
  site_type: "core",
}));

export function regionOf(id: string): Region | undefined {
  return REGIONS.find((region) => region.id === id);
}
