// SPDX-License-Identifier: Apache-2.0
#include "oracles/judge/domain.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <vector>

namespace exactbn {

namespace {

// The extreme magnitudes of a channel, over its finite values.
struct Extremes {
  Wide x = 0;
  Wide least_x = 0;
  Wide centred = 0;  // x - mean
  Wide dy = 0;
  Wide least_dy = 0;  // the smallest that is not 0
  Wide u = 0;
  Wide least_u = 0;
};

Extremes extremes(const Problem& problem, const ChannelSizes& ch,
                  std::int64_t channel) {
  Extremes most;
  const Tensor& x = problem.x();
  const Tensor* const dy = problem.find(Input::dy);
  const Tensor* const u = problem.direction();
  const auto raise = [](Wide& to, Wide size) {
    if (std::isfinite(size)) to = std::max(to, size);
  };
  const auto lower = [](Wide& to, Wide size) {
    if (size > 0 && (to == 0 || size < to)) to = size;
  };
  problem.view().each_offset(channel, [&](std::int64_t i) {
    raise(most.x, size_at(&x, i));
    lower(most.least_x, size_at(&x, i));
    raise(most.centred, std::fabs(x.value(i) - ch.mean));
    raise(most.u, size_at(u, i));
    lower(most.least_u, size_at(u, i));
    raise(most.dy, size_at(dy, i));
    lower(most.least_dy, size_at(dy, i));
  });
  return most;
}

// The numbers that a format holds without a loss of precision, up to a factor
// of 2 that leaves room for rounding.
class Range {
 public:
  explicit Range(const Format& f)
      : most_(std::ldexp(Wide{1}, f.emax)),
        least_(std::ldexp(Wide{1}, f.emin)) {}

  bool overflows(Wide size) const { return size > most_; }
  bool underflows(Wide size) const { return size > 0 && size < least_; }

 private:
  Wide most_;
  Wide least_;
};

// Collects the first intermediate that leaves its range.
class Intermediates {
 public:
  Intermediates(const Judge& judge, Output output, std::int64_t channel)
      : problem_(judge.exact().problem()),
        ch_(sizes(judge, output, channel)),
        most_(extremes(problem_, ch_, channel)),
        sums_format_(judge.working()),
        values_format_(values_format()),
        keeps_subnormals_(judge.keeps_subnormals()) {
    // A computed mean is off by this much.
    const double eta = eta_limit(Grade::sequential, static_cast<double>(ch_.m));
    error_ = static_cast<Wide>(eta * format(sums_format_).unit_roundoff());
    mean_error_ = error_ * ch_.a;
    most_.centred += mean_error_;
  }

  const std::string& why() const { return why_; }

  void of(Output output) {
    switch (output) {
      case Output::mean:
        return mean();
      case Output::var:
        return var();
      case Output::running_mean:
        return running_mean();
      case Output::running_var:
      case Output::running_var_biased:
        return running_var();
      case Output::dbeta:
        input("dy", most_.least_dy);
        return sum("dy", ch_.dy.size);
      case Output::invstd:
        return invstd();
      case Output::y:
        return y(ch_.gamma, ch_.beta);
      case Output::dgamma:
        return dgamma();
      case Output::dx:
        return dx();
      case Output::grad_dy:
      case Output::y_dot:
        return y_dot();
      case Output::grad_gamma:
      case Output::grad_x:
        return second_order();
    }
  }

 private:
  // Where the bound is void, a computed variance may be 0.
  static ChannelSizes sizes(const Judge& judge, Output output,
                            std::int64_t channel) {
    ChannelSizes ch = judge.conditions().sizes(channel);
    const auto epsilon = static_cast<Wide>(judge.exact().problem().epsilon);
    if (!judge.bound_is_void(output, channel) || epsilon <= 0) return ch;
    const Wide more = 1 / (std::sqrt(epsilon) * ch.s);
    ch.w = epsilon;
    ch.s *= more;
    for (ChannelSizes::Factor* const of : {&ch.dy, &ch.u}) {
      of->t *= more;
      of->xhat *= more;
    }
    return ch;
  }

  // Sums are kept in the working format; with declared wide sums, the values
  // may still be computed in the format of x.
  DType values_format() const {
    const DType of_x = working_format(problem_, {});
    return format(of_x).emax < format(sums_format_).emax ? of_x : sums_format_;
  }

  void require(std::string_view what, Wide size, DType dtype) {
    if (why_.empty() && Range(format(dtype)).overflows(size)) {
      why_ = fmt::format("{} overflows {}", what, format(dtype).name);
    }
  }
  void summed(std::string_view what, Wide size) {
    require(what, size, sums_format_);
  }
  void value(std::string_view what, Wide size) {
    require(what, size, values_format_);
  }
  // A factor of the result: if it were subnormal, the result would lose digits.
  void factor(std::string_view what, Wide size) {
    value(what, size);
    if (why_.empty() && Range(format(values_format_)).underflows(size)) {
      why_ = fmt::format("{} underflows {}", what, format(values_format_).name);
    }
  }

