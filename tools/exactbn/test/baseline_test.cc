// SPDX-License-Identifier: Apache-2.0
// Known failures: --baseline, --baseline-strict and --update-baseline.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::baseline_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string replaced(std::string text, const std::string& old,
                     const std::string& with) {
  const std::size_t at = text.find(old);
  if (at == std::string::npos) throw std::runtime_error("no " + old);
  return text.replace(at, old.size(), with);
}

// An answer whose variance is a few hundred ulp too large, or twice or four
// times as many; and one in which invstd is wrong, too.
std::string wrong_answer(const std::string& id,
                         const std::string& var = "3e800200") {
  return replaced(small_answer(id), "3e800000", var);
}
std::string wrong_twice(const std::string& id) {
  return replaced(wrong_answer(id), "3fb504f3", "3fb50ff3");
}

constexpr const char* kDeclared = R"({"subject":"a kernel 1.2"})"
                                  "\n";

// Three cases. The baseline b.jsonl knows that `wicked` is wrong.
class Baseline : public ProgramTest {
 protected:
  Baseline() {
    write("cases",
          small_case("one") + small_case("wicked") + small_case("two"));
    answer(wrong_answer("wicked"));
    EXPECT_EQ(check("--update-baseline").status, 0);
  }

  // Answers `wicked`, and perhaps `two`.
  void answer(const std::string& wicked,
              const std::string& two = small_answer("two"),
              const std::string& declared = kDeclared) const {
    write("answers", declared + small_answer("one") + wicked + two);
  }

  ProgramRun check(const std::string& flags = "") const {
    return run("exactbn check cases answers --baseline b.jsonl " + flags);
  }
};

TEST_F(Baseline, HasAHeaderAndALineForEachFailure) {
  const std::string text = read("b.jsonl");
  const json header = json::parse(first_line(text));
  EXPECT_EQ(header["schema"], "exactbn/baseline/1");
  EXPECT_EQ(header["verb"], "validate");
  EXPECT_EQ(header["subject"], "a kernel 1.2");
  EXPECT_EQ(header["required"], "sequential");
  EXPECT_EQ(header["domain"], "ordinary");
  EXPECT_THAT(header["cases"], StartsWith("3 cases, sha256 "));
  const json line = json::parse(last_line(text));
  EXPECT_EQ(line["case"], "wicked");
  EXPECT_EQ(line["output"], "var");
  EXPECT_EQ(line["failure"], "wrong");
  EXPECT_GT(line["eta"], 10);
  EXPECT_EQ(line["defects"], json::array());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(Baseline, KnownFailuresAreCountedAndHaveNoWeight) {
  const ProgramRun outcome = check("--json r.json --junit r.xml");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(
      outcome.out,
      AllOf(Not(HasSubstr("\nFAIL ")),
            HasSubstr("\nbaseline   b.jsonl: 1 case known, 0 new or worse, 0 "
                      "mended\n")));
  EXPECT_EQ(last_line(outcome.out),
            "3 run, 2 passed, 1 failed, 0 missing, 0 undecided, 0 beyond, 0 "
            "unsupported\n");
  const json report = json::parse(read("r.json"));
  EXPECT_EQ(report["failures"][0]["known"], true);
  EXPECT_EQ(report["failures"][0]["news"], json::array());
  EXPECT_EQ(report["baseline"], json::parse(R"({"file":"b.jsonl","known":1,
      "new":0,"mended":[]})"));
  EXPECT_THAT(
      read("r.xml"),
      AllOf(HasSubstr("failures=\"0\" errors=\"0\" skipped=\"1\""),
            HasSubstr("name=\"wicked\"><skipped message=\"known: baseline\"")));
  EXPECT_EQ(run("exactbn check cases answers").status, 1);
}

TEST_F(Baseline, AnotherCaseIsNew) {
  answer(wrong_answer("wicked"), wrong_answer("two"));
  const ProgramRun outcome = check();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("\nFAIL forward_training f32  two\n"
                              "  since  var: new\n"),
                    Not(HasSubstr("f32  wicked\n")),
                    HasSubstr(": 1 case known, 1 new or worse, 0 mended\n")));
}

TEST_F(Baseline, AnotherOutputOfAKnownCaseIsNew) {
  answer(wrong_twice("wicked"));
  const ProgramRun outcome = check();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("\n  since  invstd: new\n"));
}

TEST_F(Baseline, AnEtaThatMoreThanDoublesIsWorse) {
  answer(wrong_answer("wicked", "3e800380"));
  EXPECT_EQ(check().status, 0);
  answer(wrong_answer("wicked", "3e800600"));
  const ProgramRun outcome = check("--json r.json");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("\n  since  var: eta "));
  const json failure = json::parse(read("r.json"))["failures"][0];
  EXPECT_EQ(failure["known"], false);
  EXPECT_THAT(failure["news"].dump(), HasSubstr(" -> "));
}

