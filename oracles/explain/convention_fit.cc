// SPDX-License-Identifier: Apache-2.0
#include "oracles/explain/convention_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "oracles/momentum.h"
#include "oracles/wire/words.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

// One convention, or several at once: running_var is right only if both of its
// conventions are.
struct Alternative {
  std::vector<OtherConvention> others;
  std::function<void(Declaration&)> declare;
  bool other_momentum = false;
  OutputNames outputs;  // that depend on it; empty: all
  // Whether it may change the verdict.
  std::function<bool(const Problem&, const CaseVerdict&)> applies;
  // Whether it must mend half of all failures of an output, because a few may
  // have another cause: a value that is too small for f16 is 0 there, too.
  bool of_all_failures = false;
};

bool updates(const Problem& problem, const CaseVerdict&) {
  return problem.find(Input::running_mean) || problem.find(Input::running_var);
}

// Whether a wrong value is 0 where a subnormal number is right.
bool may_be_flushed(const Problem&, const CaseVerdict& verdict) {
  return std::any_of(
      verdict.outputs.begin(), verdict.outputs.end(),
      [](const OutputVerdict& out) {
        if (out.verdict != Verdict::failed) return false;
        const double want = to_double(out.worst.judgement.want, out.dtype);
        return magnitude(out.worst.got, out.dtype) == 0 &&
               std::fabs(want) < std::ldexp(1.0, format(out.dtype).emin);
      });
}

std::vector<Alternative> alternatives(const Declaration& now) {
  std::vector<Alternative> all;
  const Momentum momentum = now.momentum == Momentum::weight_of_new
                                ? Momentum::weight_of_old
                                : Momentum::weight_of_new;
  const OtherConvention side = {"momentum", std::string(wire::word(momentum)),
                                momentum == Momentum::weight_of_old
                                    ? "momentum multiplies the old statistic"
                                    : "momentum multiplies the new statistic"};
  const RunningVariance variance =
      now.running_variance == RunningVariance::biased
          ? RunningVariance::unbiased
          : RunningVariance::biased;
  const std::string word(wire::word(variance));
  const OtherConvention divisor = {
      "running_variance", word, "running_var takes the " + word + " variance"};
  const auto set_momentum = [=](Declaration& d) { d.momentum = momentum; };
  const auto set_variance = [=](Declaration& d) {
    d.running_variance = variance;
  };
  const auto by_weight = [](const Problem& p, const CaseVerdict& v) {
    return updates(p, v) && p.momentum && *p.momentum != 0.5;
  };
  all.push_back({{side},
                 set_momentum,
                 true,
                 {Output::running_mean, Output::running_var},
                 by_weight});
  all.push_back(
      {{divisor}, set_variance, false, {Output::running_var}, updates});
  all.push_back({{side, divisor},
                 [=](Declaration& d) {
                   set_momentum(d);
                   set_variance(d);
                 },
                 true,
                 {Output::running_mean, Output::running_var},
                 updates});
  for (const SingleValue value : wire::kSingleValues) {
    if (value == now.single_value) continue;
    constexpr auto text = [](SingleValue v) {
      return v == SingleValue::nan    ? "running_var of one value is NaN"
             : v == SingleValue::keep ? "running_var of one value is kept"
                                      : "a batch of one value is rejected";
    };
    all.push_back(
        {{{"single_value", std::string(wire::word(value)), text(value)}},
         [=](Declaration& d) { d.single_value = value; },
         false,
         {Output::running_var},
         [](const Problem& p, const CaseVerdict&) {
           return p.view().count() == 1;
         }});
  }
  const bool zero = now.zero_variance == ZeroVariance::nan;
  const ZeroVariance other = zero ? ZeroVariance::zero : ZeroVariance::nan;
  all.push_back(
      {{{"zero_variance", std::string(wire::word(other)),
         zero ? "0/0 gives zero" : "0/0 gives NaN"}},
       [=](Declaration& d) { d.zero_variance = other; },
       false,
       {},
       [](const Problem& p, const CaseVerdict&) { return p.epsilon == 0; }});
  if (now.subnormals == Subnormals::keep) {
    all.push_back({{{"subnormals", "flush", "subnormals are flushed to zero"}},
                   [](Declaration& d) { d.subnormals = Subnormals::flush; },
                   false,
                   {},
                   may_be_flushed,
                   true});
  }
  return all;
}

