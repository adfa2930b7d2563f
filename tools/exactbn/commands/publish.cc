// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "oracles/printable.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/page.h"
#include "tools/exactbn/print.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/github.h"
#include "tools/exactbn/report/write_file.h"

namespace exactbn {

int publish(const Run& run, const Judging& judging) {
  if (!judging.json.empty()) write_file(judging.json, json_report(run));
  if (!judging.junit.empty()) {
    write_file(judging.junit, junit_report(std::array{&run}));
  }
  if (!judging.html.empty()) {
    write_file(judging.html, html_page({{run.declaration.subject, &run, {}}}));
  }
  if (judging.github) {
    append_step_summary(
        run.declaration.subject,
        text_report(run, std::min(judging.errors, kMostAnnotations)));
    print("{}", annotations(run, judging.errors));
  }
  print("{}", text_report(run, judging.errors));
  const Summary summary = summarize(run);
  if (!run.stopped.empty()) {
    complain("exactbn: {}\n", printable(run.stopped));
  } else if (summary.run == 0) {
    complain("exactbn: nothing was asked: {} supports no case\n",
             printable(run.declaration.subject));
  }
  return exit_code(run);
}

int publish(const std::vector<SubjectRun>& all, const Judging& judging) {
  if (!judging.json.empty()) write_file(judging.json, matrix_json(all));
  std::vector<const Run*> runs;
  std::vector<PageSubject> shown;
  for (const SubjectRun& c : all) {
    const bool started = c.failure.empty();
    if (started) runs.push_back(&c.run);
    shown.push_back({c.name, started ? &c.run : nullptr, c.failure});
  }
  if (!judging.junit.empty()) write_file(judging.junit, junit_report(runs));
  if (!judging.html.empty()) write_file(judging.html, html_page(shown));
  if (judging.github) {
    append_step_summary(fmt::format("{} subjects", all.size()),
                        matrix_text(all));
    for (const Run* run : runs) {
      print("{}", annotations(*run, judging.errors));
    }
  }
  for (const Run* run : runs) {
    if (judging.errors > 0) {
      print("{}", failures_text(*run, judging.errors));
    }
  }
  print("{}", matrix_text(all));
  return exit_code(all);
}

}  // namespace exactbn
