import { join } from "node:path";
import { FreshPair } from "../freshPair";
import { inSeconds, type Measure } from "../row";

const MOST_SECONDS = 20;

/** From the request to boot until a login, with the host key that cloud-init put there; two guests together, first boot. */
export const boot: Measure = {
  name: "boot",
  run: async (bench) => {
    const api = await bench.api();
    bench.say("booting two fresh guests");
    const pair = await FreshPair.create(api);
    try {
      const seconds = await Promise.all(
        pair.hosts.map(async ({ name }, index) => {
          const probe = [join(__dirname, "..", "untilSsh.sh"), join(pair.folder, "ssh_config"), name];
          const answered = Number(await bench.lab.execOk(probe, { seconds: 240 }));
          return answered - pair.bootedAt[index]! / 1000;
        }),
      );
      return [
        {
          what: "guest boot to SSH with cloud-init, two together",
          target: `at most ${MOST_SECONDS} s`,
          measured: pair.hosts.map(({ name }, index) => `${name} ${inSeconds(seconds[index]!)}`).join(", "),
          met: Math.max(...seconds) <= MOST_SECONDS,
          notes: [
            "from the API's boot request to the first login with a checked host key; the slower of the two counts",
          ],
        },
      ];
    } finally {
      await pair.remove(api);
    }
  },
};
