// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracles/check/channel_problem.h"
#include "oracles/zoo/trial.h"

namespace exactbn::zoo {

// The algorithms of one subject.
struct Algorithm {
  std::size_t statistics;
  std::size_t formula;  // of y, and of the gradients
  Order order;          // of the sums of gradients
};

// Computes channel by channel in W, whatever the range.
template <class W>
class SoundSubject : public Subject {
 public:
  explicit SoundSubject(Algorithm algorithm) : algorithm_(algorithm) {
    declaration_.subject = "sound";
    declaration_.operations = {Operation::forward_training,
                               Operation::backward_training};
    declaration_.accumulation = kDTypeOf<W>;
    declaration_.outputs[Operation::forward_training] = {
        Output::y, Output::mean, Output::var, Output::invstd};
    if (kDTypeOf<W> == DType::f64) {
      declaration_.dtypes = {DType::f64};
    } else {
      declaration_.dtypes = {DType::f32, DType::f16, DType::bf16,
                             DType::f8e4m3fn, DType::f8e5m2};
    }
  }

  const Declaration& declaration() const override { return declaration_; }

  Answer answer(const Case& c) override {
    const Problem& p = c.problem;
    // A kernel's epsilon is a value of W.
    if (static_cast<double>(static_cast<W>(p.epsilon)) != p.epsilon) {
      return {Answer::Kind::unsupported, "epsilon", {}};
    }
    Answer all;
    for (std::int64_t k = 0; k < p.view().channels; ++k) {
      const Answer one = channel(channel_problem(p, k));
      for (const auto& [name, tensor] : one.outputs) {
        Tensor& to = all.outputs[name];
        if (to.size() == 0) to = Tensor(tensor.dtype(), shape_of(p, name));
        if (!shaped_like_x(name)) {
          to.set_bits(k, tensor.bits(0));
          continue;
        }
        for (std::int64_t i = 0; i < tensor.size(); ++i) {
          to.set_bits(p.view().offset(k, i), tensor.bits(i));
        }
      }
    }
    return all;
  }

 private:
  Answer channel(Problem p) const {
    const DType dtype = kDTypeOf<W>;
    for (const Input name : {Input::gamma, Input::beta}) {
      if (p.find(name)) continue;
      p.inputs[name] =
          make_tensor(dtype, {1}, std::vector{traits(name).absent});
    }
    const Values<W> x = values_of<W>(p.x());
    const Statistics<W> s = sound_statistics<W>()[algorithm_.statistics].run(x);
    if (p.operation == Operation::forward_training) {
      return forward(
          p, x, s,
          kAffineForms<W>[algorithm_.formula % kAffineForms<W>.size()].run);
    }
    const Values<W> dy = values_of<W>(p.inputs.at(Input::dy));
    const BackwardInput<W> in = {x, dy, parameter<W>(p, Input::gamma),
                                 normalizer(s, p.epsilon), algorithm_.order};
    return backward(
        p,
        kGradientFormulas<W>[algorithm_.formula % kGradientFormulas<W>.size()]
            .run(in));
  }

  Algorithm algorithm_;
  Declaration declaration_;
};

}  // namespace exactbn::zoo
