// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/page/data.h"

#include <fmt/format.h>

#include <map>

#include "oracles/printable.h"
#include "tools/exactbn/report/json_parts.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

namespace {

// A list of distinct words; calling it returns the index of a word.
class Words {
 public:
  std::size_t operator()(std::string_view word) {
    const auto [place, is_new] =
        index_.emplace(std::string(word), list_.size());
    if (is_new) list_.push_back(place->first);
    return place->second;
  }
  const Json& list() const { return list_; }

 private:
  std::map<std::string, std::size_t> index_;
  Json list_ = Json::array();
};

// A number with three digits; null if it is not finite.
Json short_number(double value) {
  return json_number(std::stod(fmt::format("{:.2e}", value)));
}

Json histograms(const Run& run, Words& words) {
  Json json = Json::array();
  for (const auto& [key, ulps] : ulps_by_output(run)) {
    Json row = {words(to_string(key.first)), words(format(key.second).name)};
    for (const std::int64_t count : ulps.off) row.push_back(count);
    row.push_back(ulps.unlike);
    json.push_back(std::move(row));
  }
  return json;
}

Json subject_json(const PageSubject& subject, Words& words) {
  Json cases = Json::array();
  Json points = Json::array();
  for (const CaseRun& c : subject.run->cases) {
    if (c.verdict.outputs.empty()) continue;
    const Problem& problem = c.question->problem;
    for (std::size_t i = 0; i < c.verdict.outputs.size(); ++i) {
      const OutputVerdict& out = c.verdict.outputs[i];
      if (c.ulps[i].decided() == 0) continue;
      points.push_back({cases.size(), words(to_string(out.output)),
                        words(to_string(out.grade)), short_number(out.max_eta),
                        short_number(c.kappas[i])});
    }
    cases.push_back(
        {printable(c.question->id), words(to_string(problem.operation)),
         words(format(problem.x().dtype()).name), problem.view().count(),
         words(to_string(c.verdict.verdict))});
  }
  return {{"name", subject.name},
          {"cases", cases},
          {"points", points},
          {"histograms", histograms(*subject.run, words)}};
}

}  // namespace

std::string page_data(const std::vector<PageSubject>& subjects) {
  Words words;
  Json all = Json::array();
  for (const PageSubject& subject : subjects) {
    if (subject.run) all.push_back(subject_json(subject, words));
  }
  const Json json = {
      {"words", words.list()}, {"bins", ulp_bins()}, {"subjects", all}};
  // In a script element only "<" is special.
  std::string text;
  for (const char c :
       json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace exactbn
