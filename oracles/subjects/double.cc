// SPDX-License-Identifier: Apache-2.0
#include "oracles/subjects/double.h"

#include <bit>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "oracles/subject.h"
#include "oracles/subjects/arithmetic_flags.h"
#include "reference/floating_point_environment.h"
#include "reference/textbook/outputs.h"

namespace exactbn {

namespace {

namespace mp = boost::multiprecision;

// A double with a 15-bit exponent.
using WideDouble = mp::number<
    mp::cpp_bin_float<53, mp::digit_base_2, void, std::int16_t, -16382, 16383>,
    mp::et_off>;

// Never inlined, so that the computation stays between the calls that set the
// arithmetic and read its flags.
template <class Textbook>
[[gnu::noinline]] void calculate(Textbook& textbook) {
  textbook.run();
}

// Records the channels in which an operation on doubles left the range.
class RangeWatch {
 public:
  explicit RangeWatch(std::int64_t channels) : channels_(channels) {}

  static constexpr bool kAll = true;
  bool takes(std::int64_t) { return true; }
  void done(std::int64_t c) {
    if (!flags_.raised()) return;
    flags_.clear();
    left_.resize(static_cast<std::size_t>(channels_));
    left_[static_cast<std::size_t>(c)] = true;
  }

  // By channel; empty if there are none.
  const std::vector<bool>& left() const { return left_; }

 private:
  std::int64_t channels_;
  std::vector<bool> left_;
  RangeFlags flags_;
};

// Each output, rounded once to its format.
template <class Textbook>
OutputTensors to_tensors(const Problem& problem, Textbook& textbook) {
  std::optional<DType> of_channels;  // shared by all per-channel outputs
  return textbook.tensors([&](Output name) {
    if (shaped_like_x(name)) return problem.x().dtype();
    if (!of_channels) of_channels = output_format(problem, name);
    return *of_channels;
  });
}

// A subset of the channels.
class ChannelSubset {
 public:
  explicit ChannelSubset(const std::vector<bool>& channels)
      : channels_(&channels) {}

  static constexpr bool kAll = false;
  bool takes(std::int64_t c) {
    return (*channels_)[static_cast<std::size_t>(c)];
  }
  void done(std::int64_t) {}

 private:
  const std::vector<bool>* channels_;
};

#if defined(EXACTBN_HAS_X87)
// Rounds once, like static_cast, which takes a hundred times as long if the
// result is subnormal or overflows.
double as_double(long double value) {
  using Double = std::numeric_limits<double>;
  // The payload of a NaN depends on the wider format.
  if (value != value) return Double::quiet_NaN();
  const double sign = std::signbit(value) ? -1.0 : 1.0;
  const long double size = std::fabs(value);
  if (size >= 2 * static_cast<long double>(Double::max())) {
    return std::copysign(Double::infinity(), sign);
  }
  if (size < static_cast<long double>(Double::min())) {
    const auto quanta = static_cast<std::uint64_t>(
        std::llrint(size * static_cast<long double>(0x1p1000) * 0x1p74L));
    return std::copysign(std::bit_cast<double>(quanta), sign);
  }
  return static_cast<double>(value);
}

// Computes those channels in x87 registers, which have a 15-bit exponent, set
// to round to 53 bits. Returns false if even that range is too small.
bool add_wide_doubles(const Problem& problem, const std::vector<bool>& channels,
                      OutputTensors& tensors) {
  Textbook<long double, ChannelSubset> textbook(problem,
                                                ChannelSubset(channels));
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
        of.set_bits(i, round_to(as_double(*value++), of.dtype()));
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

// Computes in doubles if no operation leaves their range. Every operation then
// rounds as with an unlimited exponent, because IEEE 754 flags overflow and
// inexact underflow.
OutputTensors answer_to(const Problem& problem) {
  Textbook<double, RangeWatch> textbook(problem,
                                        RangeWatch(problem.view().channels));
  calculate(textbook);
  OutputTensors tensors = to_tensors(problem, textbook);
  const std::vector<bool>& left = textbook.channels().left();
  if (!left.empty() && !add_wide_doubles(problem, left, tensors)) {
    Textbook<WideDouble> wide(problem);
    wide.run();
    return to_tensors(problem, wide);
  }
  return tensors;
}

Declaration make_declaration() {
  Declaration declaration;
  declaration.subject = "double";
  declaration.accumulation = DType::f64;
  declaration.domain = Domain::all;
  return declaration;
}

}  // namespace

const Declaration& DoubleSubject::declaration() const {
  static const Declaration declaration = make_declaration();
  return declaration;
}

Answer DoubleSubject::answer(const Case& c) {
  const StandardEnvironment environment;
  Answer answer;
  answer.outputs = answer_to(c.problem);
  return answer;
}

}  // namespace exactbn
