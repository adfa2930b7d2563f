// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::properties_test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::json;

class Properties : public ProgramTest {};

TEST_F(Properties, HoldForTheTextbookInDouble) {
  const ProgramRun o = run("exactbn properties double --cases 200");
  EXPECT_EQ(o.status, 0) << o.out;
  EXPECT_THAT(o.out, StartsWith("double   200 cases from 0   seed 20150211"));
  EXPECT_THAT(last_line(o.out), HasSubstr(" 0 failed, 0 missing, "));
  EXPECT_EQ(o.err, "");
  EXPECT_TRUE(files().empty());
}

TEST_F(Properties, ADefectIsShrunkAndKeptAndAskedAgain) {
  const std::string subject = "defect:epsilon_outside_root";
  const ProgramRun o = run("exactbn properties " + subject + " --cases 60");
  EXPECT_EQ(o.status, 1) << o.out;
  EXPECT_THAT(o.out, AllOf(HasSubstr("BROKEN oracle   case "),
                           HasSubstr("shrunk from "), HasSubstr("  want "),
                           HasSubstr("  C++          const double x[] = {"),
                           HasSubstr("  Python       x = [float.fromhex(")));
  const ProgramRun kept =
      run("exactbn validate " + subject + " --cases counterexamples.jsonl");
  EXPECT_EQ(kept.status, 1) << kept.out;
  const ProgramRun sound =
      run("exactbn validate double --cases counterexamples.jsonl");
  EXPECT_THAT(sound.out, Not(HasSubstr("FAIL")));

  // The printed commands reproduce the failures.
  std::string rest = o.out;
  int commands = 0;
  for (std::size_t at = 0; (at = rest.find("  again ", at)) != rest.npos;) {
    const std::size_t begin = rest.find("exactbn", at);
    at = rest.find('\n', begin);
    const std::string command = rest.substr(begin, at - begin);
    EXPECT_EQ(run(command + " > /dev/null").status, 1) << command;
    ++commands;
    if (commands == 4) break;
  }
  EXPECT_GE(commands, 2);
}

TEST_F(Properties, AreTheSameWithAnyNumberOfThreads) {
  const std::string command =
      "exactbn properties defect:gamma_sign_lost --cases 100 --errors 2 "
      "--jobs ";
  const ProgramRun one = run(command + "1 --distribution --json one.json");
  const ProgramRun three = run(command + "3 --distribution --json three.json");
  EXPECT_EQ(one.out, three.out);
  EXPECT_EQ(one.status, 1);
  EXPECT_EQ(read("one.json"), read("three.json"));
  EXPECT_THAT(one.out, HasSubstr("channel axis       second"));
}

TEST_F(Properties, AReportHasLawsAndCases) {
  run("exactbn properties defect:dx_without_projection --cases 150 "
      "--law dx_along_x --json r.json --save kept.jsonl");
  const Json report = Json::parse(read("r.json"));
  EXPECT_EQ(report["schema"], "exactbn/properties/1");
  EXPECT_EQ(report["cases"], 150);
  ASSERT_EQ(report["counterexamples"].size(), 1u);
  const Json& found = report["counterexamples"][0];
  EXPECT_EQ(found["law"], "dx_along_x");
  EXPECT_LE(found["values"], 8);
  EXPECT_EQ(found["cases"][0]["operation"], "backward_training");
  EXPECT_THAT(read("kept.jsonl"), StartsWith("{\"case\":\"dx_along_x-"));
}

TEST_F(Properties, AProcessIsAskedToo) {
  write("right.py", example());
  write("wrong.py", wrong_example());
  const std::string options = " --cases 60 --dtype f32 --save ''";
  const ProgramRun right =
      run("exactbn properties --exec 'python3 right.py'" + options);
  EXPECT_EQ(right.status, 0) << right.out << right.err;
  const ProgramRun wrong =
      run("exactbn properties --exec 'python3 wrong.py' --errors 1" + options);
  EXPECT_EQ(wrong.status, 1) << wrong.out << wrong.err;
  EXPECT_THAT(wrong.out, HasSubstr("again        exactbn properties --exec "
                                   "'python3 wrong.py' --dtype f32 --case "));
}

TEST_F(Properties, ACrashIsExitCode3) {
  write("dies.py",
        "import sys\nprint('{\"subject\":\"dies\"}', flush=True)\n"
        "sys.stdin.readline()\n");
  const ProgramRun o = run("exactbn properties --exec 'python3 dies.py'");
  EXPECT_EQ(o.status, 3) << o.out;
  EXPECT_THAT(o.out, HasSubstr("BROKEN answers   case 0"));
}

