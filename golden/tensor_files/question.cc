// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/question.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "oracles/format_names.h"
#include "oracles/wire/json_line.h"

namespace exactbn {

namespace {

// A tensor in a file.
struct Found {
  const TensorSource* source;
  const StoredTensor* tensor;

  std::string place() const {
    return fmt::format("{}: {}", source->file, wire::brief(tensor->name));
  }
};

[[noreturn]] void refuse(const std::string& what) {
  throw TensorFileError(what);
}

// The names of tensors, for messages: not all of a large model.
std::string listed(const std::vector<Found>& all) {
  constexpr std::size_t kShown = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + wire::brief(all[i].tensor->name);
  }
  return all.size() > kShown ? text + ", ..." : text;
}

std::string short_name(const Role& role) {
  const std::string text = to_string(role);
  return text.substr(text.find('.') + 1);
}

// Which tensor has which role.
class Roles {
 public:
  Roles(const std::vector<TensorSource>& sources,
        const QuestionOptions& options)
      : options_(options) {
    for (const TensorSource& source : sources) {
      for (const StoredTensor& tensor : source.tensors) {
        all_.push_back({&source, &tensor});
      }
    }
    take_mapped();
    take_by(role_of, false);
    take_by(customary_role, true);
    take_gradients();
  }

  const Found* find(const Role& role) const {
    const auto found = by_role_.find(role);
    return found == by_role_.end() ? nullptr : &found->second;
  }
  bool has(const Role& role) const { return find(role) != nullptr; }
  bool has_any(std::initializer_list<Output> outputs) const {
    return std::any_of(outputs.begin(), outputs.end(),
                       [&](Output output) { return has(output); });
  }

  // The batch statistics of a file without running ones, if the operation
  // normalizes by frozen ones.
  void freeze_statistics() {
    for (const auto& [from, to] :
         {std::pair{Output::mean, Input::running_mean},
          std::pair{Output::var, Input::running_var}}) {
      const auto found = by_role_.find(Role(from));
      if (found == by_role_.end() || has(to)) continue;
      guess(to, found->second);
      by_role_.erase(Role(from));
    }
  }

  void use(const Role& role) { used_.insert(role); }

  // The tensors that have no role, or one that no question has.
  std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (const Found& each : all_) {
      const bool used =
          std::any_of(by_role_.begin(), by_role_.end(), [&](const auto& entry) {
            return entry.second.tensor == each.tensor &&
                   used_.contains(entry.first);
          });
      if (!used) names.push_back(wire::brief(each.tensor->name));
    }
    return names;
  }
  const std::vector<std::string>& guesses() const { return guesses_; }
  const std::vector<Found>& all() const { return all_; }

 private:
  void take(const Role& role, const Found& found) {
    const auto [known, is_new] = by_role_.emplace(role, found);
    if (is_new) return;
    refuse(fmt::format(
        "{}: both this and {} are {}; say which with --map {}=", found.place(),
        known->second.place(), to_string(role), short_name(role)));
  }
  void guess(const Role& role, const Found& found) {
    guesses_.push_back(fmt::format("{} = {}", short_name(role),
                                   wire::brief(found.tensor->name)));
    take(role, found);
  }
  bool is_taken(const Found& found) const {
    return std::any_of(by_role_.begin(), by_role_.end(), [&](const auto& e) {
      return e.second.tensor == found.tensor;
    });
  }

  void take_mapped() {
    for (const auto& [text, name] : options_.names) {
      const SidedName sided = split_side(text);
      const auto role = role_of(sided.name, sided.side);
      if (!role) {
        refuse(
            fmt::format("--map: {} is not an input or an output; expected "
                        "a name such as x, gamma, y or outputs.running_mean",
                        wire::brief(text)));
      }
      bool found = false;
      for (const Found& each : all_) {
        if (each.tensor->name != name && each.tensor->alias != name) continue;
        take(*role, each);
        found = true;
      }
      if (!found) {
        refuse(fmt::format("--map: no tensor is called {}; there are {}",
                           wire::brief(name), listed(all_)));
      }
    }
  }

  // By a table of names. In a file of outputs a running statistic is the
  // output, and in any other the input.
  void take_by(std::optional<Role> (*role_of_name)(std::string_view, Side),
               bool guessed) {
    std::vector<std::pair<Role, Found>> named;
    for (const Found& each : all_) {
      if (is_taken(each)) continue;
      const SidedName sided = split_side(each.tensor->name);
      const Side side =
          sided.side == Side::either ? each.source->side : sided.side;
      std::optional<Role> role;
      // A file of inputs may hold outputs, and the reverse; but a prefix is
      // meant.
      if (side != Side::either) role = role_of_name(sided.name, side);
      if (!role && sided.side == Side::either) {
        role = role_of_name(sided.name, Side::either);
      }
      if (role && !has(*role)) named.emplace_back(*role, each);
    }
    for (const auto& [role, each] : named) {
      guessed ? guess(role, each) : take(role, each);
    }
  }

