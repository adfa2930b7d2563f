// SPDX-License-Identifier: Apache-2.0
#include "golden/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "golden/export/arrays.h"
#include "golden/recipe/counter.h"
#include "golden/vector/bytes.h"
#include "golden/vector/prove.h"
#include "golden/vector/sha256.h"
#include "oracles/wire/json_fields.h"
#include "reference/floating_point_environment.h"
#include "reference/rounded.h"
#include "reference/sums.h"

namespace exactbn {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "exactbn/recipe/1";
constexpr Output kBiased = Output::running_var_biased;
constexpr std::int64_t kSamples = 32;
// In x. A larger case needs more memory than a user would expect.
constexpr std::int64_t kMaxRecipeValues = std::int64_t{1} << 28;

std::string hex(std::uint64_t bits) { return to_hex(bits, DType::f64); }
std::string hex(double value) {
  return hex(std::bit_cast<std::uint64_t>(value));
}

ordered_json digest(const Tensor& tensor) {
  return {{"dtype", format(tensor.dtype()).name},
          {"shape", tensor.shape()},
          {"sha256", sha256(little_endian(tensor))}};
}

// x / d in lowest terms.
std::string fraction(const Dyadic& x, const Integer& d) {
  Integer n = x.n;
  Integer below = d;
  (x.e < 0 ? below : n) <<= static_cast<unsigned>(x.e < 0 ? -x.e : x.e);
  const Integer common = gcd(n, below);
  n /= common;
  below /= common;
  return below == 1 ? n.str() : n.str() + '/' + below.str();
}

ordered_json channels(const Problem& problem) {
  const Tensor* const dy = problem.find(Input::dy);
  const ChannelView view = problem.view();
  const Integer m = view.count();
  ordered_json list = ordered_json::array();
  for (const Sums& sums : channel_sums(problem.x(), dy, view)) {
    const Dyadic squares = Dyadic(m, 0) * sums.s2 - sums.s1 * sums.s1;
    ordered_json channel = {{"S1", fraction(sums.s1, 1)},
                            {"S2", fraction(sums.s2, 1)},
                            {"mean", fraction(sums.s1, m)},
                            {"var", fraction(squares, m * m)}};
    if (dy != nullptr) {
      channel["D1"] = fraction(sums.d1, 1);
      channel["D2"] = fraction(sums.d2, 1);
    }
    list.push_back(std::move(channel));
  }
  return list;
}

// Evenly spaced indices, with the first and the last.
std::vector<std::int64_t> sampled(std::int64_t size) {
  const std::int64_t count = std::min(size, kSamples);
  std::vector<std::int64_t> at;
  for (std::int64_t j = 0; j < count; ++j) {
    at.push_back(count == 1 ? 0 : (size - 1) * j / (count - 1));
  }
  return at;
}

ordered_json samples(const ExpectedOutput& output) {
  std::string bits;
  std::string residuals;
  std::string letters;
  for (std::int64_t i = 0; i < output.values.size(); ++i) {
    bits += to_hex(output.values.bits(i), output.values.dtype());
  }
  for (const Residual& r : output.residuals) {
    residuals += (r.negative ? '-' : '+') + hex(r.size);
  }
  for (const Judged judged : output.judged) letters += letter(judged);
  return {{"bits", std::move(bits)},
          {"residual", std::move(residuals)},
          {"eta_limit", output.eta_limit},
          {"eta_limit_unit", output.units},
          {"judged", std::move(letters)}};
}

ordered_json outputs(const Problem& problem) {
  const OutputNames computed = output_names(problem);
  std::vector<Output> names(computed.begin(), computed.end());
  const bool updates = computed.contains(Output::running_var);
  const Declaration unbiased;
  const Judge judge(problem, unbiased);
  Declaration biased;
  biased.running_variance = RunningVariance::biased;
  std::optional<Judge> biased_judge;
  if (updates) {
    names.push_back(kBiased);
    biased_judge.emplace(problem, biased);
  }
  ordered_json all;
  for (const Output name : names) {
    const bool other = name == kBiased;
    const Output output = other ? Output::running_var : name;
    const Tensor values =
        rounded(judge.exact(), name, output_format(problem, output));
    const std::vector<std::int64_t> at = sampled(values.size());
    ordered_json& entry = all[std::string(to_string(name))] = digest(values);
    entry["at"] = at;
    entry.update(samples(prove_at(other ? *biased_judge : judge, problem,
                                  other ? biased : unbiased, output, at)));
  }
  return all;
}

ordered_json describe(const Recipe& recipe) {
  return {{"inputs", kCounter},
          {"seed", hex(recipe.seed)},
          {"operation", to_string(recipe.operation)},
          {"dtype", format(recipe.dtype).name},
          {"shape", recipe.shape},
          {"channel_axis", recipe.channel_axis},
          {"epsilon", hex(recipe.epsilon)},
          {"momentum", recipe.momentum ? ordered_json(hex(*recipe.momentum))
                                       : ordered_json(nullptr)}};
}

std::uint64_t read_bits(const wire::Fields& fields, std::string_view name) {
  const std::string path = fields.path(name);
  const auto bits = parse_hex(wire::as_text(fields.at(name), path), DType::f64);
  if (!bits) wire::refuse(path, "expected 16 lower-case hexadecimal digits");
  return *bits;
}

// The element of `all` with the field's name.
template <class List>
auto choose_named(const wire::Fields& fields, std::string_view name,
                  const List& all, auto text) {
  const std::string& given = wire::as_text(fields.at(name), fields.path(name));
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](auto each) { return text(each) == given; });
  if (it == all.end()) wire::refuse(fields.path(name), "unknown value");
  return *it;
}

