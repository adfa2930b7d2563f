// SPDX-License-Identifier: Apache-2.0
#include "oracles/diagnose/likeness.h"

#include <algorithm>
#include <cmath>

#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

constexpr std::array kOrders = {Order::forward, Order::reversed,
                                Order::pairwise, Order::lanes};

Memory memory_of(const Past& past) {
  Memory memory;
  memory.poisoned = past.poisoned;
  if (!past.question || !past.answer) return memory;
  const Problem& problem = past.question->problem;
  WideOutputs& last = memory.last[problem.operation];
  for (const Output name : output_names(problem)) {
    const auto tensor = past.answer->outputs.find(name);
    if (tensor == past.answer->outputs.end()) continue;
    if (shaped_like_x(name)) {
      last[name] = to_matrix<Wide>(tensor->second, problem.channel_axis);
    } else {
      last[name] = to_row<Wide>(tensor->second);
    }
  }
  return memory;
}

bool same_values(const Tensor& a, const Tensor& b) {
  if (a == b) return true;
  if (a.dtype() != b.dtype()) return false;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    if (!same_value(a.bits(i), b.bits(i), a.dtype())) return false;
  }
  return true;
}

// One output of a prediction and of an answer.
class OutputPair {
 public:
  OutputPair(Truth& truth, const Prediction& prediction, Output name,
             const Tensor& got)
      : truth_(truth),
        name_(name),
        got_(got),
        right_(truth.right().find(name)->second),
        view_(truth.question().problem.view()),
        of_channel_(!shaped_like_x(name)) {
    for (const OutputTensors& answer : prediction.answers) {
      models_.push_back(&answer.find(name)->second);
    }
    if (!prediction.past) return;
    const auto past = prediction.past->outputs.find(name);
    if (past == prediction.past->outputs.end()) return;
    if (past->second.size() == got.size()) past_ = &past->second;
  }

  bool agrees() {
    for (std::int64_t i = 0; i < got_.size(); ++i) {
      if (!agrees(i)) return false;
    }
    return true;
  }

  // The evidence of values that agree. Values of a channel are not independent,
  // so only the strongest counts. Zeros, NaN and infinities result from many
  // defects, so all of them together count once.
  double evidence() {
    constexpr double kMost = 24;
    std::vector<double> of_channel(static_cast<std::size_t>(view_.channels));
    bool special = false;
    for (std::int64_t i = 0; i < got_.size(); ++i) {
      if (same_value(got_.bits(i), round_to(right_.value(i), got_.dtype()),
                     got_.dtype())) {
        continue;
      }
      const double value = got_.value(i);
      if (!std::isfinite(value) || value == 0) {
        special = true;
        continue;
      }
      if (!right_.finite(i)) continue;
      const Wide apart = std::fabs(Wide{value} - right_.value(i));
      const Wide width = around(i).width();
      if (width >= apart) continue;
      double& best = of_channel[static_cast<std::size_t>(channel(i))];
      best = std::max(best, static_cast<double>(std::log2(apart / width)));
    }
    double sum = special ? 1 : 0;
    for (const double bits : of_channel) sum += std::min(bits, kMost);
    return sum;
  }

 private:
  // The interval in which a value agrees with the model.
  struct Interval {
    Wide low = 0;
    Wide high = -1;
    bool holds(Wide value) const { return low <= value && value <= high; }
    Wide width() const { return std::max(high - low, Wide{0}) / 2; }
  };

  std::int64_t channel(std::int64_t i) const {
    return of_channel_ ? i : view_.channel(i);
  }

  // Empty if no model value is a number.
  Interval around(std::int64_t i) {
    Wide low = HUGE_VALL;
    Wide high = -HUGE_VALL;
    for (const Tensor* model : models_) {
      if (!model->finite(i)) continue;
      low = std::min<Wide>(low, model->value(i));
      high = std::max<Wide>(high, model->value(i));
    }
    if (low > high) return {};
    const auto largest =
        static_cast<double>(std::max(std::fabs(low), std::fabs(high)));
    Wide rounding = ulp_of(largest, got_.dtype()) / 2 +
                    ulp_of(largest, models_.front()->dtype()) / 2;
    if (past_ && past_->finite(i)) {
      rounding += ulp_of(past_->value(i), past_->dtype()) / 2;
    }
    const Wide margin =
        high - low + rounding + scale(channel(i)) * truth_.tolerance(name_, i);
    return {low - margin, high + margin};
  }

