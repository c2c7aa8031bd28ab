import { PolicyPack } from "@pulumi/policy";
import { availabilityPack } from "./pack";

new PolicyPack("linode-ha", availabilityPack());