// The failures of an output before and after, where the verdicts differ.
struct Change {
  std::int64_t failed = 0;   // before
  std::int64_t mended = 0;   // of them, not failed after
  std::int64_t spoiled = 0;  // failed after, but not before
};

class Fitter {
 public:
  Fitter(std::span<const JudgedAnswer> answers, Grade required)
      : answers_(answers), required_(required) {
    for (const JudgedAnswer& a : answers) verdicts_.push_back(*a.verdict);
    reread_.resize(answers.size());
  }

  // The number of failures that the alternative mends; 0 if it does not fit.
  std::int64_t mends(const Alternative& alternative,
                     const Declaration& now) const {
    Declaration declaration = now;
    alternative.declare(declaration);
    std::map<Output, Change> changes;
    // What passes is asked only if something mends.
    for (const bool failed : {true, false}) {
      for (std::size_t i = 0; i < answers_.size(); ++i) {
        if (!is_concerned(alternative, i)) continue;
        compare(alternative, declaration, i, failed, changes);
      }
      if (failed && alternative.of_all_failures) count_all(changes);
      if (std::none_of(changes.begin(), changes.end(), is_mended)) return 0;
    }
    std::int64_t mended = 0;
    for (const auto& [output, change] : changes) {
      if (change.spoiled > 0) return 0;
      mended += change.mended;
    }
    return mended;
  }

  void take(const Alternative& alternative, ConventionFit& fit) {
    alternative.declare(fit.declaration);
    fit.other_momentum = fit.other_momentum != alternative.other_momentum;
    for (const OtherConvention& other : alternative.others) {
      fit.others.push_back(other);
    }
    concerns_all_ = concerns_all_ || alternative.outputs.empty();
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      if (!is_concerned(alternative, i)) continue;
      const Answer part = part_of(*answers_[i].answer, [&](Output output) {
        return concerns(alternative, output);
      });
      const CaseVerdict before = verdicts_[i];
      for (Case& read : fit.readings(*answers_[i].question)) {
        reread_[i] = std::move(read);
        verdicts_[i] = replaced(
            before, check(*reread_[i], fit.declaration, part, required_));
        if (verdicts_[i].verdict != Verdict::failed) break;
      }
    }
  }

  // The answers whose verdict may be another than before.
  std::vector<std::size_t> changed() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      const CaseVerdict& before = *answers_[i].verdict;
      if (concerns_all_ || before.verdict != verdicts_[i].verdict ||
          before.outputs != verdicts_[i].outputs) {
        all.push_back(i);
      }
    }
    return all;
  }

 private:
  static bool is_mended(const std::pair<const Output, Change>& each) {
    return 2 * each.second.mended >=
           std::max<std::int64_t>(1, each.second.failed);
  }

  // Counts the failures of each output in all cases.
  void count_all(std::map<Output, Change>& changes) const {
    for (auto& [output, change] : changes) {
      change.failed = 0;
      for (std::size_t i = 0; i < answers_.size(); ++i) {
        change.failed += verdict_of(i, output) == Verdict::failed ? 1 : 0;
      }
    }
  }

  static bool concerns(const Alternative& alternative, Output output) {
    return alternative.outputs.empty() || alternative.outputs.contains(output);
  }

  // The answer with some of its outputs; a refusal as it is.
  template <class Keep>
  static Answer part_of(const Answer& answer, const Keep& keep) {
    Answer part;
    part.kind = answer.kind;
    part.message = answer.message;
    for (const auto& [output, tensor] : answer.outputs) {
      if (keep(output)) part.outputs[output] = tensor;
    }
    return part;
  }

  // The verdict with those of some outputs, which were judged again.
  static CaseVerdict replaced(CaseVerdict verdict, const CaseVerdict& again) {
    if (again.outputs.empty()) return again;
    Verdict worst = verdict.reason.empty() ? Verdict::passed : verdict.verdict;
    for (OutputVerdict& out : verdict.outputs) {
      for (const OutputVerdict& now : again.outputs) {
        if (now.output == out.output) out = now;
      }
      worst = std::max(worst, out.verdict);
    }
    verdict.verdict = worst;
    return verdict;
  }

  const Case& question(std::size_t i) const {
    return reread_[i] ? *reread_[i] : *answers_[i].question;
  }

  bool is_concerned(const Alternative& alternative, std::size_t i) const {
    return verdicts_[i].verdict != Verdict::unsupported &&
           alternative.applies(question(i).problem, verdicts_[i]);
  }

  // Counts the changes of what failed before, or of what did not.
  void compare(const Alternative& alternative, const Declaration& declaration,
               std::size_t i, bool failed,
               std::map<Output, Change>& changes) const {
    const Answer part = part_of(*answers_[i].answer, [&](Output output) {
      return concerns(alternative, output) &&
             (verdict_of(i, output) == Verdict::failed) == failed;
    });
    const bool refused = part.kind != Answer::Kind::outputs;
    if (refused && (verdicts_[i].verdict == Verdict::failed) != failed) return;
    if (!refused && part.outputs.empty()) return;
    std::optional<Case> read;
    if (alternative.other_momentum) {
      auto problem = with_other_momentum(question(i).problem);
      if (!problem) return;
      read = {question(i).id, *std::move(problem), {}};
    }
    const CaseVerdict after =
        check(read ? *read : question(i), declaration, part, required_);
    const auto count = [&](Output output, Verdict now) {
      Change& change = changes[output];
      change.failed += failed ? 1 : 0;
      change.mended += failed && now != Verdict::failed ? 1 : 0;
      change.spoiled += !failed && now == Verdict::failed ? 1 : 0;
    };
    // A refusal is about the running variance.
    if (refused) count(Output::running_var, after.verdict);
    for (const OutputVerdict& now : after.outputs) {
      count(now.output, now.verdict);
    }
  }

  Verdict verdict_of(std::size_t i, Output output) const {
    for (const OutputVerdict& out : verdicts_[i].outputs) {
      if (out.output == output) return out.verdict;
    }
    return Verdict::missing;
  }

  std::span<const JudgedAnswer> answers_;
  Grade required_;
  std::vector<CaseVerdict> verdicts_;
  bool concerns_all_ = false;  // a convention of all outputs was taken
  std::vector<std::optional<Case>> reread_;  // if the subject read another
};

}  // namespace

