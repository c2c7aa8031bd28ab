/** The Pulumi program: deploys the reference system that the stack's configuration names. */
import { deploy } from "./stacks";

export = deploy;
