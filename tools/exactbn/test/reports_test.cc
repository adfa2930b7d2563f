// SPDX-License-Identifier: Apache-2.0
// The text, the JSON and the JUnit report agree.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::reports_test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

std::string summary_line(const json& s) {
  std::ostringstream line;
  line << s["run"] << " run, " << s["passed"] << " passed, " << s["failed"]
       << " failed, " << s["missing"] << " missing, " << s["undecided"]
       << " undecided, " << s["beyond"] << " beyond, " << s["unsupported"]
       << " unsupported\n";
  return line.str();
}

int occurrences(const std::string& text, const std::string& part) {
  int n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++n;
  return n;
}

// Reads the JUnit report r.xml with Python's parser, and prints its counts:
// those of its attributes, then those of its elements.
constexpr const char* kReadJunit = R"(
import xml.etree.ElementTree as tree
suite, = tree.parse("r.xml").getroot()
names = ["failure", "error", "skipped"]
cases = suite.findall("testcase")
print(suite.get("name"))
print(*[suite.get(a) for a in ("tests", "failures", "errors", "skipped")])
print(len(cases), *[sum(c.find(n) is not None for c in cases) for n in names])
print(*[c.get("name") for c in cases][:1])
for c in cases:
    for n in names:
        for found in c.findall(n):
            print(n, found.get("message"), (found.text or "").strip())
)";

class Reports : public ProgramTest {
 protected:
  ProgramRun with_reports(const std::string& command) const {
    return run(command + " --json r.json --junit r.xml");
  }

  std::string read_junit() const {
    write("junit.py", kReadJunit);
    const ProgramRun outcome = run("python3 junit.py");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  }
};

// The example does not support bf16.
class WrongExample : public Reports {
 protected:
  WrongExample() {
    write("wrong.py", wrong_example());
    outcome_ = with_reports(
        "exactbn validate --exec 'python3 wrong.py' --dtype f32,bf16 "
        "--filter MeanDominatesVariance --errors 2");
    report_ = json::parse(read("r.json"));
  }
  ProgramRun outcome_;
  json report_;
};

TEST_F(WrongExample, JsonHasTheFieldsOfItsSchema) {
  EXPECT_EQ(outcome_.status, 1);
  EXPECT_THAT(
      keys(report_),
      UnorderedElementsAre(
          "schema", "subject", "seed", "required", "environment", "summary",
          "ulp_bins", "outputs", "diagnosis", "scope", "declaration",
          "disagreements", "differs_between_runs", "failures", "cases",
          "smallest", "at_exit", "stopped", "short_accumulation"));
  EXPECT_EQ(report_["smallest"], json::array());  // all is explained
  EXPECT_EQ(report_["schema"], "exactbn/report/1");
  EXPECT_EQ(report_["subject"], "example.py");
  EXPECT_EQ(report_["seed"], 20150211);
  EXPECT_THAT(keys(report_["environment"]),
              UnorderedElementsAre("exactbn", "compiler", "system", "machine",
                                   "threads"));
  EXPECT_EQ(report_["environment"]["exactbn"], EXACTBN_VERSION);
  EXPECT_THAT(keys(report_["summary"]),
              UnorderedElementsAre("run", "passed", "failed", "missing",
                                   "undecided", "beyond", "unsupported"));
  EXPECT_THAT(keys(report_["outputs"]),
              UnorderedElementsAre("dbeta", "dgamma", "dx", "invstd", "mean",
                                   "running_mean", "running_var", "var", "y"));
  EXPECT_THAT(keys(report_["outputs"]["mean"]["rounding"]["f32"]),
              UnorderedElementsAre("direction", "failed", "values", "mean_ulp",
                                   "mean_ulp_of_magnitude", "clear", "evident",
                                   "channels"));
  for (json output : report_["outputs"]) {
    output.erase("rounding");  // only if a value tells
    EXPECT_THAT(keys(output), UnorderedElementsAre("max_ulp", "max_eta",
                                                   "grade", "ulp_histogram"));
    EXPECT_THAT(keys(output["ulp_histogram"]), ElementsAre("f32"));
    const json& ulps = output["ulp_histogram"]["f32"];
    EXPECT_THAT(keys(ulps),
                UnorderedElementsAre("values", "unlike", "undecided"));
    EXPECT_EQ(ulps["values"].size(), report_["ulp_bins"].size());
  }
  EXPECT_EQ(report_["outputs"]["invstd"]["grade"], "unstable");
  EXPECT_EQ(report_["outputs"]["mean"]["grade"], "correct");
  EXPECT_LE(report_["outputs"]["mean"]["max_ulp"], 0.5);
  ASSERT_GT(report_["failures"].size(), 2u);
  for (const json& failure : report_["failures"]) {
    EXPECT_THAT(keys(failure),
                UnorderedElementsAre(
                    "case", "output", "index", "got", "want", "ulp", "eta",
                    "diagnosis", "diagnosis_here", "first", "scope", "pattern",
                    "differs_between_runs", "reproduce"));
    EXPECT_TRUE(failure["diagnosis_here"].is_null());
    EXPECT_EQ(failure["diagnosis"], "sqrt(var) + epsilon");
    EXPECT_EQ(failure["differs_between_runs"], false);
    EXPECT_NE(failure["got"], failure["want"]);
  }
}

