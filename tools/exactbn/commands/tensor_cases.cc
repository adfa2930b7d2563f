// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/tensor_cases.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "golden/tensor_files/file_kind.h"
#include "golden/tensor_files/onnx.h"
#include "golden/tensor_files/question.h"
#include "oracles/convention.h"
#include "oracles/descriptor_stream.h"
#include "oracles/printable.h"
#include "reference/conventions.h"
#include "tools/exactbn/commands/flags.h"
#include "tools/exactbn/commands/or_why.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "model.onnx";
constexpr const char* kSet = "test_data_set_";

std::string content_of(const std::string& file) {
  return or_why(file, [&] {
    InputStream in(file);
    return read_all(in);
  });
}

// What `read` returns; its errors name the file.
template <class Read>
auto in_file(const std::string& file, const Read& read) {
  try {
    return read();
  } catch (const TensorFileError& error) {
    throw UsageError(file + ": " + error.what());
  }
}

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

bool is_folder(const fs::path& path) {
  std::error_code none;
  return fs::is_directory(path, none);
}

// The entries of a folder, sorted.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    all.push_back(at->path());
  }
  if (error) throw UsageError(folder.string() + ": " + error.message());
  std::sort(all.begin(), all.end());
  return all;
}

// A model and one set of tensors for it.
struct OnnxTest {
  fs::path model;
  fs::path data;
};

// The folder is a model's, a set's, or has models' folders in it.
std::vector<OnnxTest> onnx_tests(const fs::path& folder) {
  std::vector<OnnxTest> tests;
  const auto add_model = [&](const fs::path& of) {
    for (const fs::path& data : entries(of)) {
      if (is_folder(data) && data.filename().string().starts_with(kSet)) {
        tests.push_back({of / kModel, data});
      }
    }
  };
  const fs::path normal = fs::absolute(folder).lexically_normal();
  const fs::path parent = normal.parent_path();
  if (is_file(folder / kModel)) {
    add_model(folder);
  } else if (normal.filename().string().starts_with(kSet) &&
             is_file(parent / kModel)) {
    tests.push_back({parent / kModel, folder});
  } else {
    for (const fs::path& of : entries(folder)) {
      if (is_file(of / kModel)) add_model(of);
    }
  }
  return tests;
}

std::map<std::string, std::string> names_of(const TensorFlags& flags) {
  std::map<std::string, std::string> names;
  for (const std::string& each : flags.map) {
    const std::size_t at = each.find('=');
    if (at == 0 || at == each.npos || at + 1 == each.size()) {
      throw UsageError("--map: expected NAME=TENSOR, not '" + each + "'");
    }
    const std::string name = each.substr(0, at);
    if (!names.emplace(name, each.substr(at + 1)).second) {
      throw UsageError("--map: " + name + " is given twice");
    }
  }
  return names;
}

std::map<std::string, DType> formats_of(const TensorFlags& flags) {
  std::map<std::string, DType> formats;
  for (const std::string& each : flags.stored_as) {
    const std::size_t at = each.rfind('=');
    const auto dtype =
        at == each.npos ? std::nullopt : parse_dtype(each.substr(at + 1));
    if (at == 0 || !dtype) {
      throw UsageError(
          "--stored-as: expected TENSOR=FORMAT, such as x=bf16, not '" + each +
          "'");
    }
    formats[each.substr(0, at)] = *dtype;
  }
  return formats;
}

QuestionOptions options_of(const TensorFlags& flags,
                           const std::string& convention) {
  QuestionOptions options;
  for (const std::string& name : flags.operations) {
    options.operations.push_back(operation_of("--operation", name));
  }
  if (!flags.epsilon.empty()) {
    options.epsilon = number_of("--epsilon", flags.epsilon);
    if (*options.epsilon < 0) {
      throw UsageError("--epsilon: expected a number of at least 0, not '" +
                       flags.epsilon + "'");
    }
  }
  if (!flags.momentum.empty()) {
    options.momentum = number_of("--momentum", flags.momentum);
  }
  options.channel_axis = channel_axis_of(flags);
  options.names = names_of(flags);
  options.formats = formats_of(flags);
  if (const auto framework = find_convention(convention)) {
    options.usual_epsilon = framework->epsilon;
  }
  return options;
}