  // grad_x is an output of the double backward. Without its input ddx it is
  // what others call dx.
  void take_gradients() {
    if (has(Input::ddx)) return;
    for (const auto& [from, to] :
         {std::pair{Output::grad_x, Output::dx},
          std::pair{Output::grad_gamma, Output::dgamma}}) {
      const auto found = by_role_.find(Role(from));
      if (found == by_role_.end() || has(to)) continue;
      guess(to, found->second);
      by_role_.erase(Role(from));
    }
  }

  const QuestionOptions& options_;
  std::vector<Found> all_;
  std::map<Role, Found> by_role_;
  std::set<Role> used_;
  std::vector<std::string> guesses_;
};

// The operations whose outputs are there, or without outputs the one that the
// inputs are for.
std::vector<Operation> guessed_operations(const Roles& roles,
                                          const std::string& file) {
  using enum Operation;
  const bool running =
      roles.has(Input::running_mean) && roles.has(Input::running_var);
  const auto unclear = [&](Operation a, Operation b) {
    refuse(fmt::format("{}: may be {} or {}; say --operation", file, a, b));
  };
  std::vector<Operation> all;
  const bool trained =
      roles.has_any({Output::mean, Output::var, Output::invstd,
                     Output::running_mean, Output::running_var});
  if (trained || roles.has(Output::y)) {
    if (!trained && running) unclear(forward_training, forward_inference);
    all.push_back(forward_training);
  }
  if (roles.has_any({Output::dx, Output::dgamma, Output::dbeta})) {
    if (running && !trained) unclear(backward_training, backward_inference);
    all.push_back(backward_training);
  }
  if (roles.has(Output::y_dot)) all.push_back(jvp_training);
  if (roles.has_any({Output::grad_x, Output::grad_gamma, Output::grad_dy})) {
    all.push_back(double_backward_training);
  }
  if (!all.empty()) return all;
  if (roles.has(Input::ddx)) return {double_backward_training};
  if (roles.has(Input::x_dot)) return {jvp_training};
  if (roles.has(Input::dy)) {
    if (running) unclear(backward_training, backward_inference);
    return {backward_training};
  }
  if (running) unclear(forward_training, forward_inference);
  return {forward_training};
}

// A statistic with the extents [1, C, 1, 1] has the shape [C], too.
void drop_ones(Tensor& tensor, std::int64_t channels) {
  if (tensor.shape().size() == 1 || tensor.size() != channels) return;
  if (std::count_if(tensor.shape().begin(), tensor.shape().end(),
                    [](std::int64_t extent) { return extent != 1; }) > 1) {
    return;
  }
  Tensor flat(tensor.dtype(), {channels});
  std::copy(tensor.bytes().begin(), tensor.bytes().end(), flat.bytes().begin());
  tensor = std::move(flat);
}

class Asker {
 public:
  Asker(Roles& roles, const QuestionOptions& options, const std::string& file)
      : roles_(roles), options_(options), file_(file) {}

  FileQuestion ask(Operation operation) {
    FileQuestion question;
    Problem& p = question.problem;
    p.operation = operation;
    p.batches_tracked = options_.batches_tracked;
    for (const Input name : inputs_of(operation)) {
      if (roles_.has(name)) p.inputs.emplace(name, tensor(name));
    }
    if (p.find(Input::x) == nullptr) {
      refuse(
          fmt::format("{}: x: not in the file; say which tensor it is with "
                      "--map x=NAME",
                      file_));
    }
    p.channel_axis = axis(p);
    const std::int64_t channels = extent(p.x().shape(), p.channel_axis);
    for (auto& [name, tensor] : p.inputs) {
      if (!shaped_like_x(name)) drop_ones(tensor, channels);
    }
    p.epsilon = epsilon();
    p.momentum = momentum(operation);
    try {
      require_valid(p);
    } catch (const InvalidProblem& error) {
      refuse(fmt::format("{}: {}", file_, error.what()));
    }
    for (const Output name : output_names(p)) {
      if (roles_.has(name)) add_output(name, question);
    }
    return question;
  }

  const std::set<std::string>& guesses() const { return guesses_; }

 private:
  static std::int64_t extent(const Shape& shape, int axis) {
    const bool is_axis = axis >= 0 && axis < static_cast<int>(shape.size());
    return is_axis ? shape[static_cast<std::size_t>(axis)] : 0;
  }