TEST_F(WrongExample, JsonHasTheOutcomeOfEveryCase) {
  std::map<std::string, int> verdicts;
  std::map<std::string, json> failed;
  double worst = 0;
  for (const json& c : report_["cases"]) {
    EXPECT_THAT(keys(c), UnorderedElementsAre("case", "operation", "dtype", "m",
                                              "verdict", "why", "outputs"));
    ++verdicts[c["verdict"]];
    EXPECT_EQ(c["verdict"] == "unsupported", c["dtype"] == "bf16");
    EXPECT_EQ(c["outputs"].empty(), c["dtype"] == "bf16");
    EXPECT_GE(c["m"], 2);
    for (const json& out : c["outputs"]) {
      EXPECT_THAT(keys(out), UnorderedElementsAre("verdict", "grade", "ulp",
                                                  "eta", "kappa"));
      if (out["grade"].is_null()) {
        EXPECT_EQ(out["verdict"], "undecided");
      } else {
        // As the label of these cases promises.
        EXPECT_GT(out["kappa"], 8) << c;
        worst = std::max(worst, out["eta"].get<double>());
      }
    }
    if (c["verdict"] == "failed") failed[c["case"]] = c["outputs"];
  }
  EXPECT_EQ(report_["cases"].back()["why"], "no bf16");
  for (const char* verdict :
       {"passed", "failed", "missing", "undecided", "beyond", "unsupported"}) {
    EXPECT_EQ(verdicts[verdict], report_["summary"][verdict]) << verdict;
  }
  for (const json& failure : report_["failures"]) {
    EXPECT_EQ(failed[failure["case"]][failure["output"]]["eta"],
              failure["eta"]);
  }
  EXPECT_EQ(worst, report_["outputs"]["invstd"]["max_eta"]);
  EXPECT_THAT(outcome_.out, HasSubstr("\neta by kappa  "));
  EXPECT_THAT(outcome_.out, HasSubstr("\neta by m      "));
}

TEST_F(WrongExample, JsonHasTheDiagnosis) {
  const json& diagnosis = report_["diagnosis"];
  EXPECT_EQ(diagnosis["unexplained"], json::array());
  ASSERT_EQ(diagnosis["culprits"].size(), 1u);
  const json& explanation = diagnosis["culprits"][0];
  EXPECT_THAT(keys(explanation),
              UnorderedElementsAre("defects", "what", "thread", "bit_for_bit",
                                   "cases"));
  EXPECT_EQ(explanation["defects"], json::array({"epsilon_outside_root"}));
  EXPECT_EQ(explanation["thread"], "darknet PR17");
  EXPECT_EQ(explanation["cases"].size(), report_["failures"].size());
  EXPECT_EQ(report_["differs_between_runs"], json::array());
}

TEST_F(WrongExample, AllReportsHaveTheSameCounts) {
  const json& s = report_["summary"];
  EXPECT_EQ(last_line(outcome_.out), summary_line(s));
  EXPECT_EQ(s["failed"], report_["failures"].size());
  EXPECT_GT(s["unsupported"], 0);

  const int run = s["run"];
  const int unsupported = s["unsupported"];
  int roundings = 0;
  for (const json& output : report_["outputs"]) {
    if (output.contains("rounding")) roundings += 1;
  }
  EXPECT_GT(roundings, 0);
  std::ostringstream counts;
  counts << run + unsupported + roundings << ' ' << s["failed"] << ' '
         << s["missing"] << ' '
         << unsupported + s["undecided"].get<int>() + s["beyond"].get<int>()
         << '\n';
  const std::string junit = read_junit();
  EXPECT_THAT(junit,
              HasSubstr("exactbn example.py\n" + counts.str() + counts.str()));
  EXPECT_THAT(junit, HasSubstr("\nskipped no bf16 \n"));
}