  // An input that other numbers multiply, and its smallest magnitude that is
  // not 0: a subject that flushes may take it for 0.
  void input(std::string_view what, Wide least) {
    const Format f = format(values_format_);
    if (keeps_subnormals_ || !why_.empty() || !Range(f).underflows(least)) {
      return;
    }
    why_ = fmt::format("{} is subnormal in {}, and flushed", what, f.name);
  }

  // A number that may underflow, before it is multiplied by `by`. Its error,
  // lambda, is harmless if it moves the output by no more than a relative u of
  // the inputs does (`condition`), or by the underflow of the output itself.
  void product(std::string_view what, Wide size, Wide by, Wide condition) {
    value(what, size);
    const Format f = format(values_format_);
    const auto lambda = keeps_subnormals_ ? f.quantum() : f.emin;
    const Wide moved = std::ldexp(Wide{1}, static_cast<int>(lambda)) * by;
    const auto u = static_cast<Wide>(f.unit_roundoff());
    if (why_.empty() && size > 0 && by > 1 && moved > u * condition) {
      why_ = fmt::format("{} underflows {}", what, f.name);
    }
  }

  void sum(std::string_view of, Wide mean_size) {
    summed(fmt::format("the sum of |{}|", of), ch_.m * mean_size);
  }

  void mean() {
    if (ch_.frozen) return;
    sum("x", ch_.a);
    summed("the sum of |x - x[0]|", ch_.m * (ch_.a + most_.x));
  }

  void var() {
    mean();
    if (ch_.frozen) return;
    // Also those of shifted data and of Chan's merge of two parts.
    summed("the sum of x^2", ch_.m * ch_.x2);
    summed("m sum (x - mean)^2", ch_.m * ch_.m * ch_.v);
  }

  void w() {
    var();
    if (ch_.frozen) input("running_var", ch_.v);
    input("epsilon", static_cast<Wide>(problem_.epsilon));
    factor("var + epsilon", ch_.w);
  }

  void running_mean() {
    mean();
    running("running_mean", ch_.running_mean, std::fabs(ch_.mean));
  }

  void running_var() {
    var();
    running("running_var", ch_.running_var, ch_.unbiased * ch_.v);
  }

  void running(std::string_view name, Wide old, Wide batch) {
    value(name, (1 + std::fabs(ch_.weight)) * old +
                    std::max(Wide{1}, std::fabs(ch_.weight)) * batch);
  }

  void invstd() {
    w();
    factor("1/sqrt(var + epsilon)", ch_.s);
  }

  // The mean in these is a computed one.
  Wide xhat() const { return most_.centred * ch_.s; }
  Wide sum_xhat(const ChannelSizes::Factor& of) const {
    return ch_.m * (of.xhat + of.size * mean_error_ * ch_.s);
  }

  // gamma (x - mean) / sqrt(w) + beta, in any order.
  void y(Wide gamma, Wide beta) {
    invstd();
    input("x", most_.least_x);
    input("gamma", gamma);
    value("x - mean", most_.centred);
    // A frozen mean may be 0.
    product("gamma (x - mean)", gamma * most_.centred, ch_.s,
            gamma * ch_.s * (ch_.a + most_.least_x) + beta);
    factor("gamma / sqrt(w)", gamma * ch_.s);
    const Wide reach = std::max(most_.x, std::fabs(ch_.mean));
    value("x / sqrt(w)", reach * ch_.s);
    value("gamma x / sqrt(w)", gamma * ch_.s * reach);
    value("y", gamma * (xhat() + ch_.s * reach) + beta);
  }

  // sum f and sum f (x - mean) / sqrt(w), where f is dy or the direction.
  void projections(std::string_view f, const ChannelSizes::Factor& of,
                   Wide least) {
    invstd();
    input("x", most_.least_x);
    input(f, least);
    value("x - mean", most_.centred);
    value("(x - mean) / sqrt(w)", xhat());
    sum(f, of.size);
    summed(fmt::format("the sum of |{} x|", f), ch_.m * of.x);
    summed(fmt::format("mean times the sum of |{}|", f),
           std::fabs(ch_.mean) * ch_.m * of.size);
    summed(fmt::format("the sum of |{} (x - mean)|", f), sum_xhat(of) / ch_.s);
    summed(fmt::format("the sum of |{} xhat|", f), sum_xhat(of));
  }

  void dgamma() { projections("dy", ch_.dy, most_.least_dy); }

  void dx() {
    if (ch_.frozen) {
      invstd();
      input("dy", most_.least_dy);
      input("gamma", ch_.gamma);
      product("gamma dy", ch_.gamma * most_.dy, ch_.s,
              ch_.gamma * ch_.s * most_.least_dy);
      factor("gamma / sqrt(w)", ch_.gamma * ch_.s);
      value("dy / sqrt(w)", most_.dy * ch_.s);
      return value("dx", ch_.gamma * ch_.s * most_.dy);
    }
    dgamma();
    projected("dy", ch_.dy, most_.dy, ch_.gamma);
  }

