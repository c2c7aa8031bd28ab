import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createApi, Store, type ApiServer } from "../api";
import { createDisks } from "../machines/disks";
import { createMachines, type UmlMachines } from "../machines/umlMachines";
import { createMailSink, MAIL_FOR_NODES } from "../mail/sink";
import { createMetadataServer } from "../metadata/server";
import { METADATA_ADDRESS, OUT_OF_BAND } from "../network/namespace";
import { createNetworks, type RoutedNetworks } from "../network/networks";
import { API_FOR_NODES, AUTHORITY_FOR_NODES, NAMES_FOR_NODES } from "../network/ruleset";
import { authorityProgram, cachePaths, type LabPaths } from "../paths";
import { Authority } from "../upstream/authority";
import { NameServer } from "../upstream/nameServer";
import { createUpstream } from "../upstream/upstream";
import { tokensOf, type LabRecord } from "./record";

/** A region at work: the API, the hosts behind it and the network between them. */
export interface Region {
  readonly api: ApiServer;
  readonly machines: UmlMachines;
  readonly networks: RoutedNetworks;
  /** Ends everything but the hosts, which the next start finds again. */
  close(): Promise<void>;
}

/** Puts the parts together. The process must be in the lab's network namespace. */
export async function startRegion(paths: LabPaths, record: LabRecord, log: (line: string) => void): Promise<Region> {
  const upstream = createUpstream({
    namespace: paths.namespace,
    stateDir: join(paths.state, "upstream"),
    log,
  });
  const networks = createNetworks({
    namespace: paths.namespace,
    stateFile: join(paths.state, "networks.json"),
    services: [API_FOR_NODES, MAIL_FOR_NODES, AUTHORITY_FOR_NODES, ...NAMES_FOR_NODES],
    upstream,
  });
  await networks.ready();
  const disks = createDisks({ stateDir: paths.disks, images: record.images });
  const machines = createMachines({
    stateDir: paths.machines,
    namespace: paths.namespace,
    disks,
    operator: {
      publicKey: readFileSync(`${paths.operatorKey}.pub`, "utf8"),
      addresses: [OUT_OF_BAND.ipv4, OUT_OF_BAND.ipv6],
    },
  });
  const options = { tokens: tokensOf(record), log };
  const api = createApi({ store: Store.open(paths.store), machines, disks, networks, options });
  const names = new NameServer({ namespace: paths.namespace, stateDir: paths.names, log });
  // A change is there before the next look of anybody who made it.
  api.addHook("onResponse", async (request) => {
    if (request.method !== "GET" && request.url.includes("/domains"))
      void names.update(api.lab.zones()).catch(() => undefined);
  });
  await api.ready();
  await names.update(api.lab.zones());
  const authority = new Authority({
    namespace: paths.namespace,
    stateDir: paths.authority,
    program: authorityProgram(cachePaths()),
    log,
  });
  await authority.start();
  const metadata = createMetadataServer({
    machineAt: (address) => networks.machineAt(address),
    metadataFor: (id) => {
      const known = api.lab.metadataFor(id);
      return known && { ...known, userData: known.userData ?? undefined };
    },
  });
  await metadata.listen({ host: METADATA_ADDRESS, port: 80 });
  const mail = createMailSink(paths.mail, log);
  await mail.listen(MAIL_FOR_NODES.address, MAIL_FOR_NODES.port);
  return {
    api,
    machines,
    networks,
    close: async () => {
      await Promise.all([mail.close(), metadata.close(), api.close()]);
      machines.close();
      await Promise.all([upstream.close(), names.close(), authority.close()]);
    },
  };
}