// The tensors of a test, named after the roles that the model gives them.
TensorSource onnx_source(const OnnxTest& test, const OnnxBatchNorm& model) {
  TensorSource source;
  source.file = test.data.string();
  constexpr std::string_view kInputs[] = {"inputs.x", "inputs.gamma",
                                          "inputs.beta", "inputs.running_mean",
                                          "inputs.running_var"};
  constexpr std::string_view kOutputs[] = {"outputs.y", "outputs.running_mean",
                                           "outputs.running_var"};
  const auto read =
      [&](const std::vector<std::string>& names, const char* kind,
          const std::string& name) -> std::optional<StoredTensor> {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    const fs::path file =
        test.data / fmt::format("{}_{}.pb", kind, at - names.begin());
    const std::string text = content_of(file.string());
    return in_file(file.string(), [&] {
      const FileFormat format = file_kind(text).format;
      if (format == FileFormat::other || format == FileFormat::zip) {
        throw TensorFileError(file_kind(text).what);
      }
      return read_tensor_proto(text, name);
    });
  };
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    auto tensor = read(model.graph_inputs, "input", model.inputs[i]);
    for (const StoredTensor& each : model.initializers) {
      if (each.name == model.inputs[i]) tensor = each;
    }
    if (!tensor) {
      throw UsageError(fmt::format("{}: node: input {} is not the model's",
                                   test.model.string(), model.inputs[i]));
    }
    tensor->name = kInputs[i];
    source.tensors.push_back(*std::move(tensor));
  }
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    auto tensor = read(model.graph_outputs, "output", model.outputs[i]);
    if (!tensor) continue;  // computed, but not returned
    tensor->name = kOutputs[i];
    source.tensors.push_back(*std::move(tensor));
  }
  return source;
}

// In one line on standard error.
void tell(const std::string& file, const FileQuestions& found) {
  std::string text;
  if (!found.guesses.empty()) {
    text = fmt::format("guessed: {}", fmt::join(found.guesses, ", "));
  }
  if (!found.unused.empty()) {
    text += fmt::format("{}not used: {}", text.empty() ? "" : "; ",
                        fmt::join(found.unused, ", "));
  }
  if (text.empty()) return;
  complain("exactbn: {}: {}\n", printable(file), printable(text));
}

// Collects questions.
class Reader {
 public:
  Reader(const QuestionOptions& options, bool needs_outputs)
      : options_(options), needs_outputs_(needs_outputs) {}

  void add_onnx(const fs::path& folder) {
    const std::vector<OnnxTest> tests = onnx_tests(folder);
    if (tests.empty()) {
      throw UsageError(folder.string() +
                       ": no test_data_set_0 beside model.onnx");
    }
    for (const OnnxTest& test : tests) {
      const std::string file = test.model.string();
      const std::string text = content_of(file);
      const OnnxBatchNorm model =
          in_file(file, [&] { return read_onnx_batch_norm(text); });
      QuestionOptions options = options_;
      options.operations = {model.training ? Operation::forward_training
                                           : Operation::forward_inference};
      if (!options.channel_axis) options.channel_axis = 1;
      if (!options.epsilon) {
        options.epsilon = static_cast<double>(model.epsilon);
      }
      if (!options.momentum) {
        options.momentum = static_cast<double>(model.momentum);
      }
      const fs::path of = fs::absolute(test.model).parent_path();
      std::string name = of.filename().string();
      const std::string set = test.data.filename().string();
      if (set != std::string(kSet) + "0") name += '/' + set;
      add({onnx_source(test, model)}, options, name);
    }
    all_.declaration.momentum = Momentum::weight_of_old;
    all_.declaration.running_variance = RunningVariance::biased;
  }

  void add_files(const std::vector<std::string>& files) {
    std::vector<TensorSource> sources;
    for (const std::string& file : files) {
      const std::string text = content_of(file);
      const std::string stem = fs::path(file).stem().string();
      sources.push_back({file, Side::either, in_file(file, [&] {
                           return read_tensors(text, stem);
                         })});
    }
    const bool pair = sources.size() == 2 && sources[0].tensors.size() > 1 &&
                      sources[1].tensors.size() > 1;
    if (pair) {
      sources[0].side = Side::inputs;
      sources[1].side = Side::outputs;
    }
    add(sources, options_, fs::path(files[0]).stem().string());
  }

  TensorCases take() { return std::move(all_); }

 private:
  void add(const std::vector<TensorSource>& sources,
           const QuestionOptions& options, const std::string& name) {
    FileQuestions found;
    try {
      found = file_questions(sources, options, needs_outputs_);
    } catch (const TensorFileError& error) {
      throw UsageError(error.what());
    }
    tell(sources[0].file, found);
    for (FileQuestion& question : found.questions) {
      const Operation operation = question.problem.operation;
      std::string id = name.empty() ? "tensors" : name;
      if (found.questions.size() > 1) {
        id += fmt::format("-{}", traits(operation).abbreviation);
      }
      if (!ids_.insert(id).second) id = sources[0].file;
      ids_.insert(id);
      std::vector<Output>& offered = all_.declaration.outputs[operation];
      for (const auto& [output, tensor] : question.outputs) {
        if (std::find(offered.begin(), offered.end(), output) ==
            offered.end()) {
          offered.push_back(output);
        }
      }
      Case c;
      c.id = id;
      c.problem = std::move(question.problem);
      all_.cases.push_back(std::move(c));
      Answer answer;
      answer.outputs = std::move(question.outputs);
      all_.answers.push_back(std::move(answer));
    }
  }