std::vector<Case> ConventionFit::readings(const Case& c) const {
  std::vector<Case> all;
  auto other = with_other_momentum(c.problem);
  if (!other_momentum || !other || !c.problem.momentum) all.push_back(c);
  if (other_momentum && other)
    all.push_back({c.id, *std::move(other), c.labels});
  return all;
}

ConventionFit fit_convention(std::span<const JudgedAnswer> answers,
                             const Declaration& declared, Grade required) {
  const StandardEnvironment environment;
  ConventionFit fit;
  fit.declaration = declared;
  const auto has_failed = [](const JudgedAnswer& a) {
    return a.verdict->verdict == Verdict::failed;
  };
  if (std::none_of(answers.begin(), answers.end(), has_failed)) return fit;
  Fitter fitter(answers, required);
  // Each field changes at most once, so this ends.
  std::vector<std::string> changed;
  for (;;) {
    std::optional<Alternative> best;
    std::int64_t most = 0;
    for (Alternative& alternative : alternatives(fit.declaration)) {
      const bool again =
          std::any_of(alternative.others.begin(), alternative.others.end(),
                      [&](const OtherConvention& other) {
                        return std::find(changed.begin(), changed.end(),
                                         other.field) != changed.end();
                      });
      if (again) continue;
      const std::int64_t mends = fitter.mends(alternative, fit.declaration);
      if (mends <= most) continue;
      most = mends;
      best = std::move(alternative);
    }
    if (!best) {
      fit.changed = fitter.changed();
      return fit;
    }
    for (const OtherConvention& other : best->others) {
      changed.push_back(other.field);
    }
    fitter.take(*best, fit);
  }
}

}  // namespace exactbn
