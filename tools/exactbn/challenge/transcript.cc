// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/challenge/transcript.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

#include "oracles/format_names.h"
#include "oracles/printable.h"
#include "oracles/wire.h"
#include "tools/exactbn/challenge/settings.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

constexpr std::string_view kSchema = "exactbn/challenge-transcript/1";

Json outputs_json(const Answer& answer) {
  Json all = Json::object();
  for (const auto& [name, tensor] : answer.outputs) {
    all[std::string(to_string(name))] = {{"dtype", format(tensor.dtype()).name},
                                         {"sha256", digest_of(tensor)}};
  }
  return all;
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

// What a line says of a question, without the answer and the verdict.
Json asked_json(const ChallengeQuestion& q) {
  return {{"question", q.number},
          {"operation", to_string(q.asked.problem.operation)},
          {"dtype", format(q.paper->dtype).name},
          {"family", q.family->name},
          {"case", q.of_family},
          {"part", q.part},
          {"again", q.is_again},
          {"repeats", q.repeats ? Json(*q.repeats) : Json(nullptr)},
          {"inputs", digest_of(q.asked.problem)}};
}

Json verdict_json(const ChallengeVerdict& v) {
  return {{"verdict", to_string(v.verdict)},
          {"why", v.why.empty() ? Json(nullptr) : Json(v.why)},
          {"wrote_to_input", v.wrote},
          {"broke", v.broke}};
}

Json end_json(std::uint64_t seed, std::string_view nonce,
              const ChallengeMarks& marks) {
  return {
      {"seed", std::to_string(seed)},
      {"nonce", nonce},
      {"asked", marks.asked},
      {"passed", marks.passed},
      {"disqualified",
       marks.disqualified.empty() ? Json(nullptr) : Json(marks.disqualified)},
      {"score", marks.score()},
      {"full_marks", marks.full()}};
}

}  // namespace

Transcript::Transcript(std::string_view commitment,
                       const Challenge& challenge) {
  const Declaration& declaration = challenge.declaration();
  text_ = line_of(
      {{"schema", kSchema},
       {"exactbn", EXACTBN_VERSION},
       {"commitment", commitment},
       {"settings", settings_json(challenge.settings())},
       {"declaration", Json::parse(write_declaration(declaration))},
       {"allows_short_accumulation", declaration.allows_short_accumulation}});
}

void Transcript::add(const ChallengeQuestion& question,
                     const ChallengeVerdict& verdict, const Answer* answer) {
  Json line = asked_json(question);
  line.update(verdict_json(verdict));
  line["answer"] = nullptr;
  line["outputs"] = nullptr;
  if (answer) {
    if (answer->kind != Answer::Kind::outputs || is_recorded_whole(question)) {
      line["answer"] = Json::parse(write_answer(question.asked.id, *answer));
    } else {
      line["outputs"] = outputs_json(*answer);
    }
  }
  text_ += line_of(line);
}

void Transcript::finish(std::uint64_t seed, std::string_view nonce,
                        const ChallengeMarks& marks) {
  text_ += line_of(end_json(seed, nonce, marks));
}

namespace {

// Reads a transcript line by line.
class TranscriptLines {
 public:
  TranscriptLines(const std::string& file, std::string_view text)
      : file_(file), rest_(text) {}

  // Nothing at the end.
  std::optional<Json> next() {
    if (rest_.empty()) return std::nullopt;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_ = end == rest_.npos ? std::string_view() : rest_.substr(end + 1);
    ++number_;
    Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) refuse("not a line of a transcript");
    return json;
  }
  // A line that must be there.
  Json need(std::string_view what) {
    if (auto json = next()) return *std::move(json);
    ++number_;
    refuse(fmt::format("missing: {}", what));
  }
  bool at_end() const { return rest_.empty(); }

  [[noreturn]] void refuse(std::string_view why) const {
    throw UsageError(fmt::format("{}: line {}: {}", file_, number_, why));
  }

  // A field, of a type that `get` wants.
  template <class Value>
  Value get(const Json& json, const char* name) const {
    try {
      return json.at(name).get<Value>();
    } catch (const Json::exception&) {
      refuse(fmt::format("{}: missing, or of another type", name));
    }
  }

  std::size_t number() const { return number_; }

 private:
  const std::string& file_;
  std::string_view rest_;
  std::size_t number_ = 0;
};

Declaration declaration_in(const TranscriptLines& lines, const Json& header) {
  try {
    Declaration declaration =
        read_declaration(lines.get<Json>(header, "declaration").dump());
    declaration.allows_short_accumulation =
        lines.get<bool>(header, "allows_short_accumulation");
    return declaration;
  } catch (const WireError& error) {
    lines.refuse(fmt::format("declaration: {}", error.what()));
  }
}

ChallengeSettings settings_in(const TranscriptLines& lines,
                              const Json& header) {
  try {
    return read_settings(lines.get<Json>(header, "settings"));
  } catch (const UsageError& error) {
    lines.refuse(fmt::format("settings: {}", error.what()));
  }
}

// The seed stands at the end: it was not known before.
struct End {
  std::uint64_t seed = 0;
  std::string nonce;
  Json json;
};