TEST_F(Baseline, AnInfiniteEtaIsNullAndWorseThanAnyOther) {
  answer(wrong_answer("wicked", "7fc00000"));
  EXPECT_EQ(check().status, 1);
  EXPECT_EQ(check("--update-baseline").status, 0);
  EXPECT_THAT(read("b.jsonl"), HasSubstr("\"eta\":null"));
  EXPECT_EQ(check().status, 0);
  answer(wrong_answer("wicked"));
  EXPECT_EQ(check().status, 0);
}

TEST_F(Baseline, WhatIsMendedIsToldAndFailsOnlyIfStrict) {
  EXPECT_EQ(check("--baseline-strict").status, 0);
  answer(small_answer("wicked"));
  const ProgramRun outcome = check();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\nmended     wicked: var: wrong -> "
                                     "passed\nbaseline   b.jsonl: 0 cases "
                                     "known, 0 new or worse, 1 mended\n"));
  EXPECT_EQ(check("--baseline-strict").status, 1);
  EXPECT_EQ(check("--update-baseline").status, 0);
  EXPECT_EQ(check("--baseline-strict").status, 0);
}

TEST_F(Baseline, OneOfTwoOutputsIsMended) {
  answer(wrong_twice("wicked"));
  EXPECT_EQ(check("--update-baseline").status, 0);
  answer(wrong_answer("wicked"));
  const ProgramRun outcome = check();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out,
              HasSubstr("mended     wicked: invstd: wrong -> passed\n"));
}

TEST_F(Baseline, MissingOutputsAndRefusalsCanBeKnown) {
  answer(R"({"case":"wicked","error":"no mood"})"
         "\n",
         "");
  EXPECT_EQ(check().status, 1);
  EXPECT_EQ(check("--update-baseline").status, 0);
  const ProgramRun known = check("--junit r.xml");
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_THAT(known.out, Not(HasSubstr("\nmissing ")));
  EXPECT_THAT(read("r.xml"),
              HasSubstr("failures=\"0\" errors=\"0\" skipped=\"2\""));
  answer(R"({"case":"wicked","error":"no memory"})"
         "\n",
         "");
  const ProgramRun other = check();
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out, HasSubstr("  since  error: no mood -> error: no "
                                   "memory\n"));
}

// A second run knows the first three, and gets as far as the next three.
TEST_F(Baseline, CrashesCanBeKnownAndWhatWasNotAskedCannot) {
  std::string cases;
  for (const char id : std::string("abcde")) cases += small_case({id});
  write("five", cases);
  write("subject",
        "echo '{\"subject\":\"s\"}'; read -r line; case $line in *'\"a\"'*) "
        "exit 7;; *) kill -ABRT $$;; esac\n");
  const std::string command =
      "exactbn validate --exec 'exec sh subject' --cases five --baseline c ";
  EXPECT_EQ(run(command + "--update-baseline").status, 3);
  EXPECT_THAT(last_line(read("c")), HasSubstr("{\"case\":\"c\",\"output\":null"
                                              ",\"failure\":\"broke\"}"));
  const ProgramRun partly = run(command);
  EXPECT_EQ(partly.status, 3);
  EXPECT_THAT(partly.out, HasSubstr(": 3 cases known, 2 new or worse, "));
  EXPECT_EQ(run(command + "--update-baseline").status, 0);
  const ProgramRun known = run(command);
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_THAT(last_line(known.out), StartsWith("5 run, 0 passed, 5 failed, "));
}

TEST_F(Baseline, UndecidedCanBeKnownInTheDomainAll) {
  const std::string command =
      "exactbn validate defect:epsilon_outside_root --dtype f32 --domain all "
      "--filter MeanDominatesVariance ";
  EXPECT_EQ(run(command).status, 4);
  EXPECT_EQ(run(command + "--baseline u --update-baseline").status, 0);
  EXPECT_THAT(last_line(read("u")), HasSubstr("\"failure\":\"undecided\"}"));
  const ProgramRun known = run(command + "--baseline u --junit r.xml");
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_THAT(read("r.xml"), HasSubstr("failures=\"0\" errors=\"0\""));
}

