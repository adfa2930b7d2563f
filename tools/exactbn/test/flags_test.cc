// SPDX-License-Identifier: Apache-2.0
// Every flag of every verb: one value, none of them empty, and in its range.
#include <gmock/gmock.h>

#include <regex>

#include "tools/exactbn/test/program_test.h"

namespace exactbn::flags_test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

// A verb with what it needs.
const std::vector<std::pair<std::string, std::string>> kVerbs = {
    {"validate", "double"},  {"check", "c a"},     {"properties", "double"},
    {"probe", "double"},     {"list", "suites"},   {"serve", "double"},
    {"generate", "--out o"}, {"verify", "folder"},
};

struct Flag {
  std::string name;
  std::string type;  // as the help says: TEXT, UINT, INT or FLOAT
};

class Flags : public ProgramTest {
 protected:
  Flags() {
    write("c", small_case("a"));
    write("a", small_answer("a"));
  }

  std::vector<Flag> flags_of(const std::string& verb) const {
    const std::string help = run("exactbn " + verb + " --help").out;
    static const std::regex line(R"(\n  (--[a-z-]+) (TEXT|UINT|INT|FLOAT))");
    std::vector<Flag> flags;
    for (std::sregex_iterator at(help.begin(), help.end(), line), end;
         at != end; ++at) {
      flags.push_back({(*at)[1], (*at)[2]});
    }
    EXPECT_THAT(flags, testing::SizeIs(testing::Ge(1u))) << help;
    return flags;
  }

  void expect_refused(const std::string& command) const {
    const ProgramRun outcome =
        run("PATH=" EXACTBN_BUILD "/bin:$PATH; timeout 10 exactbn " + command);
    EXPECT_EQ(outcome.status, 2) << command << ' ' << outcome.err;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1)
        << command << ' ' << outcome.err;
    EXPECT_EQ(files(), (std::set<std::string>{"a", "c"})) << command;
  }
};

// Two flags say something by an empty value.
TEST_F(Flags, TakeNoEmptyValue) {
  for (const auto& [verb, needs] : kVerbs) {
    for (const Flag& flag : flags_of(verb)) {
      if (flag.name == "--filter" || flag.name == "--save") continue;
      const bool own = needs.starts_with(flag.name + ' ');
      expect_refused(verb + ' ' + (own ? "" : needs) + ' ' + flag.name + " ''");
      expect_refused(verb + ' ' + (own ? "" : needs) + ' ' + flag.name + "=");
    }
  }
}

TEST_F(Flags, TakeNoNumberOutOfRange) {
  for (const auto& [verb, needs] : kVerbs) {
    std::vector<Flag> flags = flags_of(verb);
    if (verb == "properties") flags.push_back({"--time", "FLOAT"});
    for (const Flag& flag : flags) {
      if (flag.type == "TEXT") continue;
      const std::string with =
          flag.name == "--epsilon" || flag.name == "--channel-axis"
              ? " --shape 2x3 "
              : " ";
      for (const std::string value :
           {"-1", "-0.5", "18446744073709551616", "99999999999999999999999",
            "-99999999999999999999999", "nan", "inf", "1e400", "x", "1x",
            "--"}) {
        const bool in_range =
            flag.name == "--epsilon" &&
            value.find_first_not_of("0123456789") == std::string::npos;
        if (in_range) continue;
        expect_refused(verb + ' ' + needs + with + flag.name + "=" + value);
      }
    }
  }
}

TEST_F(Flags, OfListsTakeNoEmptyElement) {
  for (const std::string command :
       {"validate double --dtype ", "properties double --law ",
        "properties double --operation ", "generate --out o --operation "}) {
    for (const std::string value : {",", "f32,", ",f32", "f32,,f16"}) {
      expect_refused(command + value);
    }
  }
}

// The subject may come last.
TEST_F(Flags, TakeOneArgument) {
  for (const std::string verb : {"validate", "properties", "probe"}) {
    for (const std::string flag :
         {"--dtype f32", "--declare domain=all", "--operation forward_training",
          "--law oracle", "--jobs 1"}) {
      const std::string name = flag.substr(0, flag.find(' '));
      if (run("exactbn " + verb + " --help").out.find(name) ==
          std::string::npos) {
        continue;
      }
      const std::string few = verb == "validate"     ? " --cases c "
                              : verb == "properties" ? " --cases 3 "
                                                     : " ";
      const ProgramRun outcome =
          run("exactbn " + verb + few + flag + " double");
      EXPECT_THAT(outcome.status, AnyOf(0, 1)) << verb << flag << outcome.err;
      EXPECT_THAT(outcome.out, HasSubstr("double")) << verb << flag;
    }
    const ProgramRun both =
        run("exactbn " + verb + " --exec 'echo run >one; exit 1' 'touch two'");
    EXPECT_NE(both.status, 0) << verb;
    EXPECT_EQ(files().count("two"), 0u) << verb;
    run("rm -f one");
  }
}

}  // namespace
}  // namespace exactbn::flags_test
