// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/report/maximize_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "oracles/format_names.h"
#include "oracles/judge.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/report/counterexample_text.h"
#include "tools/exactbn/report/json_parts.h"

namespace exactbn {

namespace {

// The measured value, and the right one.
struct Measured {
  std::string got;
  std::string want;
  Judgement judgement;
};
Measured measured(const MaximizeRun& run) {
  const Maximum& r = run.maximum;
  const Tensor& got = r.answer.outputs.at(run.goal.output);
  const DType dtype = got.dtype();
  const Judge judge(r.problem, r.declaration);
  const Judgement j = judge(run.goal.output, r.index, got.bits(r.index), dtype);
  return {to_hexfloat(got.bits(r.index), dtype), to_hexfloat(j.want, dtype), j};
}

}  // namespace

Case case_of(const MaximizeRun& run) {
  return {"maximum-" + to_string(run.goal), run.maximum.problem, {}};
}

std::string maximize_text(const MaximizeRun& run) {
  const Maximum& r = run.maximum;
  std::string text =
      fmt::format("{}   {} cases   seed {}   profile {}\n\n",
                  printable(r.declaration.subject), r.tried, run.request.seed,
                  to_string(run.request.draw.profile));
  if (r.value >= 0) {
    const Measured v = measured(run);
    text += fmt::format(
        "MAXIMUM {} {:.6g}   {:.6g} when drawn, improved in {} steps\n",
        to_string(run.goal), r.value, r.drawn, r.improvements);
    text += fmt::format(
        "  {:<12} {}[{}]   got {}, want {}: {:+.3g} ulp, eta {:.3g}\n", "found",
        run.goal.output, r.index, v.got, v.want, v.judgement.ulp,
        v.judgement.eta);
    text += problem_text(r.problem, r.answer);
    if (!run.replay.empty()) {
      text += fmt::format("  {:<12} {}\n", "again", printable(run.replay));
    }
    text += '\n';
  }
  if (r.broke) text += "the subject crashed, hung or broke the protocol\n";
  if (r.interrupted) text += "interrupted\n";
  return text + (r.value >= 0
                     ? fmt::format("{} is at most {:.6g}, of {} cases\n",
                                   to_string(run.goal), r.value, r.tried)
                     : fmt::format("{} was not measured in any of {} cases\n",
                                   to_string(run.goal), r.tried));
}

std::string maximize_json(const MaximizeRun& run) {
  const Maximum& r = run.maximum;
  Json report = {{"schema", "exactbn/maximum/1"},
                 {"subject", r.declaration.subject},
                 {"version", EXACTBN_VERSION},
                 {"seed", run.request.seed},
                 {"profile", to_string(run.request.draw.profile)},
                 {"goal", to_string(run.goal)},
                 {"cases", r.tried},
                 {"interrupted", r.interrupted}};
  if (r.value >= 0) {
    const Measured v = measured(run);
    report["maximum"] = {{"value", r.value},
                         {"drawn", r.drawn},
                         {"steps", r.improvements},
                         {"output", to_string(run.goal.output)},
                         {"index", r.index},
                         {"got", v.got},
                         {"want", v.want},
                         {"case", Json::parse(write_case(case_of(run)))}};
  }
  return report_text(report);
}

int exit_code(const Maximum& maximum) {
  if (maximum.broke) return 3;
  if (maximum.value >= 0) return 0;
  return maximum.interrupted ? 130 : 4;
}

}  // namespace exactbn
