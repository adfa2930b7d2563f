// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "oracles/check.h"
#include "oracles/zoo/backward.h"
#include "oracles/zoo/channel.h"

namespace exactbn::zoo {

template <class W>
inline constexpr DType kDTypeOf =
    std::is_same_v<W, float> ? DType::f32 : DType::f64;

// The values in a format that W holds, or in W itself.
template <class W>
Tensor tensor_of(const Values<W>& values, DType dtype, const Shape& shape) {
  return make_tensor(dtype, shape,
                     std::vector<double>(values.begin(), values.end()));
}

template <class W>
Tensor tensor_of(W value) {
  return tensor_of<W>({value}, kDTypeOf<W>, {1});
}

template <class W>
W parameter(const Problem& p, Input name) {
  return static_cast<W>(p.find(name)->value(0));
}

template <class W>
Normalizer<W> normalizer(const Statistics<W>& s, double epsilon) {
  return {s.mean, 1 / std::sqrt(s.var + static_cast<W>(epsilon))};
}

template <class W>
Answer forward(const Problem& p, const Values<W>& x, const Statistics<W>& s,
               Affine<W> affine) {
  const Normalizer<W> n = normalizer(s, p.epsilon);
  const W gamma = parameter<W>(p, Input::gamma);
  const W beta = parameter<W>(p, Input::beta);
  Values<W> y;
  for (const W xi : x) y.push_back(affine(xi, n, gamma, beta));
  Answer answer;
  answer.outputs = {{Output::y, tensor_of(y, p.x().dtype(), p.x().shape())},
                    {Output::mean, tensor_of(s.mean)},
                    {Output::var, tensor_of(s.var)},
                    {Output::invstd, tensor_of(n.invstd)}};
  return answer;
}

template <class W>
Answer backward(const Problem& p, const Gradients<W>& gradients) {
  Answer answer;
  answer.outputs = {
      {Output::dx, tensor_of(gradients.dx, p.x().dtype(), p.x().shape())},
      {Output::dgamma, tensor_of(gradients.dgamma)},
      {Output::dbeta, tensor_of(gradients.dbeta)}};
  return answer;
}

// The judge's verdict on one answer.
struct BenchVerdict {
  Verdict verdict = Verdict::passed;
  double part = 0;   // the largest eta of a decided value, over its limit
  std::string text;  // the worst output
};

// Judges answers to one problem: `check` judges all values of a short channel;
// of a long one, the statistics and a sample of the rest are judged.
class Bench {
 public:
  explicit Bench(const Problem& problem) : problem_(problem) {
    declaration_.domain = Domain::all;
    if (problem.x().size() > kLong) judge_.emplace(problem_, declaration_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  BenchVerdict operator()(const Answer& answer, Grade required) const {
    BenchVerdict all;
    if (!judge_) {
      const CaseVerdict verdict =
          check({"case", problem_, {}}, declaration_, answer, required);
      for (const OutputVerdict& out : verdict.outputs) {
        add(all, out.verdict, out.output, out.max_eta, out.limit);
      }
      return all;
    }
    for (const auto& [name, values] : answer.outputs) {
      const std::int64_t step = std::max<std::int64_t>(1, values.size() / 200);
      for (std::int64_t i = 0; i < values.size(); i += step) {
        add(all, name, (*judge_)(name, i, values.bits(i), values.dtype()),
            required);
      }
    }
    return all;
  }

 private:
  static constexpr std::int64_t kLong = 1024;

  static void add(BenchVerdict& all, Verdict verdict, Output output, double eta,
                  double limit) {
    const double part = eta / limit;
    if (part > all.part || verdict > all.verdict) {
      all.text = std::string(to_string(output)) + " eta " +
                 std::to_string(eta) + " limit " + std::to_string(limit);
    }
    all.part = std::max(all.part, part);
    all.verdict = std::max(all.verdict, verdict);
  }

  void add(BenchVerdict& all, Output output, const Judgement& j,
           Grade required) const {
    const double limit = judge_->limit(output, required);
    if (!j.decided) {
      all.verdict = std::max(all.verdict, Verdict::undecided);
    } else {
      add(all, j.grade <= required ? Verdict::passed : Verdict::failed, output,
          j.eta, limit);
    }
  }

  const Problem& problem_;
  Declaration declaration_;
  std::optional<Judge> judge_;
};

}  // namespace exactbn::zoo