TEST_F(Properties, APluginIsAskedInOtherSurroundings) {
  const std::string flags =
      ".so --cases 20 --profile small --save '' "
      "--law any_alignment,any_number_of_threads";
  const std::string plugin =
      "exactbn properties " EXACTBN_BUILD "/properties/surrounded_";
  const ProgramRun splits =
      run(plugin + "SPLITS" + flags + " --json splits.json");
  EXPECT_EQ(splits.status, 0) << splits.out;
  EXPECT_THAT(splits.out,
              HasSubstr("any_number_of_threads: different bits in "));
  const Json report = Json::parse(read("splits.json"));
  EXPECT_EQ(report["laws"][2]["law"], "any_alignment");
  EXPECT_EQ(report["laws"][2]["other_bits"], 0);
  EXPECT_GT(report["laws"][3]["other_bits"], 0);

  const ProgramRun dies = run(plugin + "NEEDS_ALIGNED" + flags);
  EXPECT_EQ(dies.status, 3) << dies.out;
  EXPECT_THAT(dies.out, AllOf(HasSubstr("BROKEN any_alignment   case 0"),
                              HasSubstr("died by signal 6"),
                              Not(HasSubstr("BROKEN answers"))));
}

TEST_F(Properties, AnInterruptLeavesWhatWasFound) {
  // `exactbn` is a shell function here, which timeout cannot run. Without
  // --foreground it would interrupt twice: the program, and its group.
  const ProgramRun o =
      run("timeout --foreground --preserve-status -s INT 3 " EXACTBN_BUILD
          "/bin/exactbn properties double --time 60s");
  EXPECT_EQ(o.status, 130) << o.out << o.err;
  EXPECT_THAT(o.out, HasSubstr("\ninterrupted\n"));
  EXPECT_THAT(last_line(o.out), HasSubstr(" run, "));
}

TEST_F(Properties, EndsWithItsTime) {
  const ProgramRun o =
      run("exactbn properties double --time 0.2s --dtype f32 --operation "
          "forward_inference");
  EXPECT_EQ(o.status, 0) << o.out << o.err;
}

TEST_F(Properties, BadUsageIsOneLine) {
  for (const auto& [arguments, why] :
       {std::pair{"double --time 5x", "--time: '5x' is not a time such as 60s"},
        {"double --law nope", "--law: unknown law 'nope'"},
        {"double --dtype f31", "--dtype: unknown format 'f31'"},
        {"double --operation up", "--operation: unknown operation 'up'"},
        {"double --profile huge", "--profile: unknown profile 'huge'"},
        {"double --cases 3 --time 3s", "excludes"},
        {"double --json no/such/folder", "cannot be written"},
        {"double --save no/such/folder", "cannot be written"},
        {"", "give a SUBJECT"},
        {"nobody", "unknown subject 'nobody'"}}) {
    const ProgramRun o = run(std::string("exactbn properties ") + arguments);
    EXPECT_EQ(o.status, 2) << arguments;
    EXPECT_THAT(o.err, HasSubstr(why)) << arguments;
    EXPECT_THAT(o.err, EndsWith("\n"));
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_EQ(o.out, "") << arguments;
  }
}

TEST_F(Properties, LawsAreListed) {
  const ProgramRun o = run("exactbn list laws");
  EXPECT_EQ(o.status, 0);
  EXPECT_THAT(o.out, AllOf(StartsWith("oracle "),
                           HasSubstr("sum dx = 0: a preceding bias has no")));
}

TEST_F(Properties, TheWorstIsShownAndKeptAndAskedAgain) {
  const std::string command =
      "exactbn properties defect:variance_not_centred --maximize y.eta "
      "--profile small --cases 200 --save worst.jsonl --json worst.json";
  const ProgramRun o = run(command);
  EXPECT_EQ(o.status, 0) << o.out << o.err;
  EXPECT_THAT(o.out, AllOf(HasSubstr("MAXIMUM y.eta "), HasSubstr("  where "),
                           HasSubstr("  want y "),
                           HasSubstr("again        exactbn validate "
                                     "defect:variance_not_centred --cases ")));
  EXPECT_THAT(last_line(o.out), HasSubstr(", of 200 cases"));
  const Json report = Json::parse(read("worst.json"));
  EXPECT_EQ(report["schema"], "exactbn/maximum/1");
  EXPECT_GE(report["maximum"]["value"], report["maximum"]["drawn"]);
  EXPECT_EQ(report["maximum"]["case"]["case"], "maximum-y.eta");
  EXPECT_EQ(run("exactbn validate defect:variance_not_centred --cases "
                "worst.jsonl")
                .status,
            1);
  const ProgramRun one = run("OMP_NUM_THREADS=1 " + command);
  EXPECT_EQ(one.out, o.out);
}

TEST_F(Properties, UnknownGoalsAreRefused) {
  const auto refused = [&](const std::string& flags, const std::string& says) {
    const ProgramRun o = run("exactbn properties double --maximize " + flags);
    EXPECT_EQ(o.status, 2) << flags;
    EXPECT_THAT(o.err, HasSubstr(says));
    EXPECT_EQ(o.out, "");
    EXPECT_TRUE(files().empty());
  };
  refused("z.eta", "--maximize: unknown output 'z'; expected mean, var, ");
  refused("y.rtol", "--maximize: unknown measure 'rtol'; expected eta or ulp");
  refused("y", "--maximize: unknown measure ''; expected eta or ulp");
  refused("y.eta --law oracle", "--maximize: not with --case or --law");
}

}  // namespace
}  // namespace exactbn::properties_test
