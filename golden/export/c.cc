// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>

#include "golden/export/arrays.h"
#include "golden/export/c_types.h"
#include "golden/vector/dialect.h"
#include "golden/vector/prove.h"
#include "reference/floating_point_environment.h"

namespace exactbn {

namespace {

constexpr std::string_view kTypesFile = "exactbn_vectors.h";
constexpr std::size_t kRanks = 5;

// A string literal in ASCII, without trigraphs.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '?') {
      out += {'\\', c};
    } else if (c < ' ' || c > '~') {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string c_literal(double value) {
  return "0x" + to_hex(std::bit_cast<std::uint64_t>(value), DType::f64) + "u";
}

std::string identifier(std::string_view text) {
  std::string name(text);
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

// An initializer of at most 80 columns a line. The list is not empty.
std::string list(const std::vector<std::string>& elements) {
  std::string text = "{";
  std::size_t column = 0;
  for (const std::string& element : elements) {
    const bool first = &element == &elements.front();
    if (!first) text += ',';
    if (first || column + element.size() + 2 > 80) {
      text += "\n  ";
      column = 2;
    } else {
      text += ' ';
      ++column;
    }
    text += element;
    column += element.size() + 1;
  }
  return text += "}";
}

// The header of one operation and one format.
class Header {
 public:
  explicit Header(const VectorFile& file) {
    const std::string stem =
        file_name(file).substr(0, file_name(file).rfind('.'));
    const std::string name = "exactbn_" + identifier(stem);
    text_ = fmt::format(
        "/* Known answers of {}, {}: {} cases, written by\n   {}\n   (version "
        "{}). golden/README.md of exactbn explains them. */\n#ifndef "
        "{}_H\n#define {}_H\n\n#include \"{}\"\n",
        to_string(file.operation), format(file.dtype).name,
        file.number_of_cases, in_comment(file.generator.command),
        file.generator.version, name, name, kTypesFile);
    std::vector<std::string> semantics;
    for (const auto& [what, how] : file.semantics) {
      semantics.push_back(literal(fmt::format("{}: {}", what, how)));
    }
    array("char *const", name + "_semantics", semantics);
    std::vector<std::string> cases;
    for (const Vector& vector : file.cases) cases.push_back(add(vector));
    array("exactbn_case", name + "_cases", cases);
    text_ += fmt::format(
        "\nstatic const exactbn_vectors {} = {{\n  {}, {},\n  {},\n  {}, "
        "{}_semantics, {}, {}_cases}};\n\n#endif\n",
        name, literal(to_string(file.operation)),
        literal(format(file.dtype).name), literal(file.generator.command),
        semantics.size(), name, cases.size(), name);
  }

  std::string take() { return std::move(text_); }

 private:
  // Text that cannot end the comment around it.
  static std::string in_comment(std::string text) {
    for (std::size_t at; (at = text.find("*/")) != std::string::npos;) {
      text.replace(at, 2, "* /");
    }
    return text;
  }

  void array(std::string_view type, const std::string& name,
             const std::vector<std::string>& elements) {
    text_ +=
        fmt::format("static const {} {}[] = {};\n", type, name, list(elements));
  }
  void doubles(const std::string& name, const std::vector<double>& values) {
    std::vector<std::string> elements;
    elements.reserve(values.size());
    for (const double value : values) elements.push_back(c_literal(value));
    array("uint64_t", name, elements);
  }

  // Defines an array of the bits; returns the exactbn_tensor that refers to it.
  std::string tensor(const std::string& prefix, const std::string& name,
                     const Tensor& tensor) {
    const Format f = format(tensor.dtype());
    std::vector<std::string> bits;
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      bits.push_back("0x" + to_hex(tensor.bits(i), tensor.dtype()) + "u");
    }
    array(fmt::format("uint{}_t", f.width), prefix + name, bits);
    Shape shape = tensor.shape();
    shape.resize(kRanks);
    return fmt::format("{{\"{}\", \"{}\", {}, {}, {}, {{{}}}, {}, {}}}", name,
                       f.name, f.width, f.precision, tensor.shape().size(),
                       fmt::join(shape, ", "), tensor.size(), prefix + name);
  }

  // Defines the arrays of an exactbn_output, and returns it.
  std::string output(const std::string& prefix, const std::string& name,
                     const ExpectedOutput& output) {
    const std::string values =
        tensor(prefix + "expected_", name, output.values);
    std::vector<double> residuals;
    for (const Residual& r : output.residuals) residuals.push_back(in_ulp(r));
    doubles(prefix + "residual_" + name, residuals);
    doubles(prefix + "eta_unit_" + name, output.units);
    std::vector<std::string> letters;
    for (const Judged judged : output.judged) {
      letters.push_back(fmt::format("'{}'", letter(judged)));
    }
    array("char", prefix + "judged_" + name, letters);
    return fmt::format("{{{}, {}residual_{}, {}eta_unit_{}, {}judged_{}, {}}}",
                       values, prefix, name, prefix, name, prefix, name,
                       c_literal(output.eta_limit));
  }

  std::string answer(const std::string& prefix, const std::string& rule,
                     const Expected& expected) {
    if (!expected.reject.empty()) {
      return fmt::format("{{\"{}\", {}, 0, NULL}}", rule,
                         literal(expected.reject));
    }
    std::vector<std::string> outputs;
    for (const auto& [name, of] : expected.outputs) {
      outputs.push_back(output(prefix, std::string(to_string(name)), of));
    }
    array("exactbn_output", prefix + "outputs", outputs);
    return fmt::format("{{\"{}\", NULL, {}, {}outputs}}", rule, outputs.size(),
                       prefix);
  }

  // Defines the arrays of an exactbn_case, and returns it.
  std::string add(const Vector& vector) {
    const Problem& problem = vector.question.problem;
    const std::string prefix = identifier(vector.question.id) + '_';
    text_ += '\n';
    std::vector<std::string> labels;
    for (const std::string& label : vector.question.labels) {
      labels.push_back(literal(label));
    }
    array("char *const", prefix + "labels", labels);
    std::string momentum = "NULL";
    if (problem.momentum) {
      momentum = prefix + "momentum";
      doubles(momentum, {*problem.momentum});
    }
    std::vector<std::string> inputs;
    for (const auto& [name, values] : problem.inputs) {
      inputs.push_back(tensor(prefix, std::string(to_string(name)), values));
    }
    array("exactbn_tensor", prefix + "inputs", inputs);
    std::vector<std::string> answers = {
        answer(prefix, "expected", vector.expected)};
    for (const auto& [name, other] : vector.variations) {
      answers.push_back(answer(prefix + name + '_', name, other));
    }
    array("exactbn_answer", prefix + "answers", answers);
    return fmt::format(
        "{{{}, {},\n   {}, {}labels, {}, {}, {}, {}, {}, {}inputs, {}, "
        "{}answers}}",
        literal(vector.question.id), literal(vector.comment), labels.size(),
        prefix, problem.channel_axis, c_literal(problem.epsilon), momentum,
        problem.batches_tracked, inputs.size(), prefix, answers.size(), prefix);
  }

  std::string text_;
};

}  // namespace

std::vector<OutputFile> export_c(const std::vector<Vector>& vectors,
                                 const Generator& generator) {
  const StandardEnvironment environment;
  std::vector<OutputFile> files = {
      {std::string(kTypesFile), std::string(kCTypes)}};
  for (const VectorFile& file : dialect_files(vectors, generator)) {
    const std::string name = file_name(file);
    files.push_back(
        {name.substr(0, name.rfind('.')) + ".h", Header(file).take()});
  }
  return files;
}

}  // namespace exactbn
