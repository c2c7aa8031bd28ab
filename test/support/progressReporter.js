"use strict";

/**
 * Says what each test came to as soon as it ends. Host and lab suites take minutes; jest's own reporter is silent until
 * the whole file is done.
 */
module.exports = class ProgressReporter {
  onTestCaseResult(_test, { ancestorTitles, title, status, duration }) {
    const seconds = Math.round((duration ?? 0) / 1000);
    process.stderr.write(`  ${status} ${[...ancestorTitles, title].join(" › ")} (${seconds} s)\n`);
  }
};
