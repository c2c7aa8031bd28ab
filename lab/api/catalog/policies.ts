/** What may happen to a Linode whose host needs maintenance, with the real API's fields and notice. */
export const POLICIES = [
  {
    slug: "linode/migrate",
    label: "Migrate",
    description: "The Linode moves to another host and stays in operation.",
    type: "migrate",
    notification_period_sec: 10_800,
    is_default: true,
  },
  {
    slug: "linode/power_off_on",
    label: "Power Off / Power On",
    description: "The Linode is off while its host is maintained.",
    type: "power_off_on",
    notification_period_sec: 604_800,
    is_default: false,
  },
];

/** What traffic beyond the quota costs per gigabyte. */
export const TRANSFER_PRICES = [
  {
    id: "distributed_network_transfer",
    label: "Distributed Network Transfer",
    price: { hourly: 0.01, monthly: null },
    region_prices: [],
    transfer: 0,
  },
  {
    id: "network_transfer",
    label: "Network Transfer",
    price: { hourly: 0.005, monthly: null },
    region_prices: [
      { id: "id-cgk", hourly: 0.015, monthly: null },
      { id: "br-gru", hourly: 0.007, monthly: null },
    ],
    transfer: 0,
  },
];
