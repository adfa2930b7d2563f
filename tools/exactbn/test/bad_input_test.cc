// SPDX-License-Identifier: Apache-2.0
// Bad input: exit code 2, one line that says where, and no other output.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::bad_input_test {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::StartsWith;

constexpr const char* kReports = " --json r.json --junit r.xml --html r.html";

void expect_refused(const ProgramRun& outcome, const std::string& message) {
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "exactbn: " + message + "\n");
}

// Case b, with the value at a JSON pointer replaced.
std::string with(const std::string& place, const json& value) {
  json c = json::parse(small_case("b"));
  c[json::json_pointer(place)] = value;
  return c.dump();
}

std::string without(const std::string& place) {
  const json c = json::parse(small_case("b"));
  const json patch = {{{"op", "remove"}, {"path", place}}};
  return c.patch(patch).dump();
}

// ---- A file of cases whose second line is bad.

struct BadLine {
  std::string name;
  std::string line;
  std::string message;  // after "cases.jsonl:2: "
};

void PrintTo(const BadLine& bad, std::ostream* out) { *out << bad.name; }

class BadCase : public ProgramTest,
                public testing::WithParamInterface<BadLine> {
 protected:
  BadCase() { write("cases.jsonl", small_case("a") + GetParam().line + "\n"); }
};

TEST_P(BadCase, IsRefusedByValidate) {
  expect_refused(run("exactbn validate double --cases cases.jsonl" +
                     std::string(kReports)),
                 "cases.jsonl:2: " + GetParam().message);
  EXPECT_EQ(files(), std::set<std::string>{"cases.jsonl"});
}

TEST_P(BadCase, IsRefusedByCheck) {
  write("answers.jsonl", small_answer("a"));
  expect_refused(
      run("exactbn check cases.jsonl answers.jsonl" + std::string(kReports)),
      "cases.jsonl:2: " + GetParam().message);
  EXPECT_EQ(files(), (std::set<std::string>{"answers.jsonl", "cases.jsonl"}));
}

