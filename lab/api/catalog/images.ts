import type { Image, Kernel } from "@linode/api-v4";

interface Release {
  readonly label: string;
  /** Null for an image of the account's own. */
  readonly vendor: string | null;
  readonly size: number;
  readonly created: string;
  readonly eol: string | null;
}

const RELEASES: Readonly<Record<string, Release>> = {
  "linode/debian13": {
    label: "Debian 13",
    vendor: "Debian",
    size: 1500,
    created: "2025-08-13T15:00:00",
    eol: "2030-08-09T04:00:00",
  },
  "linode/debian12": {
    label: "Debian 12",
    vendor: "Debian",
    size: 1500,
    created: "2023-06-09T12:00:00",
    eol: "2028-06-10T04:00:00",
  },
  "private/13": {
    label: "debian13-cluster",
    vendor: null,
    size: 2400,
    created: "2025-11-03T09:00:00",
    eol: null,
  },
  "private/14": {
    label: "debian13-site",
    vendor: null,
    size: 2600,
    created: "2026-02-17T09:00:00",
    eol: null,
  },
  "private/15": {
    label: "debian13-tiers",
    vendor: null,
    size: 2700,
    created: "2026-02-17T10:00:00",
    eol: null,
  },
};

/** The images that can be deployed here, with the real API's fields. */
export function imagesFrom(ids: readonly string[]): Image[] {
  return ids.map((id) => {
    const name = id.replace(/^.*\//, "");
    const known: Release = RELEASES[id] ?? {
      label: name,
      vendor: name.replace(/\d.*$/, ""),
      size: 1500,
      created: "2025-01-01T00:00:00",
      eol: "2030-01-01T00:00:00",
    };
    const isPublic = !id.startsWith("private/");
    return {
      id,
      label: known.label,
      vendor: known.vendor,
      deprecated: false,
      description: "",
      is_public: isPublic,
      is_shared: false,
      size: known.size,
      total_size: known.size,
      created: known.created,
      updated: known.created,
      created_by: isPublic ? "linode" : "operator",
      type: "manual",
      status: "available",
      eol: known.eol,
      expiry: null,
      capabilities: ["cloud-init"],
      regions: [],
      tags: [],
      image_sharing: { shared_by: null, shared_with: null },
    };
  });
}

function kernel(id: string, label: string, version: string, architecture: Kernel["architecture"] = "x86_64"): Kernel {
  return { id, label, version, kvm: true, architecture, pvops: true, deprecated: false, built: "2024-06-05T12:00:00" };
}

/** The kernels that a config profile can name. Only the distribution's own has the modules of a cluster. */
export const KERNELS: readonly Kernel[] = [
  kernel("linode/latest-64bit", "Latest 64 bit (6.8.9-x86_64-linode164)", "6.8.9"),
  kernel("linode/latest-32bit", "Latest 32 bit (6.8.9-x86-linode184)", "6.8.9", "i386"),
  { ...kernel("linode/grub2", "GRUB 2", "2.06"), pvops: false },
  { ...kernel("linode/direct-disk", "Direct Disk", ""), pvops: false },
  kernel("linode/6.8.9-x86_64-linode164", "6.8.9-x86_64-linode164", "6.8.9"),
];

/** Kernels that leave the choice to the disk's own boot loader. */
export function bootsFromDisk(kernelId: string): boolean {
  return kernelId === "linode/grub2" || kernelId === "linode/direct-disk";
}
