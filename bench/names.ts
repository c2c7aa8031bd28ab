/** The pair is the same whichever way it is built. */
export const nodeNames = ["bench1", "bench2"] as const;
/** One of them. */
export type NodeName = (typeof nodeNames)[number];
/** Of the volume, the DRBD resource and the file system. */
export const VOLUME = "www";
/** Where it is mounted. */
export const MOUNTPOINT = "/srv/www";
/** As in the pair's configuration for tests. */
export const REGION = "us-east";
export const TYPE = "g6-standard-1";
export const IMAGE = "linode/debian13";
export const BOOT_MIB = 8192;
export const SWAP_MIB = 512;