// A subset of the cases has less evidence for a diagnosis.
TEST_F(Baseline, ADiagnosisIsComparedCaseByCase) {
  const std::string command =
      "exactbn validate defect:epsilon_outside_root --dtype f32 --baseline d ";
  ASSERT_EQ(run(command + "--update-baseline").status, 0);
  const std::string text = read("d");
  const json line = json::parse(last_line(text));
  EXPECT_EQ(line["defects"], json::array({"epsilon_outside_root"}));
  const std::string one =
      command + "--filter " + line["case"].get<std::string>();
  const ProgramRun known = run(one);
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_THAT(known.out, HasSubstr("d: 1 case known, 0 new or worse, 0 mende"));
  std::string other = text;
  for (std::size_t at = 0;
       (at = other.find("[\"epsilon_outside_root")) != other.npos;) {
    other = replaced(other, "[\"epsilon_outside_root", "[\"gamma_sign_lost");
  }
  write("d", other);
  const ProgramRun changed = run(one);
  EXPECT_EQ(changed.status, 1);
  EXPECT_THAT(changed.out, HasSubstr("no longer looks like gamma_sign_lost"));
}

TEST_F(Baseline, ASelectionLeavesOtherLinesAlone) {
  answer(wrong_answer("wicked"), wrong_answer("two"));
  EXPECT_EQ(check("--update-baseline").status, 0);
  const std::string both = read("b.jsonl");
  answer(small_answer("wicked"), small_answer("two"));
  EXPECT_THAT(check("--filter two").out,
              AllOf(HasSubstr("mended     two: var"),
                    Not(HasSubstr("mended     wicked"))));
  EXPECT_EQ(check("--filter two --update-baseline").status, 0);
  EXPECT_THAT(read("b.jsonl"), AllOf(HasSubstr("\"case\":\"wicked\""),
                                     Not(HasSubstr("\"case\":\"two\""))));
  answer(wrong_answer("wicked"), wrong_answer("two"));
  EXPECT_EQ(check("--filter two --update-baseline").status, 0);
  EXPECT_EQ(read("b.jsonl"), both);
}

TEST_F(Baseline, ALineOfNoCaseIsStale) {
  write("b.jsonl",
        read("b.jsonl") + R"({"case":"zoo","output":"y","failure":"missing"})");
  const ProgramRun outcome = check();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("mended     zoo: y: no such case\n"));
  EXPECT_EQ(check("--baseline-strict").status, 1);
}

TEST_F(Baseline, AnotherVersionOfTheSubjectUsesIt) {
  const auto with = [this](const std::string& subject) {
    answer(wrong_answer("wicked"), small_answer("two"),
           R"({"subject":")" + subject + "\"}\n");
    return check();
  };
  EXPECT_EQ(with("a kernel 1.3.0+cpu").status, 0);
  EXPECT_EQ(with("a kernel v2").status, 0);
  EXPECT_EQ(with("a kernel").status, 0);
  for (const std::string other :
       {"a kernel 1.2 (fast)", "another kernel 1.2", "a 3d kernel 1.2"}) {
    const ProgramRun outcome = with(other);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "exactbn: b.jsonl:1: subject: a kernel 1.2, but "
              "this run has " +
                  other + "\n");
  }
}

TEST_F(Baseline, ValidateUsesTheBaselineOfCheckForTheSameCases) {
  write("subject",
        "echo '{\"subject\":\"a kernel\"}'; while read -r x; do "
        "case $x in *one*) sed -n 2p answers;; *wicked*) sed -n 3p "
        "answers;; *) sed -n 4p answers;; esac; done\n");
  const std::string command =
      "exactbn validate --exec 'exec sh subject' --baseline b.jsonl --cases ";
  const ProgramRun outcome = run(command + "cases");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  write("others", small_case("one") + small_case("wicked"));
  EXPECT_THAT(run(command + "others").err,
              HasSubstr("b.jsonl:1: cases: 3 cases, sha256 "));
}

// ---- What is refused: one line, and no file is changed.

struct Refusal {
  std::string name;
  std::string flags;
  std::string message;
  std::string baseline;  // in place of b.jsonl, if not empty
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

class Refused : public Baseline, public testing::WithParamInterface<Refusal> {};

TEST_P(Refused, InOneLine) {
  const std::string header = first_line(read("b.jsonl")) + "\n";
  if (!GetParam().baseline.empty()) {
    write("b.jsonl", GetParam().baseline == "HEADERLESS"
                         ? last_line(read("b.jsonl"))
                         : header + GetParam().baseline);
  }
  const std::string before = read("b.jsonl");
  const ProgramRun outcome =
      run("exactbn " + GetParam().flags + " --json r.json");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(StartsWith("exactbn: " + GetParam().message),
                                 EndsWith("\n")));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
  EXPECT_EQ(read("b.jsonl"), before);
  EXPECT_EQ(files(), (std::set<std::string>{"answers", "b.jsonl", "cases"}));
}

