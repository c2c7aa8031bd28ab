import type { Node } from "./nodes";

/** What one node is asked, all in one connection; the answers belong to one moment. */
const QUESTIONS = {
  health: "ha-health",
  drbd: "cat /proc/drbd",
  resources: "grep -H -E '^(MINOR|DEVICE|PROMOTE)=' /etc/linode-ha/drbd/*",
  manager:
    "for unit in pacemaker heartbeat; do if systemctl cat $unit.service; then echo $unit=$(systemctl is-active $unit.service); fi; done 2>/dev/null | grep =; " +
    "if test -x /usr/local/sbin/ha-group; then echo manual=active; fi",
  crmMon: "timeout 8 crm_mon --one-shot --inactive --output-as=xml",
  cib: "timeout 8 cibadmin --query --scope configuration",
  heartbeat:
    "timeout 5 cl_status hbstatus >/dev/null && echo runs=yes; echo holds=$(timeout 5 cl_status rscstatus); " +
    "for node in $(sed -n 's/^node //p' /etc/ha.d/ha.cf); do echo node=$node=$(timeout 5 cl_status nodestatus $node); done; " +
    "timeout 20 /usr/local/lib/linode-ha/heartbeat-groups",
  haResources: "cat /etc/ha.d/haresources",
  haCf: "grep -E '^(auto_failback|stonith_host|node)' /etc/ha.d/ha.cf",
  groups:
    'for file in /etc/linode-ha/groups/*; do test -e $file || continue; echo "@group ${file##*/}"; cat $file; ' +
    'echo @status; timeout 20 ha-group status "${file##*/}" --json; done',
  addresses: "ip -o address show",
  mounts: "findmnt -rn -o SOURCE,TARGET",
} as const;

type Question = keyof typeof QUESTIONS;

const MARK = "@@linode-ha";
const SURVEY_MS = 45_000;

/** What a node answered to each question; missing: the command failed, in general because that is not on this node. */
export type Answers = Readonly<Partial<Record<Question, string>>> & {
  /** The node's exit code and words, whatever became of the command. */
  readonly healthCode?: number;
};

/** A node's answers, or why there are none. */
export type Survey =
  | { readonly node: Node; readonly reached: true; readonly answers: Answers }
  | { readonly node: Node; readonly reached: false; readonly why: string };

/** The questions as one command. */
export function surveyCommand(): string {
  return Object.entries(QUESTIONS)
    .map(([name, command]) => `echo '${MARK} ${name}'; { ${command}; } 2>/dev/null; printf '\\n${MARK} = %s\\n' $?`)
    .join("\n");
}

/** Takes the one answer apart. */
export function splitAnswers(text: string): Answers {
  const answers = new Map<string, string>();
  let last = "";
  let healthCode: number | undefined;
  for (const part of text.split(`${MARK} `).slice(1)) {
    const end = part.indexOf("\n");
    const head = part.slice(0, end === -1 ? undefined : end).trim();
    const code = /^= (\d+)$/.exec(head)?.[1];
    if (code === undefined) {
      last = head;
      answers.set(head, part.slice(end + 1).replace(/\n$/, ""));
      continue;
    }
    if (last === "health") healthCode = Number(code);
    else if (code !== "0" && !["groups", "resources", "heartbeat", "manager"].includes(last)) answers.delete(last);
  }
  return { ...Object.fromEntries(answers), ...(healthCode === undefined ? {} : { healthCode }) };
}

/** Asks one node everything. Never fails: a node that cannot be asked is an answer too. */
export async function survey(node: Node): Promise<Survey> {
  try {
    const { stdout } = await node.run(surveyCommand(), SURVEY_MS);
    return { node, reached: true, answers: splitAnswers(stdout) };
  } catch (error) {
    return { node, reached: false, why: error instanceof Error ? error.message : String(error) };
  }
}