std::vector<BadLine> bad_cases() {
  const json two = {
      {"dtype", "f32"}, {"shape", {2}}, {"bits", "3f8000003f800000"}};
  return {
      {"NotJson", "hello", "not JSON at byte 1: \"hello\""},
      {"NotAnObject", "[1]", "not a JSON object"},
      {"CutOffInTheMiddle", small_case("b").substr(0, 100),
       "case b: momentum: the line ends too early, after 100 bytes"},
      {"CutOffByOne", small_case("b").substr(0, small_case("b").size() - 2),
       "case b: inputs: the line ends too early, after 303 bytes"},
      {"NotUtf8", "{\"case\":\"\xff\"}",
       "case: not JSON at byte 10: \"\xef\xbf\xbd\\\"}\""},
      {"FieldTwice", R"({"case":"b","epsilon":"","epsilon":""})",
       "case b: epsilon: given twice"},
      {"UnknownField", with("/eps", "3fd0000000000000"),
       "case b: eps: unknown field"},
      {"UnknownInput", with("/inputs/weight", two),
       "case b: inputs.weight: forward_training has no such input"},
      {"UnknownFieldOfATensor", with("/inputs/x/data", "3f800000"),
       "case b: inputs.x.data: unknown field"},
      {"MissingField", without("/epsilon"), "case b: epsilon: missing"},
      {"MissingInput", without("/inputs/x"),
       "case b: inputs.x: forward_training needs it"},
      {"MissingMomentum", without("/momentum"),
       "case b: momentum: missing, but running statistics are given"},
      {"IdIsANumber", with("/case", 7), "case: number, expected a string"},
      {"IdIsEmpty", with("/case", ""), "case: empty"},
      {"AxisIsAString", with("/channel_axis", "1"),
       "case b: channel_axis: string, expected an integer"},
      {"AxisIsAFraction", with("/channel_axis", 1.5),
       "case b: channel_axis: number, expected an integer"},
      {"EpsilonIsANumber", with("/epsilon", 1e-5),
       "case b: epsilon: number, expected a string"},
      {"TensorIsAnArray", with("/inputs/x", {1.0, 2.0}),
       "case b: inputs.x: array, expected an object"},
      {"ShapeIsANumber", with("/inputs/x/shape", 2),
       "case b: inputs.x.shape: number, expected an array"},
      {"BitsTooShort", with("/inputs/x/bits", "3f800000"),
       "case b: inputs.x.bits: 8 hexadecimal digits, expected 16 (2 values of "
       "f32)"},
      {"BitsOddLength", with("/inputs/x/bits", "3f8000004000000"),
       "case b: inputs.x.bits: 15 hexadecimal digits, expected 16 (2 values of "
       "f32)"},
      {"BitsInUpperCase", with("/inputs/x/bits", "3F80000040000000"),
       "case b: inputs.x.bits: \"F\" at digit 1 is not a lower-case "
       "hexadecimal digit"},
      {"EpsilonTooShort", with("/epsilon", "3fd0"),
       "case b: epsilon: \"3fd0\" is not 16 lower-case hexadecimal digits"},
      {"EpsilonInUpperCase", with("/epsilon", "3FD0000000000000"),
       "case b: epsilon: \"3FD0000000000000\" is not 16 lower-case "
       "hexadecimal digits"},
      {"ShapeWithZero", with("/inputs/x/shape", {0, 1}),
       "case b: inputs.x.shape: shape 0x1 has an extent below 1"},
      {"ShapeNegative", with("/inputs/x/shape", {-2, -1}),
       "case b: inputs.x.shape: shape -2x-1 has an extent below 1"},
      {"ShapeOverflows", with("/inputs/x/shape", {1LL << 32, 1LL << 32}),
       "case b: inputs.x.shape: shape 4294967296x4294967296 has more than "
       "2^40 elements"},
      {"ExtentOverflows", with("/inputs/x/shape", {1e30, 1}),
       "case b: inputs.x.shape: number, expected an integer"},
      {"RankOne", with("/inputs/x/shape", {2}),
       "case b: inputs.x.shape: rank 1, expected 2 to 5"},
      {"RankSix", with("/inputs/x/shape", {2, 1, 1, 1, 1, 1}),
       "case b: inputs.x.shape: 6 extents, expected at most 5"},
      {"AxisTooLarge", with("/channel_axis", 2),
       "case b: channel_axis: 2 is not an axis of 2x1"},
      {"AxisNegative", with("/channel_axis", -1),
       "case b: channel_axis: -1 is not an axis of 2x1"},
      {"AxisBeyondInt", with("/channel_axis", 1LL << 40),
       "case b: channel_axis: 1099511627776 is out of range"},
      {"GammaTooLong", with("/inputs/gamma", two),
       "case b: inputs.gamma.shape: 2, expected 1"},
      {"EpsilonNegative", with("/epsilon", "bff0000000000000"),
       "case b: epsilon: must be finite and not negative"},
      {"EpsilonNaN", with("/epsilon", "7ff8000000000000"),
       "case b: epsilon: must be finite and not negative"},
      {"MomentumInfinite", with("/momentum", "7ff0000000000000"),
       "case b: momentum: must be finite, or null"},
      {"RunningVarianceNegative", with("/inputs/running_var/bits", "bf800000"),
       "case b: inputs.running_var: negative in channel 0"},
      {"UnknownOperation", with("/operation", "layer_norm"),
       "case b: operation: \"layer_norm\" is not one of forward_training, "
       "forward_inference, backward_training, backward_inference, "
       "jvp_training, double_backward_training"},
      {"UnknownDtype", with("/inputs/x/dtype", "f8"),
       "case b: inputs.x.dtype: \"f8\" is not one of f64, f32, f16, bf16, "
       "f8e4m3fn, f8e5m2"},
      {"IdOfAnother", small_case("a"), "case a: given twice"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, BadCase, testing::ValuesIn(bad_cases()),
                         [](const auto& row) { return row.param.name; });

// ---- A file of answers whose second line is bad.

class BadAnswer : public ProgramTest,
                  public testing::WithParamInterface<BadLine> {};

TEST_P(BadAnswer, IsRefusedByCheck) {
  write("cases.jsonl", small_case("a") + small_case("b"));
  write("answers.jsonl", small_answer("a") + GetParam().line + "\n");
  expect_refused(
      run("exactbn check cases.jsonl answers.jsonl" + std::string(kReports)),
      "answers.jsonl:2: " + GetParam().message);
  EXPECT_EQ(files(), (std::set<std::string>{"answers.jsonl", "cases.jsonl"}));
}

std::vector<BadLine> bad_answers() {
  const auto answer = [](const std::string& place, const json& value) {
    json c = json::parse(small_answer("b"));
    c[json::json_pointer(place)] = value;
    return c.dump();
  };
  return {
      {"NotJson", "hello", "not JSON at byte 1: \"hello\""},
      {"CutOff", small_answer("b").substr(0, 60),
       "case b: outputs.mean.shape: the line ends too early, after 60 bytes"},
      {"NoCase", R"({"outputs":{}})", "case: missing"},
      {"EmptyCase", R"({"case":"","outputs":{}})", "case: empty"},
      {"UnknownCase", small_answer("c"), "case c: not among the cases"},
      {"Twice", small_answer("a"), "case a: answered twice"},
      {"DeclarationAfterAnswers", R"({"subject":"s"})", "case: missing"},
      {"UnknownField", answer("/time", 1), "case b: time: unknown field"},
      {"NoAnswer", R"({"case":"b"})",
       "case b: expected one of outputs, unsupported, rejected and error"},
      {"TwoAnswers", answer("/error", "e"),
       "case b: expected one of outputs, unsupported, rejected and error"},
      {"ErrorIsANumber", R"({"case":"b","error":7})",
       "case b: error: number, expected a string"},
      {"UnknownOutput",
       answer("/outputs/dx", json::parse(small_answer("b"))["outputs"]["y"]),
       "case b: outputs.dx: the case has no such output"},
      {"BitsTooShort", answer("/outputs/y/bits", "3f800000"),
       "case b: outputs.y.bits: 8 hexadecimal digits, expected 16 (2 values "
       "of f32)"},
      {"BitsInUpperCase", answer("/outputs/var/bits", "3E800000"),
       "case b: outputs.var.bits: \"E\" at digit 1 is not a lower-case "
       "hexadecimal digit"},
      {"OtherShape", answer("/outputs/y/shape", {1, 2}),
       "case b: outputs.y.shape: [1,2], expected [2,1]"},
      {"UnknownDtype", answer("/outputs/y/dtype", "f8"),
       "case b: outputs.y.dtype: \"f8\" is not one of f64, f32, f16, bf16, "
       "f8e4m3fn, f8e5m2"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, BadAnswer, testing::ValuesIn(bad_answers()),
                         [](const auto& row) { return row.param.name; });

// ---- An invalid command line.

struct BadCommand {
  std::string name;
  std::string command;  // after "exactbn "
  std::string message;
};

void PrintTo(const BadCommand& bad, std::ostream* out) { *out << bad.name; }

class BadUsage : public ProgramTest,
                 public testing::WithParamInterface<BadCommand> {};

TEST_P(BadUsage, IsRefused) {
  write("cases.jsonl", small_case("a"));
  write("answers.jsonl", small_answer("a"));
  write("empty", "");
  write("blank", "\n \n");
  write("text.so", "not a library\n");
  const std::set<std::string> before = files();
  expect_refused(run("exactbn " + GetParam().command), GetParam().message);
  EXPECT_EQ(files(), before);
}

std::vector<BadCommand> bad_commands() {
  const std::string reports = kReports;
  const std::string help = "; see exactbn --help";
  return {
      {"NoVerb", "",
       "give a verb: validate, properties, probe, challenge, check, ask, "
       "tolerance, generate, verify, list or serve" +
           help},
      {"UnknownVerb", "judge",
       "The following argument was not expected: judge" + help},
      {"UnknownFlag", "validate double --tolerance 1e-5",
       "The following argument was not expected: --tolerance" + help},
      {"NoSubject", "validate" + reports,
       "validate: give a SUBJECT, or --exec 'COMMAND'"},
      {"SubjectAndExec", "properties double --exec true",
       "SUBJECT excludes --exec" + help},
      {"OneOfSeveralIsUnknown", "validate double nosuch.so" + reports,
       "no plugin at nosuch.so"},
      {"OneOfSeveralIsAnUnknownDefect", "validate double defect:none" + reports,
       "unknown defect 'none'; see `exactbn list defects`"},
      {"SubjectAndDefects", "validate double --defects" + reports,
       "SUBJECT excludes --defects" + help},
      {"ExecAndDefects", "validate --exec true --defects" + reports,
       "--exec excludes --defects" + help},
      {"DefectsToJunit", "validate --defects --junit r.xml",
       "--defects excludes --junit" + help},
      {"UnknownDefect", "validate defect:none" + reports,
       "unknown defect 'none'; see `exactbn list defects`"},
      {"SuiteAndCases",
       "validate double --suite core --cases cases.jsonl" + reports,
       "--suite excludes --cases" + help},
      {"MissingPlugin", "validate ./none.so" + reports,
       "no plugin at ./none.so"},
      {"UnknownSuite", "validate double --suite all" + reports,
       "--suite: unknown suite 'all'; expected core"},
      {"UnknownGrade", "validate double --require perfect" + reports,
       "--require: unknown grade 'perfect'; expected correct, faithful, "
       "stable, sequential"},
      {"UnstableIsRequired",
       "check cases.jsonl answers.jsonl --require unstable",
       "--require: unknown grade 'unstable'; expected correct, faithful, "
       "stable, sequential"},
      {"UnknownDtype", "validate double --dtype f32,f8" + reports,
       "--dtype: unknown format 'f8'; expected f64, f32, f16, bf16, "
       "f8e4m3fn, f8e5m2"},
      {"UnknownDtypeToCheck",
       "check cases.jsonl answers.jsonl --dtype f8" + reports,
       "--dtype: unknown format 'f8'; expected f64, f32, f16, bf16, "
       "f8e4m3fn, f8e5m2"},
      {"NothingSelected", "validate double --filter nothing" + reports,
       "no case is selected"},
      {"NothingSelectedToCheck",
       "check cases.jsonl answers.jsonl --filter nothing" + reports,
       "no case is selected"},
      {"NothingSelectedToList", "list cases --filter nothing",
       "no case is selected"},
      {"NegativeSeed", "validate double --seed -1",
       "--seed: '-1' is not an integer in [0, 18446744073709551615]" + help},
      {"SeedTooLarge", "validate double --seed 18446744073709551616",
       "--seed: '18446744073709551616' is not an integer in [0, "
       "18446744073709551615]" +
           help},
      {"NegativeErrors", "validate double --errors -1",
       "--errors: Value -1 not in range 0 to 1000000" + help},
      {"NoJobs", "validate double --jobs 0",
       "--jobs: Value 0 not in range 1 to 4096" + help},
      {"TimeLimitNaN", "validate double --time-limit nan",
       "--time-limit: expected 0.001 to 1000000 seconds"},
      {"CasesMissing", "validate double --cases none" + reports,
       "none: No such file or directory"},
      {"CasesAreAFolder", "validate double --cases ." + reports,
       ".: Is a directory"},
      {"CasesEmpty", "validate double --cases empty" + reports,
       "empty: is empty"},
      {"CasesBlank", "validate double --cases blank" + reports,
       "no case is selected"},
      {"CasesMissingToCheck", "check none answers.jsonl" + reports,
       "none: No such file or directory"},
      {"CasesAreAFolderToCheck", "check . answers.jsonl" + reports,
       ".: Is a directory"},
      {"CasesEmptyToCheck", "check empty answers.jsonl" + reports,
       "empty: is empty"},
      {"AnswersMissing", "check cases.jsonl none" + reports,
       "none: No such file or directory"},
      {"AnswersAreAFolder", "check cases.jsonl ." + reports,
       ".: Is a directory"},
      {"AnswersEmpty", "check cases.jsonl empty" + reports, "empty: is empty"},
      {"NoAnswers", "check cases.jsonl" + reports,
       "ANSWERS is required" + help},
      {"BothFromStandardInput", "check - - <cases.jsonl" + reports,
       "check: CASES and ANSWERS cannot both be standard input"},
      {"JsonIntoMissingFolder",
       "validate double --json none/r.json --junit r.xml",
       "none/r.json: cannot be written: No such file or directory"},
      {"JunitIntoMissingFolder",
       "validate double --json r.json --junit none/r.xml",
       "none/r.xml: cannot be written: No such file or directory"},
      {"JsonIntoAFile", "check cases.jsonl answers.jsonl --json empty/r.json",
       "empty/r.json: cannot be written: Not a directory"},
      {"JsonIsAFolder", "check cases.jsonl answers.jsonl --json .",
       ".: cannot be written: Is a directory"},
      {"ListNonsense", "list nonsense",
       "list: unknown 'nonsense'; expected subjects, suites, cases, labels, "
       "defects, laws, hacks, families"},
      {"DiskFull", "list suites >/dev/full",
       "standard output: No space left on device"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, BadUsage, testing::ValuesIn(bad_commands()),
                         [](const auto& row) { return row.param.name; });

// ---- A file that is not a plugin. The path in the message is absolute.

class BadPlugin : public ProgramTest {
 protected:
  void expect_no_plugin(const std::string& file, const std::string& message) {
    const ProgramRun outcome =
        run("exactbn validate " + file + std::string(kReports));
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("exactbn: /"));
    EXPECT_THAT(outcome.err, testing::HasSubstr(message));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
    EXPECT_EQ(files().count("r.json") + files().count("r.xml"), 0u);
  }
};

TEST_F(BadPlugin, TextFileIsRefused) {
  write("text.so", "not a library\n");
  expect_no_plugin("./text.so",
                   "text.so: cannot be loaded as a shared library: ");
}

TEST_F(BadPlugin, LibraryWithoutTheSymbolIsRefused) {
  expect_no_plugin(EXACTBN_BUILD "/oracles/unfit_SYMBOL.so",
                   "/unfit_SYMBOL.so: not a plugin: it does not export "
                   "exactbn_get_plugin\n");
}

TEST_F(BadPlugin, OtherVersionOfTheInterfaceIsRefused) {
  expect_no_plugin(EXACTBN_BUILD "/oracles/unfit_ABI.so",
                   "/unfit_ABI.so: built for version 42 of the plugin "
                   "interface, this tool has version 1\n");
}

TEST_F(BadPlugin, UnknownNameIsRefusedAndKnownOnesAreListed) {
  for (const std::string verb : {"validate", "serve"}) {
    const ProgramRun outcome = run("exactbn " + verb + " tripel");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err,
                StartsWith("exactbn: unknown subject 'tripel'; expected "
                           "double, "));
    EXPECT_THAT(outcome.err, EndsWith("a path to a plugin (./x.so), or --exec "
                                      "'COMMAND'\n"));
  }
}

}  // namespace
}  // namespace exactbn::bad_input_test
