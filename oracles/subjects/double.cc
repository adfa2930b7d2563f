// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/double.h"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "oracles/subject.h"
#include "oracles/subjects/arithmetic_flags.h"
#include "oracles/textbook_tensors.h"
#include "reference/plain_textbook.h"

namespace exactbn {

namespace {

namespace mp = boost::multiprecision;

// A double but for its exponent, which has 15 bits.
using WideDouble = mp::number<
    mp::cpp_bin_float<53, mp::digit_base_2, void, std::int16_t, -16382, 16383>,
    mp::et_off>;

// Never inlined, so that what is calculated stays between the calls that set
// the arithmetic and ask what came of it.
template <class Textbook>
[[gnu::noinline]] void calculate(Textbook& textbook) {
  textbook.run();
}

// Tells the channels in which an operation on doubles left their range.
class Watched {
 public:
  explicit Watched(std::int64_t channels) : channels_(channels) {}

  static constexpr bool kAll = true;
  bool takes(std::int64_t) { return true; }
  void done(std::int64_t c) {
    if (!flags_.raised()) return;
    flags_.clear();
    left_.resize(static_cast<std::size_t>(channels_));
    left_[static_cast<std::size_t>(c)] = true;
  }

  // Empty where there are none.
  const std::vector<bool>& left() const { return left_; }

 private:
  std::int64_t channels_;
  std::vector<bool> left_;
  RangeFlags flags_;
};

// Each output, rounded once to its format.
OutputTensors to_tensors(const Problem& problem,
                         PlainTextbook<double, Watched>& textbook) {
  OutputTensors tensors;
  std::optional<DType> of_channels;  // those of one value a channel have one
  for (const Output name : output_names(problem)) {
    const bool like_x = shaped_like_x(name);
    if (!like_x && !of_channels) of_channels = output_format(problem, name);
    Tensor tensor(like_x ? problem.x().dtype() : *of_channels,
                  shape_of(problem, name));
    tensor.round_values(textbook.in_order(name));
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

// Some of the channels.
class Chosen {
 public:
  explicit Chosen(const std::vector<bool>& channels) : channels_(&channels) {}

  static constexpr bool kAll = false;
  bool takes(std::int64_t c) {
    return (*channels_)[static_cast<std::size_t>(c)];
  }
  void done(std::int64_t) {}

 private:
  const std::vector<bool>* channels_;
};

#if defined(EXACTBN_HAS_X87)
// Those channels in the registers that have 15 bits of exponent anyway, told to
// round to 53 bits. False where even those do not do.
bool add_wide_doubles(const Problem& problem, const std::vector<bool>& channels,
                      OutputTensors& tensors) {
  PlainTextbook<long double, Chosen> textbook(problem, Chosen(channels));
  {
    const X87InDoublePrecision doubles;
    calculate(textbook);
    if (doubles.left_range()) return false;
  }
  const ChannelView view = problem.view();
  for (auto& [name, tensor] : tensors) {
    const bool like_x = shaped_like_x(name);
    for (std::int64_t c = 0; c < view.channels; ++c) {
      if (!channels[static_cast<std::size_t>(c)]) continue;
      const long double* value =
          textbook.output(name).data() + (like_x ? c * view.count() : c);
      const auto set = [&, &of = tensor](std::int64_t i) {
        of.set_bits(i, round_to(textbook.narrowed(*value++), of.dtype()));
      };
      if (like_x) {
        view.each_offset(c, set);
      } else {
        set(c);
      }
    }
  }
  return true;
}
#else
bool add_wide_doubles(const Problem&, const std::vector<bool>&,
                      OutputTensors&) {
  return false;
}
#endif

// In doubles, where no operation leaves their range: then none rounds another
// way than it does where exponents have no limits, as IEEE 754 tells overflow
// by a flag, and underflow that lost something.
OutputTensors answer_to(const Problem& problem) {
  PlainTextbook<double, Watched> textbook(problem,
                                          Watched(problem.view().channels));
  calculate(textbook);
  OutputTensors tensors = to_tensors(problem, textbook);
  const std::vector<bool>& left = textbook.channels().left();
  if (!left.empty() && !add_wide_doubles(problem, left, tensors)) {
    return textbook_tensors<WideDouble>(problem);
  }
  return tensors;
}

Declaration make_declaration() {
  Declaration declaration;
  declaration.subject = "double";
  declaration.accumulation = DType::f64;
  return declaration;
}

}  // namespace

const Declaration& DoubleSubject::declaration() const {
  static const Declaration declaration = make_declaration();
  return declaration;
}

Answer DoubleSubject::answer(const Case& c) {
  Answer answer;
  answer.outputs = answer_to(c.problem);
  return answer;
}

}  // namespace exactbn
