// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/declare.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "oracles/convention.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/complain.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

using FieldWords = std::map<std::string, std::string>;  // by field

// Fields that are no single word, or that only the subject can know.
constexpr std::array kOfTheSubject = {"subject", "operations",
                                      "dtypes",  "channel_axes",
                                      "outputs", "output_dtypes"};

nlohmann::json with(nlohmann::json declaration, const FieldWords& words) {
  for (const auto& [key, word] : words) declaration[key] = word;
  return declaration;
}

// Collects what the flags say, and blames the flag that says it wrongly.
class Collected {
 public:
  void set(const std::string& flag, const std::string& key,
           const std::string& word) {
    try {
      read_declaration(with({{"subject", "any"}}, {{key, word}}).dump());
    } catch (const WireError& error) {
      throw UsageError(flag + ": " + error.what());
    }
    const auto [known, is_new] = words_.emplace(key, word);
    if (is_new || known->second == word) return;
    throw UsageError(fmt::format("{}: {} is already declared as {}", flag, key,
                                 known->second));
  }
  const FieldWords& words() const { return words_; }

 private:
  FieldWords words_;
};

FieldWords words_of(const DeclareOptions& options) {
  Collected all;
  for (const std::string& each : options.declare) {
    const std::size_t at = each.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == each.size()) {
      throw UsageError("--declare: expected KEY=VALUE, not '" + each + "'");
    }
    const std::string key = each.substr(0, at);
    for (const char* own : kOfTheSubject) {
      if (key == own) {
        throw UsageError("--declare: " + key + " is for the subject to say");
      }
    }
    all.set("--declare", key, each.substr(at + 1));
  }
  if (!options.convention.empty()) {
    try {
      for (const auto& [key, word] : convention_fields(options.convention)) {
        all.set("--convention", key, word);
      }
    } catch (const std::invalid_argument& error) {
      throw UsageError(std::string("--convention: ") + error.what());
    }
  }
  if (!options.domain.empty()) all.set("--domain", "domain", options.domain);
  return all.words();
}

nlohmann::json json_of(const Declaration& declaration) {
  return nlohmann::json::parse(write_declaration(declaration));
}

}  // namespace

Declaration declared(const Declaration& declaration,
                     const DeclareOptions& options) {
  const FieldWords words = words_of(options);
  Declaration other = declaration;
  if (!words.empty()) {
    other = read_declaration(with(json_of(declaration), words).dump());
  }
  other.allows_short_accumulation =
      options.short_accumulation || words.contains("accumulation");
  return other;
}

void tell_overridden(const Declaration& own, const Declaration& declaration) {
  const nlohmann::json before = json_of(own);
  const nlohmann::json after = json_of(declaration);
  for (const auto& [key, word] : after.items()) {
    const auto was = before.find(key);
    if (key == "domain" || (was != before.end() && *was == word)) continue;
    complain("exactbn: {}: {} is {}, by the command line{}\n",
             printable(own.subject), key, word.get<std::string>(),
             was == before.end()
                 ? ""
                 : fmt::format(", and not {}", was->get<std::string>()));
  }
}

std::string as_flags(const DeclareOptions& options) {
  std::string text;
  if (!options.convention.empty()) {
    text += " --convention " + options.convention;
  }
  for (const std::string& each : options.declare) {
    text += " --declare " + shell_word(each);
  }
  if (!options.domain.empty()) text += " --domain " + options.domain;
  if (options.short_accumulation) text += " --allow-short-accumulation";
  return text;
}

}  // namespace exactbn