  const QuestionOptions& options_;
  bool needs_outputs_;
  std::set<std::string> ids_;
  TensorCases all_;
};

}  // namespace

void add_tensor_flags(CLI::App& verb, TensorFlags& flags) {
  const std::string group = "Files of tensors";
  add_names(verb, "--operation", flags.operations,
            "which operation the tensors are of, e.g. backward_training");
  verb.get_option("--operation")->group(group);
  verb.add_option("--epsilon,--eps", flags.epsilon,
                  "epsilon, as a decimal or 0x1.4f8b58p-17")
      ->group(group);
  verb.add_option("--momentum", flags.momentum,
                  "momentum, as the kernel was given it: see --convention")
      ->group(group);
  verb.add_option("--channel-axis", flags.channel_axis,
                  "the channel axis: 0 to 4, or last; by default 1, or the "
                  "only one that fits the parameters")
      ->group(group);
  add_names(verb, "--map", flags.map,
            "NAME=TENSOR: which tensor is x, gamma, y, ..., e.g. x=input_0; "
            "outputs.running_mean is the one after the batch");
  verb.get_option("--map")->group(group);
  add_names(verb, "--stored-as", flags.stored_as,
            "TENSOR=FORMAT: the tensor holds the bits of bf16, f8e4m3fn, ...");
  verb.get_option("--stored-as")->group(group);
}

std::string as_flags(const TensorFlags& flags) {
  std::string text;
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format(" {} {}", flag, shell_word(value));
    }
  };
  for (const std::string& each : flags.operations) add("--operation", each);
  add("--epsilon", flags.epsilon);
  add("--momentum", flags.momentum);
  add("--channel-axis", flags.channel_axis);
  for (const std::string& each : flags.map) add("--map", each);
  for (const std::string& each : flags.stored_as) add("--stored-as", each);
  return text;
}

std::string given_flag(const TensorFlags& flags) {
  const std::string text = as_flags(flags);
  return text.empty() ? text : text.substr(1, text.find(' ', 1) - 1);
}

double number_of(const std::string& flag, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool blank = text.find_first_of(" \t\n") != text.npos;
  if (text.empty() || blank || end != text.c_str() + text.size() ||
      !std::isfinite(value)) {
    throw UsageError(flag + ": expected a finite number, not '" + text + "'");
  }
  return value;
}

Operation operation_of(const std::string& flag, const std::string& text) {
  if (const auto operation = parse_operation(text)) return *operation;
  std::vector<std::string_view> names;
  names.reserve(kOperations.size());
  for (const Operation each : kOperations) names.push_back(to_string(each));
  throw UsageError(fmt::format("{}: unknown operation '{}'; expected {}", flag,
                               text, fmt::join(names, ", ")));
}

std::optional<int> channel_axis_of(const TensorFlags& flags) {
  const std::string& text = flags.channel_axis;
  if (text.empty()) return std::nullopt;
  if (text == "last") return -1;
  const bool counted = text.size() == 1 && text[0] >= '0' && text[0] <= '4';
  const bool from_end =
      text.size() == 2 && text[0] == '-' && text[1] >= '1' && text[1] <= '5';
  if (!counted && !from_end) {
    throw UsageError(
        "--channel-axis: expected 0 to 4, last, or -1 to -5, not '" + text +
        "'");
  }
  return std::atoi(text.c_str());
}

bool is_tensor_file(const std::string& file) {
  if (file == "-") return false;
  if (is_folder(file))
    return !onnx_tests(file).empty() || is_file(file + "/model.onnx");
  if (!is_file(file)) return false;
  return or_why(file, [&] {
    constexpr std::size_t kHead = 4096;
    InputStream in(file);
    std::string head(kHead, '\0');
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(in.gcount()));
    return !head.empty() && file_kind(head).format != FileFormat::text;
  });
}

TensorCases read_tensor_cases(const std::vector<std::string>& files,
                              const TensorFlags& flags,
                              const std::string& convention,
                              bool needs_outputs) {
  const QuestionOptions options = options_of(flags, convention);
  Reader reader(options, needs_outputs);
  const auto folders = std::count_if(files.begin(), files.end(), is_folder);
  if (folders == 0) {
    reader.add_files(files);
  } else if (folders == std::ssize(files)) {
    for (const std::string& folder : files) reader.add_onnx(folder);
  } else {
    throw UsageError(files[0] + ": folders of ONNX and other files together");
  }
  return reader.take();
}

}  // namespace exactbn
