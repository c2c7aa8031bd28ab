import type { Measure } from "../row";

/** What takes this machine's caches or minutes of its own: its command says the figure. */
export const byClock: Measure = {
  name: "by-clock",
  run: async () => [
    {
      what: "make up, cold",
      target: "at most 10 min",
      measured: "bin/linode-lab down --purge --cache && make up",
      notes: [
        "its last line but the hints says how long it took; --cache deletes the images and the engine of all labs",
      ],
    },
    { what: "make up, warm", target: "at most 3 min", measured: "make purge && make up" },
    {
      what: "make test",
      target: "at most 30 min",
      measured: "make test",
      notes: ["the line `total` says how long it took"],
    },
  ],
};