  // gamma / sqrt(w) (f - mean f - xhat t): with invstd^2, as gamma / (m
  // sqrt(w)) (m f - sum f - xhat sum f xhat), with gamma f for f, and as
  // derivatives of the variance and the mean.
  void projected(std::string_view f, const ChannelSizes::Factor& of, Wide most,
                 Wide gamma) {
    input("gamma", gamma);
    factor("1 / (var + epsilon)", ch_.s * ch_.s);
    factor("(var + epsilon)^(-3/2)", ch_.s * ch_.s * ch_.s);
    value("gamma / sqrt(w)", gamma * ch_.s);
    factor("gamma / (m sqrt(w))", gamma * ch_.s / ch_.m);
    factor("gamma / (var + epsilon)", gamma * ch_.s * ch_.s);
    factor("gamma (var + epsilon)^(-3/2)", gamma * ch_.s * ch_.s * ch_.s);
    const Wide largest_gamma = std::max(gamma, Wide{1});
    value(fmt::format("{} / sqrt(w)", f), ch_.s * (most + of.size));
    const Wide condition = gamma * ch_.s * of.size;
    product(fmt::format("gamma {}", f), gamma * most,
            ch_.s * std::max(Wide{1}, xhat()), condition);
    summed(fmt::format("m gamma {}", f), ch_.m * most * largest_gamma);
    summed(fmt::format("the sum of |gamma {}|", f),
           ch_.m * of.size * largest_gamma);
    summed(fmt::format("the sum of |gamma {} (x - mean)|", f),
           sum_xhat(of) / ch_.s * largest_gamma);
    const Wide along_xhat = sum_xhat(of) * largest_gamma;
    value(fmt::format("xhat times the sum of |gamma {} xhat|", f),
          std::max(xhat(), Wide{1}) * along_xhat);
    value(fmt::format("the derivative of var along {}", f),
          along_xhat * std::max(ch_.s * ch_.s, Wide{1}));
    product(fmt::format("gamma {} (x - mean)", f), gamma * most * most_.centred,
            largest_gamma * ch_.s * ch_.s * xhat(), condition);
    product(fmt::format("the derivative of var along {}", f),
            gamma * ch_.m * of.t * ch_.s * ch_.s, most_.centred, condition);
    // From sum f x - mean sum f, whose error may be more than the exact value.
    const Wide of_x = gamma * ch_.s * ch_.s *
                      (sum_xhat(of) / ch_.m +
                       error_ * ch_.s * (of.x + std::fabs(ch_.mean) * of.size));
    value(fmt::format("x times its coefficient, of {},", f),
          of_x * std::max(most_.x, std::fabs(ch_.mean)));
    value("that derivative times x - mean",
          along_xhat * ch_.s * std::max(xhat(), Wide{1}));
    value(fmt::format("gamma {} / sqrt(w)", f),
          gamma * ch_.s * ch_.m * (most + of.size + xhat() * of.xhat));
  }

  void y_dot() {
    projections("the direction", ch_.u, most_.least_u);
    projected("the direction", ch_.u, most_.u, ch_.gamma);
    y(ch_.along_gamma, ch_.along_beta);
  }

  void second_order() {
    y_dot();
    dgamma();
    projected("dy", ch_.dy, most_.dy, ch_.gamma);
    projected("dy", ch_.dy, most_.dy, ch_.along_gamma);
    const Wide s2 = ch_.s * ch_.s;
    factor("(var + epsilon)^(-5/2)", s2 * s2 * ch_.s);
    summed("the sum of |dy times the direction|", ch_.m * ch_.udy);
    const Wide m = ch_.m;
    const Wide largest_gamma = std::max(ch_.gamma, Wide{1});
    const Wide cubic =
        m * (xhat() * ch_.udy + most_.dy * ch_.u.xhat + most_.u * ch_.dy.xhat) +
        m * m * xhat() * ch_.u.xhat * ch_.dy.xhat;
    value("the second derivative of var",
          largest_gamma * std::max(s2, Wide{1}) * cubic);
  }

  const Problem& problem_;
  ChannelSizes ch_;
  Extremes most_;
  DType sums_format_;
  DType values_format_;
  bool keeps_subnormals_;
  Wide error_ = 0;  // of a sum, relative to the sum of magnitudes
  Wide mean_error_ = 0;
  std::string why_;
};

// Whether every input is finite that the output, or its values at finite
// inputs, depends on.
bool depends_on_finite(const ExactBatchNorm& exact, Output output,
                       std::int64_t channel) {
  if (output == Output::dbeta) return exact.channel(channel).sums.dy_finite;
  if (!normalizes_by_batch(exact.problem().operation) &&
      (output == Output::y || output == Output::dx)) {
    return exact.parameters_finite(channel);
  }
  return exact.inputs_finite(channel);
}

}  // namespace

std::string why_extreme(const Judge& judge, Output output,
                        std::int64_t channel) {
  // Inputs that are not finite give results that are not, in any range.
  if (!depends_on_finite(judge.exact(), output, channel)) return {};
  Intermediates intermediates(judge, output, channel);
  intermediates.of(output);
  return intermediates.why();
}

}  // namespace exactbn
