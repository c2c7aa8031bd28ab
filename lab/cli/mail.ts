import type { Command } from "commander";
import { readMails, subjectOf } from "../mail/read";
import type { Mail } from "../mail/sink";
import { becomeRoot } from "./privileges";
import { runningLab } from "./running";

/** `linode-lab mail` */
export function defineMail(program: Command): void {
  program
    .command("mail")
    .description("show the mail that Linodes sent to the lab's smarthost, 203.0.113.2 port 25; it goes nowhere else")
    .option("--full", "whole messages instead of a line each")
    .option("--json", "for programs: whole messages")
    .action((options: { full?: boolean; json?: boolean }) => {
      const { paths } = runningLab(program.opts<{ lab?: string }>().lab);
      becomeRoot();
      const mails = readMails(paths.mail);
      if (options.json === true) process.stdout.write(`${JSON.stringify(mails, undefined, 2)}\n`);
      else process.stdout.write(describeMails(mails, options.full === true));
    });
}

/** The mails for people. Pure. */
export function describeMails(mails: readonly Mail[], full: boolean): string {
  if (mails.length === 0) return "no mail\n";
  return mails
    .map((mail) => {
      const head = `${mail.at.replace(/\.\d+Z$/, "Z")}  ${mail.from || "<>"} -> ${mail.to.join(", ")}`;
      return full ? `=== ${head}\n${mail.message.replace(/\r\n/g, "\n").trimEnd()}\n` : `${head}  ${subjectOf(mail)}\n`;
    })
    .join(full ? "\n" : "");
}