TEST_F(WrongExample, JsonAndJunitHaveTheFailuresOfTheText) {
  const json& failure = report_["failures"][0];
  const std::string id = failure["case"];
  EXPECT_THAT(outcome_.out, HasSubstr("  " + id + "  ["));
  EXPECT_THAT(outcome_.out,
              HasSubstr("   " + failure["got"].get<std::string>() + "   "));
  EXPECT_THAT(outcome_.out,
              HasSubstr("   " + failure["want"].get<std::string>() + "   "));
  EXPECT_THAT(
      outcome_.out,
      HasSubstr("  again  " + failure["reproduce"].get<std::string>() + "\n"));
  const std::size_t at = outcome_.out.find("FAIL ");
  const std::string text =
      outcome_.out.substr(at, outcome_.out.find("\n\n", at) - at);
  EXPECT_THAT(read_junit(), HasSubstr("failure failed " + text + "\n"));
}

TEST_F(WrongExample, ErrorsLimitsTheFailuresInFull) {
  EXPECT_EQ(occurrences(outcome_.out, "\nFAIL "), 2);
  const int failed = report_["summary"]["failed"];
  EXPECT_THAT(outcome_.out, HasSubstr(std::to_string(failed - 2) +
                                      " more failed; --errors N prints N in "
                                      "full\n"));
  const std::string command =
      "exactbn validate --exec 'python3 wrong.py' --dtype f32 "
      "--filter MeanDominatesVariance --errors ";
  for (const int shown : {0, 1, failed}) {
    const ProgramRun outcome = run(command + std::to_string(shown));
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(occurrences(outcome.out, "\nFAIL "), shown);
    EXPECT_EQ(occurrences(outcome.out, " more failed; "),
              shown == failed ? 0 : 1);
  }
}

TEST_F(Reports, JsonHasNoValuesIfTheSubjectBroke) {
  write("cases", small_case("a"));
  with_reports(
      "exactbn validate --cases cases --exec 'echo "
      "\"{\\\"subject\\\":\\\"s\\\"}\"; read -r x'");
  const json report = json::parse(read("r.json"));
  ASSERT_EQ(report["failures"].size(), 1u);
  const json& failure = report["failures"][0];
  for (const char* key : {"output", "index", "got", "want", "ulp", "eta"}) {
    EXPECT_TRUE(failure[key].is_null()) << key;
  }
  EXPECT_THAT(failure["diagnosis"], HasSubstr("exited with status 0"));
  EXPECT_EQ(report["outputs"], json::object());
}

TEST_F(Reports, MissingIsAnErrorOfJunit) {
  write("cases", small_case("a") + small_case("b"));
  write("answers", small_answer("a"));
  const ProgramRun outcome = with_reports("exactbn check cases answers");
  EXPECT_EQ(outcome.status, 4);
  EXPECT_EQ(json::parse(read("r.json"))["summary"]["missing"], 1);
  EXPECT_EQ(read_junit(),
            "exactbn answers\n2 0 1 0\n2 0 1 0\na\nerror missing no answer\n");
}

// Names and messages of subjects cannot break a report.
TEST_F(Reports, ForeignTextIsHarmless) {
  const std::string id = R"(<&> 'q' \"\n\u001b[31m \u00e4)";
  write("cases", small_case(id));
  write("answers", R"({"subject":"<s>\n\u0007"})"
                   "\n{\"case\":\"" +
                       id + R"(","error":"]]> & \u0000 )" +
                       std::string(200, 'w') + " end\"}\n");
  const ProgramRun outcome = with_reports("exactbn check cases answers");
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  const std::string shown = "<&> 'q' \"??[31m \xc3\xa4";
  EXPECT_THAT(outcome.out, HasSubstr("FAIL forward_training f32  " + shown));
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
  EXPECT_THAT(outcome.out, HasSubstr("end\n"));
  const std::string junit = read_junit();
  EXPECT_EQ(first_line(junit), "exactbn <s>??");
  EXPECT_THAT(junit, HasSubstr("\n1 1 0 0\n1 1 0 0\n" + shown + "\n"));
  EXPECT_THAT(junit, HasSubstr("error: ]]> & ?\n         www"));
  EXPECT_EQ(json::parse(read("r.json"))["failures"][0]["case"],
            json::parse('"' + id + '"'));
}