  Tensor tensor(const Role& role) {
    const Found& found = *roles_.find(role);
    roles_.use(role);
    const auto as = options_.formats.find(found.tensor->name);
    try {
      if (as != options_.formats.end()) {
        return tensor_of(*found.tensor, as->second);
      }
      return tensor_of(*found.tensor);
    } catch (const TensorFileError& error) {
      std::string hint;
      if (!found.tensor->dtype && as == options_.formats.end()) {
        for (const DType dtype : {DType::bf16, DType::f8e4m3fn}) {
          if (!may_be_read_as(*found.tensor, dtype)) continue;
          hint = fmt::format(
              "; if these are the bits of {}, say --stored-as "
              "{}={}",
              format(dtype).name, wire::brief(found.tensor->name),
              format(dtype).name);
        }
      }
      refuse(fmt::format("{}: {}{}", found.source->file, error.what(), hint));
    }
  }

  void add_output(Output name, FileQuestion& question) {
    const Problem& p = question.problem;
    Tensor values = tensor(name);
    if (!shaped_like_x(name)) {
      drop_ones(values, extent(p.x().shape(), p.channel_axis));
    }
    const Shape wanted = shape_of(p, name);
    if (values.shape() != wanted) {
      refuse(fmt::format("{}: {}: shape {}, expected {}", file_,
                         to_string(Role(name)), to_string(values.shape()),
                         to_string(wanted)));
    }
    question.outputs.emplace(name, std::move(values));
  }

  // The given axis, else 1, else the only one that has as many indices as the
  // parameters have values.
  int axis(const Problem& p) {
    const Shape& shape = p.x().shape();
    const int rank = static_cast<int>(shape.size());
    if (options_.channel_axis) {
      const int given = *options_.channel_axis;
      return given < 0 ? given + rank : given;
    }
    int chosen = 1;
    for (const auto& [name, tensor] : p.inputs) {
      if (shaped_like_x(name) || extent(shape, 1) == tensor.size()) continue;
      std::vector<int> fit;
      for (int k = 0; k < rank; ++k) {
        if (extent(shape, k) == tensor.size()) fit.push_back(k);
      }
      if (fit.size() == 1) chosen = fit[0];
      break;
    }
    guesses_.insert(fmt::format("channel axis {}", chosen));
    return chosen;
  }

  std::optional<double> stored(Scalar which) {
    if (!roles_.has(which)) return std::nullopt;
    const Tensor value = tensor(which);
    if (value.size() != 1) {
      refuse(fmt::format("{}: {} values, expected one number",
                         roles_.find(which)->place(), value.size()));
    }
    return value.value(0);
  }

  double epsilon() {
    if (options_.epsilon) return *options_.epsilon;
    if (const auto own = stored(Scalar::epsilon)) return *own;
    if (!options_.usual_epsilon) {
      refuse(
          fmt::format("{}: epsilon: not in the file; say --epsilon, such as "
                      "--epsilon 1e-5",
                      file_));
    }
    guesses_.insert(fmt::format("epsilon {}", *options_.usual_epsilon));
    return *options_.usual_epsilon;
  }

  // Only the running statistics of training use it.
  std::optional<double> momentum(Operation operation) {
    if (options_.momentum) return *options_.momentum;
    if (const auto own = stored(Scalar::momentum)) return *own;
    if (operation == Operation::forward_training &&
        roles_.has_any({Output::running_mean, Output::running_var})) {
      refuse(
          fmt::format("{}: momentum: not in the file, but running "
                      "statistics are; say --momentum",
                      file_));
    }
    return 0;
  }

  Roles& roles_;
  const QuestionOptions& options_;
  const std::string& file_;
  std::set<std::string> guesses_;
};

}  // namespace

FileQuestions file_questions(const std::vector<TensorSource>& sources,
                             const QuestionOptions& options,
                             bool needs_outputs) {
  const std::string& file = sources.front().file;
  Roles roles(sources, options);
  FileQuestions all;
  std::vector<Operation> operations = options.operations;
  if (operations.empty()) {
    operations = guessed_operations(roles, file);
    all.guesses.push_back(
        fmt::format("operation {}", fmt::join(operations, " and ")));
  } else if (std::none_of(operations.begin(), operations.end(),
                          normalizes_by_batch)) {
    roles.freeze_statistics();
  }
  Asker asker(roles, options, file);
  for (const Operation operation : operations) {
    FileQuestion question = asker.ask(operation);
    if (needs_outputs && question.outputs.empty()) {
      refuse(fmt::format(
          "{}: no output of {} is among {}; say which it is with --map, such "
          "as --map {}=NAME",
          file, operation, listed(roles.all()),
          operation == Operation::backward_training ||
                  operation == Operation::backward_inference
              ? "dx"
              : to_string(traits(operation).forms[0].output)));
    }
    all.questions.push_back(std::move(question));
  }
  for (const std::string& guess : roles.guesses()) all.guesses.push_back(guess);
  all.guesses.insert(all.guesses.end(), asker.guesses().begin(),
                     asker.guesses().end());
  all.unused = roles.unused();
  return all;
}

}  // namespace exactbn
