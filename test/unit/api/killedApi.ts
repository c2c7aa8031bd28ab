/** An API in a process of its own, to be killed. Prints its port. Its machines die with it. */
import type { AddressInfo } from "node:net";

import { createApi, Store } from "../../../lab/api";
import { MemoryDisks, MemoryMachines, MemoryNetworks } from "../../support/memoryMachines";

const app = createApi({
  store: Store.open(process.argv[2] ?? ""),
  machines: new MemoryMachines(),
  disks: new MemoryDisks(),
  networks: new MemoryNetworks(),
  options: {
    tokens: [{ token: process.env["LINODE_TOKEN"] ?? "", scopes: "*", username: "tester" }],
    delays: { scheduled: 2, work: 2 },
  },
});
void app.listen({ host: "127.0.0.1", port: 0 }).then(() => {
  process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
});