std::vector<Refusal> refusals() {
  const std::string check = "check cases answers --baseline b.jsonl";
  const std::string update = check + " --update-baseline";
  return {
      {"StrictAlone", "check cases answers --baseline-strict",
       "--baseline-strict requires --baseline", ""},
      {"UpdateAlone", "validate double --update-baseline",
       "--update-baseline requires --baseline", ""},
      {"StrictUpdate", update + " --baseline-strict",
       "--baseline-strict excludes --update-baseline", ""},
      {"SeveralSubjects", "validate double double --baseline b.jsonl",
       "--baseline: give one SUBJECT\n", ""},
      {"Defects", "validate --defects --baseline b.jsonl",
       "--defects excludes --baseline", ""},
      {"Maximize", "properties double --maximize y.eta --baseline b.jsonl",
       "--maximize: not with --github or --baseline\n", ""},
      {"StandardInput", "validate double --baseline -",
       "--baseline: expected a file, not standard input\n", ""},
      {"NoSuchFile", "check cases answers --baseline none",
       "none: No such file or directory\n", ""},
      {"NotWritable", "check cases answers --baseline no/b --update-baseline",
       "no/b: cannot be written: No such file or directory\n", ""},
      {"NoHeader", update, "b.jsonl:1: schema: missing\n", "HEADERLESS"},
      {"AnotherGrade", check + " --require stable",
       "b.jsonl:1: required: sequential, but this run has stable\n", ""},
      {"AnotherDomain", update + " --domain all",
       "b.jsonl:1: domain: ordinary, but this run has all\n", ""},
      {"AnotherVerb", "properties double --baseline b.jsonl",
       "b.jsonl:1: verb: validate, but this run has properties\n", ""},
      {"OtherCases", "validate double --baseline b.jsonl",
       "b.jsonl:1: subject: a kernel 1.2, but this run has double\n", ""},
      {"NotJson", update, "b.jsonl:2: not a JSON object\n", "hello"},
      {"CutOff", check, "b.jsonl:2: not a JSON object\n",
       R"({"case":"wicked","outp)"},
      {"NoCase", check, "b.jsonl:2: case: missing\n", "{}"},
      {"CaseIsANumber", check, "b.jsonl:2: case: number, expected a string\n",
       R"({"case":1})"},
      {"UnknownFailure", check, "b.jsonl:2: failure: unknown failure 'late'\n",
       R"({"case":"a","output":"y","failure":"late"})"},
      {"UnknownOutput", check, "b.jsonl:2: output: unknown output 'z'\n",
       R"({"case":"a","output":"z","failure":"missing"})"},
      {"NoOutput", check, "b.jsonl:2: output: missing\n",
       R"({"case":"a","output":null,"failure":"undecided"})"},
      {"OutputOfACrash", check, "b.jsonl:2: output: expected null\n",
       R"({"case":"a","output":"y","failure":"broke"})"},
      {"EtaIsAString", check,
       "b.jsonl:2: eta: expected a number >= 0, or null\n",
       R"({"case":"a","output":"y","failure":"wrong","eta":"9"})"},
      {"EtaIsNegative", check,
       "b.jsonl:2: eta: expected a number >= 0, or null\n",
       R"({"case":"a","output":"y","failure":"wrong","eta":-9})"},
      {"DefectsIsAString", check,
       "b.jsonl:2: defects: expected an array of strings\n",
       R"({"case":"a","output":"y","failure":"wrong","eta":9,"defects":""})"},
      {"UnknownField", check, "b.jsonl:2: since: unknown field\n",
       R"({"case":"a","output":"y","failure":"missing","since":2})"},
      {"Twice", check, "b.jsonl:3: case: the failure is given twice\n",
       R"({"case":"a","output":"y","failure":"missing"})"
       "\n"
       R"({"case":"a","output":"y","failure":"missing"})"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, Refused, testing::ValuesIn(refusals()),
                         [](const auto& row) { return row.param.name; });

TEST_F(Baseline, OfAnotherSeedIsRefused) {
  const std::string command =
      "exactbn validate double --filter WorkedExample --baseline s ";
  EXPECT_EQ(run(command + "--update-baseline").status, 0);
  EXPECT_EQ(run(command).status, 0);
  const ProgramRun outcome = run(command + "--seed 7");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "exactbn: s:1: cases: suite core, seed 20150211, but "
            "this run has suite core, seed 7\n");
}

// ---- Broken laws.

class LawBaseline : public ProgramTest {
 protected:
  LawBaseline() {
    EXPECT_EQ(properties("--cases 60 --update-baseline").status, 0);
  }
  ProgramRun properties(const std::string& flags) const {
    return run(
        "exactbn properties defect:dx_without_projection --save '' "
        "--baseline b " +
        flags);
  }
  void add(const std::string& law) const {
    write("b", read("b") + R"({"law":")" + law +
                   R"(","operation":"forward_training","dtype":"f32"})" + "\n");
  }
};

