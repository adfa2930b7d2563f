// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/commands/declare.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "oracles/wire.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// The fields that --declare may set are those with one word for a value.
nlohmann::json with(nlohmann::json declaration,
                    const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) declaration[key] = value;
  return declaration;
}

std::map<std::string, std::string> values_of(const DeclareOptions& options) {
  std::map<std::string, std::string> values;
  const auto set = [&](const std::string& flag, const std::string& key,
                       const std::string& value) {
    const auto [known, is_new] = values.emplace(key, value);
    if (is_new || known->second == value) return;
    throw UsageError(fmt::format("{}: {} is already declared as {}", flag, key,
                                 known->second));
  };
  for (const std::string& each : options.declare) {
    const std::size_t at = each.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == each.size()) {
      throw UsageError("--declare: expected KEY=VALUE, not '" + each + "'");
    }
    const std::string key = each.substr(0, at);
    if (key == "subject" || key == "operations" || key == "dtypes" ||
        key == "channel_axes" || key == "outputs") {
      throw UsageError("--declare: " + key + " is for the subject to say");
    }
    set("--declare", key, each.substr(at + 1));
  }
  if (!options.domain.empty()) set("--domain", "domain", options.domain);
  return values;
}

class DeclaredSubject : public Subject {
 public:
  DeclaredSubject(std::unique_ptr<Subject> subject, Declaration declaration)
      : subject_(std::move(subject)), declaration_(std::move(declaration)) {}

  const Declaration& declaration() const override { return declaration_; }
  Answer answer(const Case& c) override { return subject_->answer(c); }
  std::optional<Answer> answer_in(const Surroundings& surroundings,
                                  const Case& c) override {
    return subject_->answer_in(surroundings, c);
  }

 private:
  std::unique_ptr<Subject> subject_;
  Declaration declaration_;
};

}  // namespace

Declaration declared(const Declaration& declaration,
                     const DeclareOptions& options) {
  const auto values = values_of(options);
  if (values.empty()) return declaration;
  const auto json = nlohmann::json::parse(write_declaration(declaration));
  try {
    return read_declaration(with(json, values).dump());
  } catch (const WireError& error) {
    const bool domain = options.declare.empty();
    throw UsageError((domain ? "--domain: " : "--declare: ") +
                     std::string(error.what()));
  }
}

std::unique_ptr<Subject> declared(std::unique_ptr<Subject> subject,
                                  const DeclareOptions& options) {
  if (options.declare.empty() && options.domain.empty()) return subject;
  Declaration declaration = declared(subject->declaration(), options);
  return std::make_unique<DeclaredSubject>(std::move(subject),
                                           std::move(declaration));
}

std::string as_flags(const DeclareOptions& options) {
  std::string text;
  for (const std::string& each : options.declare) {
    text += " --declare " + shell_word(each);
  }
  if (!options.domain.empty()) text += " --domain " + options.domain;
  return text;
}

}  // namespace exactbn