End end_of(const std::string& file, std::string_view text) {
  TranscriptLines lines(file, text);
  Json last;
  while (auto json = lines.next()) last = *std::move(json);
  End end;
  end.json = last;
  end.nonce = lines.get<std::string>(last, "nonce");
  const std::string seed = lines.get<std::string>(last, "seed");
  const char* const first = seed.data();
  const auto read = std::from_chars(first, first + seed.size(), end.seed);
  if (read.ec != std::errc() || read.ptr != first + seed.size()) {
    lines.refuse("seed: not an integer in [0, 18446744073709551615]");
  }
  return end;
}

class Verifier {
 public:
  Verifier(const std::string& file, std::string_view text, Subject* subject)
      : end_(end_of(file, text)), lines_(file, text) {
    if (subject) subject_.emplace(*subject);
  }

  TranscriptProof run() {
    const Json header = lines_.need("the header");
    if (lines_.get<std::string>(header, "schema") != kSchema) {
      lines_.refuse(fmt::format("schema: expected {}", kSchema));
    }
    const auto version = lines_.get<std::string>(header, "exactbn");
    if (version != EXACTBN_VERSION) {
      lines_.refuse(fmt::format(
          "exactbn: made by version {}; verify it with that, this is {}",
          printable(version), EXACTBN_VERSION));
    }
    const Declaration declaration = declaration_in(lines_, header);
    result_.subject = declaration.subject;
    result_.seed = end_.seed;
    result_.commitment = lines_.get<std::string>(header, "commitment");
    if (result_.commitment != commitment_to(end_.seed, end_.nonce)) {
      return wrong(
          "the commitment is not to the seed and the nonce at the end");
    }
    Challenge challenge(end_.seed, settings_in(lines_, header), declaration);
    while (const ChallengeQuestion* question = challenge.next()) {
      const Json line = lines_.need("a question");
      if (line.contains("nonce")) return wrong("questions are left out");
      if (const std::string what = difference(asked_json(*question), line);
          !what.empty()) {
        return wrong(what + " is not that of the seed's question");
      }
      if (!add(challenge, *question, line)) return result_;
    }
    challenge.finish();
    const Json last = lines_.need("the end");
    const Json expected = end_json(end_.seed, end_.nonce, challenge.marks());
    if (const std::string what = difference(expected, last); !what.empty()) {
      return wrong(what + " is not what the verdicts add up to");
    }
    if (!lines_.at_end()) return wrong("more lines than questions");
    result_.score = challenge.marks().score();
    result_.full = challenge.marks().full();
    return result_;
  }

 private:
  // The name of a field of `expected` that the line has otherwise; or empty.
  static std::string difference(const Json& expected, const Json& line) {
    for (const auto& [name, value] : expected.items()) {
      const auto found = line.find(name);
      if (found == line.end() || *found != value) return name;
    }
    return {};
  }

  TranscriptProof wrong(const std::string& why) {
    result_.wrong = fmt::format("line {}: {}", lines_.number(), why);
    return result_;
  }

  // Judges the answer of a line again, if it can. False if the verdict is
  // another one.
  bool add(Challenge& challenge, const ChallengeQuestion& question,
           const Json& line) {
    ChallengeVerdict claimed;
    claimed.verdict = verdict_in(line);
    if (!line.contains("why")) lines_.refuse("why: missing");
    if (!line["why"].is_null()) {
      claimed.why = lines_.get<std::string>(line, "why");
    }
    claimed.wrote = lines_.get<bool>(line, "wrote_to_input");
    claimed.broke = lines_.get<bool>(line, "broke");
    if (claimed.broke) {
      if (claimed.verdict != Verdict::failed) {
        wrong("a subject that broke, and did not fail");
        return false;
      }
      challenge.add(claimed, nullptr);
      return true;
    }
    const auto answer = answer_to(question, line);
    if (!answer) {
      ++result_.claimed;
      challenge.add(claimed, nullptr);
      return true;
    }
    const ChallengeVerdict verdict = challenge.judge(*answer);
    if (verdict != claimed) {
      wrong(fmt::format("the answer is {}{}{}, not as recorded",
                        to_string(verdict.verdict),
                        verdict.why.empty() ? "" : ": ", verdict.why));
      return false;
    }
    challenge.add(verdict, &*answer);
    return true;
  }

  Verdict verdict_in(const Json& line) const {
    const auto word = lines_.get<std::string>(line, "verdict");
    for (const Verdict verdict :
         {Verdict::unsupported, Verdict::passed, Verdict::undecided,
          Verdict::beyond, Verdict::missing, Verdict::failed}) {
      if (to_string(verdict) == word) return verdict;
    }
    lines_.refuse(fmt::format("verdict: unknown '{}'", printable(word)));
  }

  // The answer in the transcript, or that of the subject; or nothing.
  std::optional<Answer> answer_to(const ChallengeQuestion& question,
                                  const Json& line) {
    if (line.contains("answer") && line["answer"].is_object()) {
      try {
        Answer answer = read_answer(line["answer"].dump(), question.asked);
        ++result_.judged;
        return answer;
      } catch (const WireError& error) {
        lines_.refuse(fmt::format("answer: {}", error.what()));
      }
    }
    if (is_recorded_whole(question)) lines_.refuse("answer: missing");
    if (!subject_) return std::nullopt;
    ++result_.asked;
    return subject_->answer(question);
  }

  End end_;
  TranscriptLines lines_;
  std::optional<ChallengedSubject> subject_;
  TranscriptProof result_;
};

}  // namespace

TranscriptProof verify_transcript(const std::string& file,
                                  std::string_view text, Subject* subject) {
  return Verifier(file, text, subject).run();
}

}  // namespace exactbn
