// SPDX-License-Identifier: Apache-2.0
#include "golden/export/arrays.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "golden/vector/bytes.h"
#include "golden/vector/dialect.h"
#include "golden/vector/prove.h"
#include "oracles/wire/problem.h"

namespace exactbn {

namespace {

using nlohmann::ordered_json;

std::string f64_hex(double value) {
  return to_hex(std::bit_cast<std::uint64_t>(value), DType::f64);
}

std::string bytes_of(double value) {
  return little_endian(std::bit_cast<std::uint64_t>(value), 8);
}

ordered_json format_and_shape(const Tensor& tensor) {
  return {{"dtype", format(tensor.dtype()).name}, {"shape", tensor.shape()}};
}

class Writer {
 public:
  explicit Writer(ArrayFile& file) : file_(file) {}

  void add(const Vector& vector) {
    const Problem& problem = vector.question.problem;
    const std::string id = vector.question.id + '/';
    ordered_json entry = {{"id", vector.question.id},
                          {"comment", vector.comment},
                          {"labels", vector.question.labels},
                          {"channel_axis", problem.channel_axis},
                          {"epsilon", f64_hex(problem.epsilon)},
                          {"momentum", nullptr},
                          {"batches_tracked", problem.batches_tracked},
                          {"inputs", ordered_json::object()}};
    add(id + "epsilon", problem.epsilon);
    if (problem.momentum) {
      entry["momentum"] = f64_hex(*problem.momentum);
      add(id + "momentum", *problem.momentum);
    }
    for (const auto& [name, tensor] : problem.inputs) {
      const std::string text(to_string(name));
      entry["inputs"][text] = format_and_shape(tensor);
      add(id + text, tensor);
    }
    entry["expected"] = answer(id, vector.expected);
    for (const auto& [name, expected] : vector.variations) {
      entry["variation:" + name] =
          answer(fmt::format("{}variation/{}/", id, name), expected);
    }
    file_.metadata["cases"].push_back(std::move(entry));
  }

 private:
  void add(std::string name, double value) {
    file_.arrays.push_back({std::move(name), DType::f64, {}, bytes_of(value)});
  }
  void add(std::string name, const Tensor& tensor) {
    file_.arrays.push_back({std::move(name), tensor.dtype(), tensor.shape(),
                            little_endian(tensor)});
  }

  ordered_json answer(const std::string& prefix, const Expected& expected) {
    if (!expected.reject.empty()) return {{"reject", expected.reject}};
    ordered_json outputs = ordered_json::object();
    for (const auto& [key, output] : expected.outputs) {
      const std::string name(to_string(key));
      const Shape& shape = output.values.shape();
      std::string residuals;
      std::string units;
      std::string letters;
      for (const Residual& r : output.residuals)
        residuals += bytes_of(in_ulp(r));
      for (const double unit : output.units) units += bytes_of(unit);
      for (const Judged judged : output.judged) letters += letter(judged);
      const auto named = [&](std::string_view what) {
        return fmt::format("{}{}/{}", prefix, what, name);
      };
      add(named("expected"), output.values);
      file_.arrays.push_back({named("residual"), DType::f64, shape, residuals});
      file_.arrays.push_back({named("eta_unit"), DType::f64, shape, units});
      file_.arrays.push_back({named("judged"), {}, shape, letters});
      outputs[name] = format_and_shape(output.values);
      outputs[name]["eta_limit"] = output.eta_limit;
    }
    return {{"outputs", std::move(outputs)}};
  }

  ArrayFile& file_;
};

ordered_json header(const VectorFile& file) {
  ordered_json labels = ordered_json::object();
  for (const auto& [name, label] : file.labels) {
    labels[name] = {{"exposes", label.exposes},
                    {"severity", label.severity},
                    {"threads", label.threads}};
  }
  return {{"schema", "exactbn/arrays/1"},
          {"generator",
           {{"version", file.generator.version},
            {"command", file.generator.command}}},
          {"operation", to_string(file.operation)},
          {"dtype", format(file.dtype).name},
          {"semantics", file.semantics},
          {"labels", std::move(labels)},
          {"number_of_cases", file.number_of_cases},
          {"cases", ordered_json::array()}};
}

}  // namespace

double in_ulp(const Residual& residual) {
  // A double holds the upper 53 bits.
  const auto width = static_cast<int>(std::bit_width(residual.size));
  const int excess = std::max(0, width - 53);
  const double size =
      std::ldexp(static_cast<double>(residual.size >> excess), excess - 64);
  return residual.negative ? -size : size;
}

std::vector<ArrayFile> array_files(const std::vector<Vector>& vectors,
                                   const Generator& generator) {
  std::vector<ArrayFile> files;
  for (const VectorFile& group : dialect_files(vectors, generator)) {
    const std::string name = file_name(group);
    ArrayFile& file = files.emplace_back();
    file.stem = name.substr(0, name.rfind('.'));
    file.metadata = header(group);
    Writer writer(file);
    for (const Vector& vector : group.cases) writer.add(vector);
  }
  return files;
}

}  // namespace exactbn