  bool agrees(std::int64_t i) {
    const std::uint64_t bits = got_.bits(i);
    const DType dtype = got_.dtype();
    for (const Tensor* model : models_) {
      if (dtype == model->dtype() && same_value(bits, model->bits(i), dtype)) {
        return true;
      }
    }
    if (got_.finite(i) && around(i).holds(got_.value(i))) return true;
    if (truth_.fails(name_, i, bits, dtype)) return false;
    return std::any_of(
        models_.begin(), models_.end(), [&](const Tensor* model) {
          return !truth_.fails(name_, i, model->bits(i), model->dtype());
        });
  }

  // The tolerance is derived for the right values. A model with larger values
  // magnifies rounding in proportion.
  Wide scale(std::int64_t c) {
    if (scales_.empty()) find_scales();
    return scales_[static_cast<std::size_t>(c)];
  }

  void find_scales() {
    std::vector<double> right(static_cast<std::size_t>(view_.channels));
    std::vector<double> model(right.size());
    const auto raise = [](double& most, const Tensor& tensor, std::int64_t i) {
      if (tensor.finite(i)) most = std::max(most, std::fabs(tensor.value(i)));
    };
    for (std::int64_t i = 0; i < got_.size(); ++i) {
      const auto c = static_cast<std::size_t>(channel(i));
      raise(right[c], right_, i);
      raise(model[c], *models_.front(), i);
    }
    for (std::size_t c = 0; c < right.size(); ++c) {
      scales_.push_back(
          right[c] > 0 ? std::max(Wide{1}, Wide{model[c]} / right[c]) : 1);
    }
  }

  Truth& truth_;
  Output name_;
  const Tensor& got_;
  const Tensor& right_;
  ChannelView view_;
  bool of_channel_;
  std::vector<const Tensor*> models_;
  const Tensor* past_ = nullptr;
  std::vector<Wide> scales_;
};

bool is_compared(const Truth& truth, Output name) {
  return truth.right().contains(name) && truth.is_compared(name);
}

bool is_exact(const Truth& truth, const OutputTensors& model,
              const OutputTensors& got) {
  return std::all_of(got.begin(), got.end(), [&](const auto& output) {
    const auto& [name, tensor] = output;
    return !is_compared(truth, name) ||
           same_values(tensor, model.find(name)->second);
  });
}

}  // namespace

Prediction predict(const Defect& defect, Truth& truth, const Past& past) {
  const StandardEnvironment environment;
  const Problem& problem = truth.question().problem;
  const Model& model = defect.model;
  const Memory before = model.recalled ? memory_of(past) : Memory();
  Prediction prediction;
  prediction.past = model.recalled ? past.answer : nullptr;
  std::size_t failing = 0;
  for (const Order order : kOrders) {
    Memory memory = before;
    prediction.answers.push_back(
        answer_of(model, problem, order, memory, truth.divisor()));
    if (!model.ordered) break;
  }
  const auto& answers = prediction.answers;
  prediction.right = std::all_of(
      answers.begin(), answers.end(), [&](const OutputTensors& answer) {
        return is_exact(truth, truth.right(), answer);
      });
  if (prediction.right) return prediction;
  for (const OutputTensors& answer : answers)
    failing += truth.fails(answer) ? 1 : 0;
  prediction.may_fail = failing > 0;
  prediction.must_fail = failing == answers.size();
  return prediction;
}

Likeness compare(Truth& truth, const Prediction& prediction,
                 const OutputTensors& got) {
  const StandardEnvironment environment;
  Likeness likeness;
  const auto& answers = prediction.answers;
  likeness.exact = std::any_of(answers.begin(), answers.end(),
                               [&](const OutputTensors& answer) {
                                 return is_exact(truth, answer, got);
                               });
  std::vector<OutputPair> pairs;
  for (const auto& [name, tensor] : got) {
    if (is_compared(truth, name)) {
      pairs.emplace_back(truth, prediction, name, tensor);
    }
  }
  likeness.agrees = likeness.exact ||
                    std::all_of(pairs.begin(), pairs.end(),
                                [](OutputPair& pair) { return pair.agrees(); });
  if (!likeness.agrees || !prediction.may_fail) return likeness;
  for (OutputPair& pair : pairs) likeness.evidence += pair.evidence();
  return likeness;
}

}  // namespace exactbn
