import type { LinodeType, LinodeTypeClass } from "@linode/api-v4";

/** id, label, class, disk MB, memory MB, vCPUs, transfer GB, outbound Mbit/s, price per hour and month, backups per hour and month. */
type Row = readonly [
  string,
  string,
  LinodeTypeClass,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

const TABLE: readonly Row[] = [
  ["g6-nanode-1", "Nanode 1GB", "nanode", 25600, 1024, 1, 1000, 1000, 0.0075, 5, 0.003, 2],
  ["g6-standard-1", "Linode 2GB", "standard", 51200, 2048, 1, 2000, 2000, 0.018, 12, 0.004, 2.5],
  ["g6-standard-2", "Linode 4GB", "standard", 81920, 4096, 2, 4000, 4000, 0.036, 24, 0.008, 5],
  ["g6-standard-4", "Linode 8GB", "standard", 163840, 8192, 4, 5000, 5000, 0.072, 48, 0.015, 10],
  ["g6-standard-6", "Linode 16GB", "standard", 327680, 16384, 6, 8000, 6000, 0.144, 96, 0.03, 20],
  ["g6-standard-8", "Linode 32GB", "standard", 655360, 32768, 8, 16000, 7000, 0.288, 192, 0.06, 40],
  ["g6-standard-16", "Linode 64GB", "standard", 1310720, 65536, 16, 20000, 9000, 0.576, 384, 0.12, 80],
  ["g6-standard-20", "Linode 96GB", "standard", 1966080, 98304, 20, 20000, 10000, 0.864, 576, 0.18, 120],
  ["g6-standard-24", "Linode 128GB", "standard", 2621440, 131072, 24, 20000, 11000, 1.152, 768, 0.24, 160],
  ["g6-standard-32", "Linode 192GB", "standard", 3932160, 196608, 32, 20000, 12000, 1.728, 1152, 0.36, 240],
  ["g7-highmem-1", "Linode 24GB", "highmem", 20480, 24576, 2, 5000, 5000, 0.09, 60, 0.0075, 5],
  ["g7-highmem-2", "Linode 48GB", "highmem", 40960, 49152, 2, 6000, 6000, 0.18, 120, 0.015, 10],
  ["g6-dedicated-2", "Dedicated 4GB", "dedicated", 81920, 4096, 2, 4000, 4000, 0.054, 36, 0.008, 5],
  ["g6-dedicated-4", "Dedicated 8GB", "dedicated", 163840, 8192, 4, 5000, 5000, 0.108, 72, 0.015, 10],
  ["g6-dedicated-8", "Dedicated 16GB", "dedicated", 327680, 16384, 8, 6000, 6000, 0.216, 144, 0.03, 20],
  ["g6-dedicated-16", "Dedicated 32GB", "dedicated", 655360, 32768, 16, 7000, 7000, 0.432, 288, 0.06, 40],
  ["g6-dedicated-32", "Dedicated 64GB", "dedicated", 1310720, 65536, 32, 8000, 8000, 0.864, 576, 0.12, 80],
  ["g6-dedicated-48", "Dedicated 96GB", "dedicated", 1966080, 98304, 48, 9000, 9000, 1.296, 864, 0.18, 120],
  ["g7-premium-2", "Premium 4GB", "premium", 81920, 4096, 2, 4000, 4000, 0.0645, 43, 0.008, 5],
  ["g7-premium-4", "Premium 8GB", "premium", 163840, 8192, 4, 5000, 5000, 0.129, 86, 0.015, 10],
];

/** Two regions cost more than the rest: a fifth and two fifths. */
function regionPrices(hourly: number, monthly: number) {
  const times = (factor: number) => ({
    // Small prices keep one digit more.
    hourly: Number((hourly * factor).toFixed(hourly < 0.01 ? 4 : 3)),
    monthly: Number((monthly * factor).toFixed(2)),
  });
  return [
    { id: "id-cgk", ...times(1.2) },
    { id: "br-gru", ...times(1.4) },
  ];
}

/** The plans. What they promise is what the API shows; how much memory a guest really gets is an option of the lab. */
export const TYPES: readonly LinodeType[] = TABLE.map((row) => {
  const [id, label, klass, disk, memory, vcpus, transfer, network_out, hourly, monthly, backupHourly, backupMonthly] =
    row;
  return {
    id,
    label,
    class: klass,
    disk,
    memory,
    vcpus,
    transfer,
    network_out,
    gpus: 0,
    accelerated_devices: 0,
    price: { hourly, monthly },
    region_prices: regionPrices(hourly, monthly),
    addons: {
      backups: {
        price: { hourly: backupHourly, monthly: backupMonthly },
        region_prices: regionPrices(backupHourly, backupMonthly),
      },
    },
    successor: null,
  };
});

export function typeOf(id: string): LinodeType | undefined {
  return TYPES.find((type) => type.id === id);
}

const VOLUME_PRICE = { hourly: 0.00015, monthly: 0.1 };

/** What a volume costs per gigabyte. */
export const VOLUME_TYPES = [
  {
    id: "volume",
    label: "Storage Volume",
    price: VOLUME_PRICE,
    region_prices: [
      { id: "id-cgk", hourly: 0.00018, monthly: 0.12 },
      { id: "br-gru", hourly: 0.00021, monthly: 0.14 },
    ],
    transfer: 0,
  },
];
