// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "oracles/surroundings.h"
#include "reference/problem.h"

namespace exactbn {

// A named problem, with labels that say what it tests.
struct Case {
  std::string id;
  Problem problem;
  std::vector<std::string> labels;  // not sent to subjects

  bool operator==(const Case&) const = default;
};

// Which statistic the momentum of a case multiplies, as the subject reads it.
enum class Momentum : std::uint8_t { weight_of_new, weight_of_old };
enum class RunningVariance : std::uint8_t { unbiased, biased };
// What the unbiased variance of one value does to the running variance.
enum class SingleValue : std::uint8_t { nan, keep, reject };
// What 0/0 gives if the batch's variance and epsilon are both 0. Under
// `zero` xhat and invstd are 0: y is beta, y_dot is beta_dot, grad_dy is
// ddbeta, and dx, dgamma, grad_x and grad_gamma are 0.
enum class ZeroVariance : std::uint8_t { nan, zero };
enum class Subnormals : std::uint8_t { keep, flush };
// Where wrong values count: in channels whose intermediates stay in range
// (oracles/judge/domain.h), or everywhere.
enum class Domain : std::uint8_t { ordinary, all };
// How results are rounded to the format of an output.
enum class StoreRounding : std::uint8_t {
  nearest,
  toward_zero,
  away,  // from zero
  up,
  down,
  stochastic,  // either neighbour, in proportion to how close it is
};

// In which format an output is returned: that of x, that of the parameters (or,
// without any, that of x), or a named one.
struct OutputFormat {
  enum class As : std::uint8_t { x, parameters, named };
  As as = As::x;
  DType dtype = DType::f32;  // if named

  bool operator==(const OutputFormat&) const = default;
};

// What a subject declares. An empty list means everything.
struct Declaration {
  std::string subject;
  std::vector<Operation> operations;
  std::vector<DType> dtypes;
  std::vector<std::string> channel_axes;  // "1", "last", ...
  // The outputs that it offers for an operation. An offered output that is left
  // out is missing; one that is not offered is never requested.
  std::map<Operation, std::vector<Output>> outputs;
  // An output that is returned in another format than is declared here fails.
  std::map<Output, OutputFormat> output_dtypes;
  Momentum momentum = Momentum::weight_of_new;
  RunningVariance running_variance = RunningVariance::unbiased;
  SingleValue single_value = SingleValue::nan;
  ZeroVariance zero_variance = ZeroVariance::nan;
  Subnormals subnormals = Subnormals::keep;
  // The format of its sums; unset means x's format, but at least f32.
  std::optional<DType> accumulation;
  // Whether that counts although it is shorter. Not on the wire: who judges the
  // subject says so, not the subject, whose errors it permits.
  bool allows_short_accumulation = false;
  Domain domain = Domain::ordinary;
  StoreRounding rounding = StoreRounding::nearest;

  bool operator==(const Declaration&) const = default;
};

// The reason, in a few words, why the declaration does not cover the problem;
// nothing if it does.
std::optional<std::string> why_unsupported(const Declaration& declaration,
                                           const Problem& problem);

// Whether the subject may be given the problem: it is valid, and the
// declaration covers it.
bool may_be_asked(const Declaration& declaration, const Problem& problem);

// The output of ExactBatchNorm that corresponds, by the declaration.
inline Output exact_name(const Declaration& declaration, Output output) {
  const bool biased = declaration.running_variance == RunningVariance::biased;
  return biased && output == Output::running_var ? Output::running_var_biased
                                                 : output;
}

// The format of the parameters: of the first per-channel input that is present.
// Nothing if there is none.
std::optional<DType> parameter_format(const Problem& problem);

// The format in which built-in subjects return an output. An output shaped like
// x has the format of x; the others have that of the parameters or, without
// parameters, that of x, but at least f32.
DType output_format(const Problem& problem, Output output);

// Whether the declaration offers that output of the operation.
bool offers(const Declaration& declaration, Operation operation, Output output);

struct Answer {
  enum class Kind : std::uint8_t { outputs, unsupported, rejected, error };
  Kind kind = Kind::outputs;
  std::string message;  // for all kinds except outputs
  OutputTensors outputs;
};

// The subject crashed, hung or broke the protocol (exit code 3).
class SubjectFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The run was stopped while it waited for the subject, which is not to blame.
class RunStopped : public std::runtime_error {
 public:
  RunStopped() : std::runtime_error("the run was stopped") {}
};

// An implementation of batch normalization under test.
class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;

  virtual const Declaration& declaration() const = 0;

  // Never called with a problem that require_valid or why_unsupported refuses.
  // Throws SubjectFailure; the subject may be restarted at the next call.
  virtual Answer answer(const Case& c) = 0;

  // The same in the given surroundings. Returns nothing if the subject controls
  // its own memory and threads.
  virtual std::optional<Answer> answer_in(
      [[maybe_unused]] const Surroundings& surroundings,
      [[maybe_unused]] const Case& c) {
    return std::nullopt;
  }

  // Ends the subject, which is then not asked again, and returns what it did
  // wrong since its last answer, such as "died by signal 11 (Segmentation
  // fault)"; empty if nothing.
  virtual std::string finish() { return {}; }
};

// How the libraries ask: in the floating-point environment of their caller
// (reference/floating_point_environment.h).
Answer answer_of(Subject& subject, const Case& c);
std::optional<Answer> answer_of(Subject& subject, const Case& c,
                                const Surroundings& surroundings);

}  // namespace exactbn