Recipe read_recipe(const wire::json& value) {
  const wire::Fields fields(value, "recipe",
                            {"inputs", "seed", "operation", "dtype", "shape",
                             "channel_axis", "epsilon", "momentum"});
  if (wire::as_text(fields.at("inputs"), fields.path("inputs")) != kCounter) {
    wire::refuse(fields.path("inputs"), fmt::format("expected {}", kCounter));
  }
  Recipe recipe;
  recipe.seed = read_bits(fields, "seed");
  recipe.operation =
      choose_named(fields, "operation", kOperations,
                   [](Operation each) { return to_string(each); });
  recipe.dtype = choose_named(fields, "dtype", kDTypes,
                              [](DType each) { return format(each).name; });
  const std::string shape = fields.path("shape");
  for (const wire::json& extent : wire::as_array(fields.at("shape"), shape)) {
    recipe.shape.push_back(wire::as_integer<std::int64_t>(extent, shape));
  }
  recipe.channel_axis = wire::as_integer<int>(fields.at("channel_axis"),
                                              fields.path("channel_axis"));
  recipe.epsilon = std::bit_cast<double>(read_bits(fields, "epsilon"));
  if (!fields.at("momentum").is_null()) {
    recipe.momentum = std::bit_cast<double>(read_bits(fields, "momentum"));
  }
  return recipe;
}

}  // namespace

std::string file_name(const Recipe& recipe) {
  return fmt::format("recipe-{}-{}-{}.json", to_string(recipe.operation),
                     format(recipe.dtype).name, to_string(recipe.shape));
}

std::string write_recipe(const Recipe& recipe, const Generator& generator) {
  const StandardEnvironment environment;
  if (element_count(recipe.shape) > kMaxRecipeValues) {
    throw InvalidProblem("shape",
                         fmt::format("more than {} values", kMaxRecipeValues));
  }
  const Problem problem = counter_problem(
      recipe.operation, recipe.dtype, recipe.shape, recipe.channel_axis,
      recipe.epsilon, recipe.momentum, recipe.seed);
  require_valid(problem);
  ordered_json inputs;
  for (const auto& [name, tensor] : problem.inputs) {
    inputs[std::string(to_string(name))] = digest(tensor);
  }
  const ordered_json file = {
      {"schema", kSchema},
      {"generator",
       {{"version", generator.version}, {"command", generator.command}}},
      {"recipe", describe(recipe)},
      {"sha256_of", "bits, the lowest byte first"},
      {"inputs", std::move(inputs)},
      {"channels", channels(problem)},
      {"outputs", outputs(problem)}};
  std::string text = "{\n";
  for (const auto& [name, value] : file.items()) {
    if (text.size() > 2) text += ",\n";
    text += fmt::format("\"{}\":{}", name, value.dump());
  }
  return text += "\n}\n";
}

bool is_recipe(std::string_view text) {
  return text.starts_with("{\n\"schema\":\"exactbn/recipe/");
}

RecipeProof prove_recipe(std::string_view name, std::string_view text) {
  const StandardEnvironment environment;
  wire::LineParser parser(text.size());
  const wire::json given = parser.parse(text);
  const wire::Fields fields(given, "",
                            {"schema", "generator", "recipe", "sha256_of",
                             "inputs", "channels", "outputs"});
  if (wire::as_text(fields.at("schema"), "schema") != kSchema) {
    wire::refuse("schema", fmt::format("expected {}", kSchema));
  }
  const wire::Fields generator(fields.at("generator"), "generator",
                               {"version", "command"});
  const Recipe recipe = read_recipe(fields.at("recipe"));
  std::string proved;
  try {
    proved = write_recipe(
        recipe,
        {wire::as_nonempty_text(generator.at("version"), "generator.version"),
         wire::as_nonempty_text(generator.at("command"), "generator.command")});
  } catch (const InvalidProblem& error) {
    wire::refuse("recipe", error.what());
  } catch (const std::invalid_argument& error) {
    wire::refuse("recipe.shape", error.what());
  }
  RecipeProof proof;
  const wire::json again = wire::json::parse(proved);
  for (const wire::json& output : again.at("outputs")) {
    std::int64_t size = 1;
    for (const wire::json& extent : output.at("shape")) {
      size *= extent.get<std::int64_t>();
    }
    proof.values += size;
  }
  if (name != file_name(recipe)) {
    proof.wrong = "should be named " + file_name(recipe);
  } else if (const wire::json changes = wire::json::diff(given, again);
             !changes.empty()) {
    proof.wrong =
        changes[0].at("path").get<std::string>() + ": differs from the proof";
  } else if (text != proved) {
    proof.wrong = "same content, different text";
  }
  return proof;
}

}  // namespace exactbn
