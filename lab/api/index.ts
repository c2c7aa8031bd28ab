/** The local Linode's API v4. */
export { createApi, type ApiServer } from "./server";
export { Store } from "./store";
export type { Parts } from "./context";
export type { AddressPlan, ApiOptions, ApiToken, Delays } from "./options";
export type { LabControl, LabNode, Metadata } from "./control";
export type { ApiFault, FaultMatch, Faults } from "./faults";
export type { Zone, ZoneRecord } from "./services/zone";
export { REGIONS } from "./catalog/regions";