TEST_F(LawBaseline, KnownLawsAreNotShrunkAndHaveNoWeight) {
  EXPECT_THAT(read("b"), HasSubstr("\n{\"law\":\"dx_along_x\",\"operation\":"
                                   "\"backward_training\",\"dtype\":\"f"));
  const ProgramRun outcome = properties("--cases 60 --json r.json");
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_THAT(outcome.out, Not(HasSubstr("\nBROKEN ")));
  EXPECT_THAT(last_line(outcome.out), Not(HasSubstr(" 0 failed")));
  const json baseline = json::parse(read("r.json"))["baseline"];
  EXPECT_GT(baseline["known"], 0);
  EXPECT_EQ(baseline["new"], 0);
}

TEST_F(LawBaseline, AnotherLawFormatOrOperationIsNew) {
  std::istringstream lines(read("b"));
  std::string rest;
  std::string gone;
  for (std::string line; std::getline(lines, line);) {
    if (gone.empty() && line.find("dx_along_x") != line.npos) {
      gone = line;
    } else {
      rest += line + "\n";
    }
  }
  ASSERT_FALSE(gone.empty());
  write("b", rest);
  const ProgramRun outcome = properties("--cases 60");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\nBROKEN dx_along_x "),
                                 Not(HasSubstr("\nBROKEN oracle ")),
                                 HasSubstr(", 1 new or worse, 0 mended\n")));
}

TEST_F(LawBaseline, WhatIsMendedIsToldForTheSameCases) {
  add("shift_of_x");
  const std::string mended = "mended     shift_of_x: forward_training f32\n";
  const ProgramRun outcome = properties("--cases 70");
  EXPECT_THAT(outcome.out, HasSubstr(mended));
  EXPECT_EQ(properties("--cases 60 --baseline-strict").status, 1);
  for (const std::string other : {"--cases 40", "--cases 60 --law oracle",
                                  "--cases 60 --profile small", "--case 3"}) {
    EXPECT_THAT(properties(other).out, Not(HasSubstr("mended  "))) << other;
  }
}

TEST_F(LawBaseline, AnUpdateWithOtherCasesOnlyAdds) {
  add("shift_of_x");
  EXPECT_EQ(properties("--cases 40 --update-baseline").status, 0);
  EXPECT_THAT(read("b"),
              AllOf(HasSubstr("shift_of_x"), HasSubstr("\"drawn\":60}\n")));
  EXPECT_EQ(properties("--cases 70 --update-baseline").status, 0);
  EXPECT_THAT(read("b"), AllOf(Not(HasSubstr("shift_of_x")),
                               HasSubstr("\"drawn\":70}\n")));
}

// A second search knows the first crash, and gets further.
TEST_F(LawBaseline, ACrashCanBeKnown) {
  write("dies",
        "echo '{\"subject\":\"s\",\"operations\":[\"forward_inference\"],"
        "\"dtypes\":[\"f32\"]}'; read -r line; exit 7\n");
  const std::string command =
      "exactbn properties --exec 'exec sh dies' --cases 4 --save '' "
      "--baseline c ";
  EXPECT_EQ(run(command + "--update-baseline").status, 3);
  EXPECT_THAT(last_line(read("c")), HasSubstr("{\"law\":\"answers\",\""));
  const ProgramRun known = run(command);
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_THAT(last_line(known.out), StartsWith("4 run, 0 passed, 4 failed, "));
}

TEST_F(LawBaseline, AMissingOutputCannotBeKnown) {
  write("mute",
        "echo '{\"subject\":\"s\",\"operations\":"
        "[\"forward_inference\"],\"dtypes\":[\"f32\"]}'; "
        "while read -r x; do id=${x#*:}; id=${id%%,*}; "
        "echo '{\"case\":'\"$id\"',\"outputs\":{}}'; done\n");
  EXPECT_EQ(run("exactbn properties --exec 'exec sh mute' --cases 2 --save '' "
                "--law oracle --baseline c --update-baseline")
                .status,
            4);
}

TEST_F(LawBaseline, AnUnknownLawIsRefused) {
  add("gravity");
  const ProgramRun outcome = properties("--cases 60");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr(": law: unknown law 'gravity'\n"));
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace exactbn::baseline_test
