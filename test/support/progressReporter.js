"use strict";

/** Characters of a failure; jest tells all of it in the end. */
const MOST = 1500;

/**
 * Says what each test came to as soon as it ends. Host and lab suites take minutes; jest's own reporter is silent until
 * the whole file is done.
 */
module.exports = class ProgressReporter {
  onTestCaseResult(_test, { ancestorTitles, title, status, duration, failureMessages = [] }) {
    const seconds = Math.round((duration ?? 0) / 1000);
    const why = failureMessages.map((message) => message.split(/\n +at /)[0].slice(0, MOST)).join("\n");
    const said = why.replace(/^/gm, "    ").trimEnd();
    process.stderr.write(
      `  ${status} ${[...ancestorTitles, title].join(" › ")} (${seconds} s)\n${said && `${said}\n`}`,
    );
  }
};