TEST_F(Reports, NanHasNoSignAndNoError) {
  std::string answer = small_answer("a");
  answer.replace(answer.find("bf3504f3"), 8, "ffc00000");
  write("cases", small_case("a"));
  write("answers", answer);
  const ProgramRun outcome = with_reports("exactbn check cases answers");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out,
              HasSubstr("\n  got    nan              ffc00000   nan\n"
                        "  want   -0x1.6a09e6p-1   bf3504f3   -0.707106769   "
                        "correctly rounded\n"
                        "  error  not the same kind of value\n"));
  const json report = json::parse(read("r.json"));
  EXPECT_TRUE(report["failures"][0]["ulp"].is_null());
  EXPECT_TRUE(report["outputs"]["y"]["max_eta"].is_null());
  EXPECT_EQ(report["failures"][0]["got"], "ffc00000");
}

TEST_F(Reports, ThePageCarriesTheSameFindings) {
  std::string answer = small_answer("<a>");
  answer.replace(answer.find("bf3504f3"), 8, "ffc00000");
  write("cases", small_case("<a>"));
  write("answers", R"({"subject":"<s> & co"})" + ("\n" + answer));
  const ProgramRun outcome = run("exactbn check cases answers --html r.html");
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  const std::string page = read("r.html");
  EXPECT_THAT(page, HasSubstr("<h1>&lt;s&gt; &amp; co</h1>"));
  EXPECT_THAT(page, HasSubstr(">1 run, 0 passed, 1 failed, "));
  EXPECT_THAT(page, HasSubstr("<details id=\"&lt;s&gt; &amp; co:&lt;a&gt;\">"));
  EXPECT_THAT(page, HasSubstr(">FAIL forward_training f32  &lt;a&gt;\n"));
}

// Two values of y are wrong: one is 3 steps off, and one is NaN.
TEST_F(Reports, CountTheErrorsOfEachOutputAndFormat) {
  std::string answer = small_answer("a");
  answer.replace(answer.find("3f3504f3"), 8, "3f3504f0");
  std::string other = small_answer("b");
  other.replace(other.find("bf3504f3"), 8, "ffc00000");
  write("cases", small_case("a") + small_case("b"));
  write("answers", answer + other);
  const ProgramRun outcome = with_reports("exactbn check cases answers");
  const json report = json::parse(read("r.json"));
  const json& bins = report["ulp_bins"];
  ASSERT_EQ(bins.size(), 27u);
  EXPECT_EQ(bins[0], 0);
  EXPECT_EQ(bins[3], 4);
  EXPECT_EQ(bins[25], 1 << 24);
  EXPECT_TRUE(bins[26].is_null());
  const json& y = report["outputs"]["y"]["ulp_histogram"]["f32"];
  EXPECT_EQ(y["values"][0], 2);
  EXPECT_EQ(y["values"][3], 1);  // 3 or 4 steps
  EXPECT_EQ(y["unlike"], 1);
  EXPECT_EQ(y["undecided"], 0);
  const json& var = report["outputs"]["var"]["ulp_histogram"]["f32"];
  EXPECT_EQ(var["values"][0], 2);
  // 10 of 12 values.
  EXPECT_THAT(outcome.out, HasSubstr(" correct worst ulp "));
  EXPECT_THAT(outcome.out, HasSubstr("   83.3%       inf"));
}

TEST_F(Reports, OverwriteOldOnesAndLeaveDevicesAlone) {
  write("r.json", std::string(100'000, 'x'));
  const ProgramRun outcome = run(
      "exactbn validate double --filter WorkedExample --json r.json --junit "
      "/dev/null && test -c /dev/null");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(json::accept(read("r.json")));
  EXPECT_EQ(files(), std::set<std::string>{"r.json"});
}

}  // namespace
}  // namespace exactbn::reports_test
