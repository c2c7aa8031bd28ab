/** A program of empty resources: as many components and as many custom resources as it is told. */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

class Empty extends pulumi.ComponentResource {
  constructor(name: string) {
    super("bench:index:Empty", name);
    this.registerOutputs({});
  }
}

const count = (variable: string): number[] =>
  Array.from({ length: Number(process.env[variable]) }, (_, index) => index);

for (const index of count("BENCH_COMPONENTS")) {
  new Empty(`component-${index}`);
}
for (const index of count("BENCH_CUSTOM")) {
  new random.RandomId(`custom-${index}`, { byteLength: 8 });
}
