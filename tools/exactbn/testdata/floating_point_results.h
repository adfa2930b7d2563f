// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <bit>
#include <string>
#include <vector>

#include "golden/corpus.h"
#include "golden/export.h"
#include "golden/vector/file.h"
#include "oracles/check.h"
#include "oracles/check/rounding_tally.h"
#include "oracles/check/ulp_histogram.h"
#include "oracles/defects.h"
#include "oracles/mismatch.h"
#include "oracles/probe.h"
#include "oracles/subjects/double.h"
#include "oracles/wire.h"
#include "properties/counterexample.h"
#include "properties/maximize.h"
#include "reference/arrays.h"
#include "reference/testing/trials.h"

namespace exactbn {

// What the entries of the libraries give, a line each, which must not depend on
// the caller's floating-point environment. Only integers are formatted here.
class FloatingPointResults {
 public:
  std::vector<std::string> lines() {
    add_suite();
    add_reference_and_oracles();
    add_properties();
    add_golden();
    return std::move(lines_);
  }

 private:
  static std::uint64_t bits(double value) {
    return std::bit_cast<std::uint64_t>(value);
  }

  void add(std::string_view entry, const std::string& result) {
    lines_.push_back(fmt::format("{} {}", entry, result));
  }

  void add(std::string_view entry, const Case& c, const Answer& answer) {
    add(entry, write_answer(c.id, answer));
  }

  void add_suite() {
    for (const Case& c : core_suite()) {
      // A few of every kind, and all with subnormal numbers.
      constexpr std::size_t kOneIn = kSanitized ? 160 : 40;
      const bool tiny = std::find(c.labels.begin(), c.labels.end(),
                                  "Subnormal") != c.labels.end();
      if (tiny || kept_.size() * kOneIn < seen_) kept_.push_back(c);
      ++seen_;
      add("core_suite", write_case(c));
    }
    constexpr std::uint64_t kDrawn = trials(30);
    for (std::uint64_t k = 0; k < kDrawn; ++k) {
      Problem problem = draw_case({}, 7, k).problem;
      kept_.push_back({fmt::format("drawn-{}", k), std::move(problem), {}});
      add("draw_case", write_case(kept_.back()));
    }
  }

  void add_reference_and_oracles() {
    DoubleSubject subject;
    for (const Case& c : kept_) {
      try {
        require_valid(c.problem);
      } catch (const InvalidProblem& why) {
        add("require_valid", why.what());
        continue;
      }
      const ExactBatchNorm exact(c.problem);
      Answer right;
      for (const Output output : output_names(c.problem)) {
        const DType dtype = output_format(c.problem, output);
        right.outputs.emplace(output, rounded(exact, output, dtype));
        Answer by_integers;
        by_integers.outputs.emplace(output, exact.rounded(output, dtype));
        add("ExactBatchNorm::rounded", c, by_integers);
      }
      add("rounded", c, right);
      add_verdict(c, right);
      Answer wrong = right;
      for (auto& [output, tensor] : wrong.outputs) {
        // A step away from zero, if that is a number.
        for (std::int64_t i = 0; i < tensor.size(); i += 2) {
          tensor.set_bits(i, tensor.bits(i) ^ 2);
        }
      }
      add_verdict(c, wrong);
      const Answer doubles = subject.answer(c);
      add("DoubleSubject", c, doubles);
      add_verdict(c, doubles);
      for (const double value : doubles_of(c.problem.x())) {
        sum_ += bits(value);
      }
    }
    add("doubles_of", std::to_string(sum_));
    const Card card = probe(subject);
    for (const CardLine& line : card.lines) add("probe", line.found);
  }

  void add_verdict(const Case& c, const Answer& answer) {
    const Declaration declaration;
    const CaseVerdict verdict =
        check(c, declaration, answer, Grade::sequential);
    for (const OutputVerdict& out : verdict.outputs) {
      add("check", fmt::format("{} {} {} {} {} {:x} {:x} {} {}", c.id,
                               to_string(out.output), to_string(out.verdict),
                               to_string(out.grade), out.failed_values,
                               bits(out.max_ulp), bits(out.max_eta),
                               out.undecided_values, out.why_beyond));
    }
    for (const UlpHistogram& ulps : ulp_histograms(
             c.problem, declaration, answer.outputs, verdict.outputs)) {
      add("ulp_histograms", std::to_string(ulps.decided()));
    }
    const Judge judge(c.problem, declaration);
    for (const auto& [output, tensor] : answer.outputs) {
      const Judgement j = judge(output, 0, tensor.bits(0), tensor.dtype());
      add("Judge",
          fmt::format("{:x} {:x} {:x}", bits(j.ulp), bits(j.eta), j.want));
    }
    add("mismatch", mismatch(c.problem, answer.outputs).text);
  }

  void add_properties() {
    Request request;
    request.cases = trials(30);
    for (const Law& law : laws()) request.laws.push_back(&law);
    const Defect* const defect = find_defect("epsilon_outside_root");
    const Source source = {
        [&] { return std::make_unique<DefectSubject>(*defect); }, true};
    const Survey found = survey(source, request);
    for (const Tally& t : found.tallies) {
      add("survey", fmt::format("{} {} {} {} {}", t.law, t.held, t.broken,
                                t.undecided, t.beyond));
    }
    for (const Discovery& discovery : found.discoveries) {
      ShrinkLimit limit;
      limit.evaluations = 40;
      const Counterexample c =
          shrink_discovery(source, request, discovery, limit);
      add("shrink_discovery",
          c.violation.text + write_case({"c", c.problem, {}}));
    }
    Request short_request;
    short_request.cases = trials(200);
    const Maximum most =
        maximize(source, short_request, {Output::y, Goal::Measure::ulp});
    add("maximize", fmt::format("{:x}", bits(most.value)));
  }

  void add_golden() {
    std::vector<CommentedCase> some;
    for (CommentedCase& c : corpus()) {
      if (some.size() * (kSanitized ? 640 : 80) < ++seen_)
        some.push_back(std::move(c));
    }
    for (const Exporter& exporter : exporters()) {
      if (!exporter.convention.empty()) continue;
      for (const OutputFile& file :
           exporter.write(prove_each(some), {"v", "c"})) {
        add(exporter.name, file.text);
      }
    }
  }

  std::vector<std::string> lines_;
  std::vector<Case> kept_;
  std::size_t seen_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace exactbn
