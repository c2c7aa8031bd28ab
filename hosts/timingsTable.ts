import { managerTimings, type ManagerTimings } from "./managerTimings";

/** The settings of `detection` that the table shows: the least, the defaults of the systems, one between, the most. */
const DETECTIONS = [2, 3, 6, 15, 30] as const;
/** The default of `confirmSeconds`. */
const CONFIRM_SECONDS = 60;

interface Row {
  readonly who: string;
  readonly setting: string;
  readonly value: (fenced: ManagerTimings, unfenced: ManagerTimings) => string;
}

const seconds = (value: number): string => `${Number(value.toFixed(3))} s`;
const milliseconds = (value: number): string => seconds(value / 1000);
const beats = ({ storage: { o2cb } }: ManagerTimings): string =>
  `${seconds((o2cb.heartbeatDeadThreshold - 1) * 2)} (${o2cb.heartbeatDeadThreshold})`;

const ROWS: readonly Row[] = [
  {
    who: "DRBD",
    setting: "`ping-int` + `ping-timeout`",
    value: ({ storage: { drbd } }) => `${seconds(drbd.pingInt)} + ${seconds(drbd.pingTimeout / 10)}`,
  },
  { who: "DRBD", setting: "`timeout`", value: ({ storage: { drbd } }) => seconds(drbd.timeout / 10) },
  { who: "DRBD", setting: "`connect-int`", value: ({ storage: { drbd } }) => seconds(drbd.connectInt) },
  { who: "corosync", setting: "`token`", value: ({ corosync }) => milliseconds(corosync.token) },
  { who: "corosync", setting: "`consensus`", value: ({ corosync }) => milliseconds(corosync.consensus) },
  { who: "corosync", setting: "`join`", value: ({ corosync }) => milliseconds(corosync.join) },
  { who: "Heartbeat", setting: "`keepalive`", value: ({ heartbeat }) => seconds(heartbeat.keepalive) },
  { who: "Heartbeat", setting: "`warntime`", value: ({ heartbeat }) => seconds(heartbeat.warntime) },
  { who: "Heartbeat", setting: "`deadtime`, `deadping`", value: ({ heartbeat }) => seconds(heartbeat.deadtime) },
  { who: "Heartbeat", setting: "`initdead`", value: ({ heartbeat }) => seconds(heartbeat.initdead) },
  { who: "fencing", setting: "delay of the node that yields", value: ({ fencing }) => seconds(fencing.delay) },
  { who: "fencing", setting: "all of it (`stonith-timeout`)", value: ({ fencing }) => seconds(fencing.total) },
  { who: "DRBD", setting: "the fence-peer handler's wait", value: ({ fencing }) => seconds(fencing.handler) },
  { who: "Pacemaker", setting: "DRBD's promote", value: ({ drbd }) => seconds(drbd.promote) },
  { who: "o2cb", setting: "node dead (threshold)", value: (fenced) => beats(fenced) },
  { who: "o2cb", setting: "the same without fencing", value: (_fenced, unfenced) => beats(unfenced) },
  { who: "o2cb", setting: "network idle", value: ({ storage: { o2cb } }) => milliseconds(o2cb.idleTimeoutMs) },
];

/** What each `detection` makes of everybody's times, as a Markdown table. */
export function renderTimings(): string {
  const both = DETECTIONS.map(
    (detection) =>
      [
        managerTimings({ seconds: detection, fencingSeconds: CONFIRM_SECONDS }),
        managerTimings({ seconds: detection }),
      ] as const,
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(["who", "setting", ...DETECTIONS.map((detection) => `${detection} s`)]),
    line(["---", "---", ...DETECTIONS.map(() => "---")]),
    ...ROWS.map(({ who, setting, value }) =>
      line([who, setting, ...both.map(([fenced, unfenced]) => value(fenced, unfenced))]),
    ),
  ].join("\n");
}
