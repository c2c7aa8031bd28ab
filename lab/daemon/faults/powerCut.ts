import type { Fault } from "./contract";

/** A power cut: what the guest had not written is lost. Lassie boots it again, as on a real Linode. */
export const powerCut: Fault = {
  usage: "power-cut <node>",
  summary: "cut a Linode's power; Lassie, the watchdog, boots it again",
  options: [{ flags: "--stay-down", help: "keep Lassie away: it stays off until it is booted through the API" }],
  async run({ region, node }, { args, options }) {
    const { id, label } = node(args[0]);
    const stayDown = options.stayDown === true;
    await region.api.lab.powerCut(id, { stayDown });
    return stayDown
      ? `${label}: power cut; it stays off until it is booted`
      : `${label}: power cut; Lassie boots it again`;
  },
};
