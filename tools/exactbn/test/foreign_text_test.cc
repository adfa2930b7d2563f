// SPDX-License-Identifier: Apache-2.0
// Text of a subject in the four outputs: the terminal, JSON, JUnit and HTML.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "reference/testing/trials.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn::foreign_text_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// Every character that is not to be shown, a few that are, and the end.
std::string nasty_text() {
  std::string text = "<&\"'>\xc3\xbc ";
  const auto add = [&](unsigned code) {
    json quoted;
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xc0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      text += static_cast<char>(0xe0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      text += static_cast<char>(0xf0 | code >> 18);
      text += static_cast<char>(0x80 | (code >> 12 & 0x3f));
      text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (code & 0x3f));
    }
  };
  for (unsigned c = 0; c < 0x20; ++c) add(c);
  for (unsigned c = 0x7f; c < 0xa0; ++c) add(c);
  for (const unsigned c :
       {0x61cu,  0x200eu,  0x200fu,   0x2028u, 0x2029u, 0x202au,
        0x202bu, 0x202cu,  0x202du,   0x202eu, 0x2066u, 0x2067u,
        0x2068u, 0x2069u,  0xfdd0u,   0xfeffu, 0xfff9u, 0xfffeu,
        0xffffu, 0x1fffeu, 0x10ffffu, 0xe0041u}) {
    add(c);
  }
  return text + "end";
}

// Checks with Python, which knows Unicode and XML.
constexpr const char* kProgram = R"(
import sys, unicodedata, xml.etree.ElementTree as xml
bad = 0
for name in sys.argv[1:]:
    text = open(name, encoding="utf-8", newline="").read()
    for c in text:
        if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")
                          or ord(c) & 0xfffe == 0xfffe):
            print(name, "has U+%04X" % ord(c))
            bad = 1
            break
    if name.endswith(".xml"):
        xml.fromstring(text)
    print(name, len(text))
sys.exit(bad)
)";

class ForeignText : public ProgramTest {
 protected:
  // A subject whose name and message are the text.
  void write_subject(const std::string& text) {
    write("declaration", json{{"subject", text}}.dump() + '\n');
    write("cases", small_case(text));
    std::string all;
    for (const char* kind : {"error", "rejected", "unsupported"}) {
      all += json{{"case", kind}, {kind, text}}.dump() + '\n';
    }
    write("all_answers", all);
    write("all_cases", small_case("error") + small_case("rejected") +
                           small_case("unsupported"));
    write("check.py", kProgram);
  }
};

TEST_F(ForeignText, StaysTextInEveryOutput) {
  const std::string text = nasty_text();
  write_subject(text);
  write("named", json::parse(small_case("x")).dump());
  json named = json::parse(small_case("x"));
  named["case"] = text;
  write("named", named.dump() + '\n');
  const std::string reports = " --json r.json --junit r.xml --html r.html ";
  const std::vector<std::string> commands = {
      "cat declaration all_answers >a; exactbn check all_cases a" + reports,
      "exactbn validate --exec 'cat declaration; head -n 1 all_answers' "
      "--cases all_cases" +
          reports,
      "exactbn validate --exec 'cat declaration; cat' --cases named" + reports,
      "exactbn validate double --exec 'cat declaration; cat' --cases named" +
          reports,
      "exactbn validate --exec 'cat declaration; cat' --cases named --github" +
          reports,
      "exactbn validate --exec 'cat named; exit 1' --cases named",
      "exactbn check named a",
      "exactbn list cases --cases named",
      "exactbn probe --exec 'cat declaration; sleep 0.2' --json r.json",
      "exactbn validate \"$(head -c 300 all_answers)\"",
  };
  for (const std::string& command : commands) {
    run("rm -f r.json r.xml r.html");
    const ProgramRun outcome = run(command);
    write("out.txt", outcome.out);
    write("err.txt", outcome.err);
    const ProgramRun checked =
        run("python3 check.py out.txt err.txt $(ls r.* 2>/dev/null)");
    EXPECT_EQ(checked.status, 0) << command << '\n'
                                 << checked.out << checked.err;
  }
}

TEST_F(ForeignText, IsCutWhereItIsShown) {
  const std::string text = "begin " + std::string(900'000, 'x') + " end";
  write_subject("s");
  write("a", json{{"case", "error"}, {"error", text}}.dump() + '\n');
  write("c", small_case("error"));
  const std::string reports = " --json r.json --junit r.xml --html r.html ";
  for (const std::string& command :
       {"exactbn check c a" + reports,
        "exactbn validate --exec 'cat declaration; read -r line; cat a; read "
        "-r line; cat a' --cases c" +
            reports}) {
    const ProgramRun outcome = run(command);
    EXPECT_THAT(outcome.out, HasSubstr("begin"));
    EXPECT_THAT(outcome.out, HasSubstr("characters)"));
    EXPECT_THAT(outcome.out, HasSubstr(" end\n"));
    for (const std::string& shown :
         {outcome.out, read("r.json"), read("r.xml")}) {
      EXPECT_LT(shown.size(), 10'000u) << command;
    }
    EXPECT_LT(read("r.html").size(), 1'000'000u);
    EXPECT_THAT(read("r.html"), Not(HasSubstr(std::string(2'000, 'x'))));
  }
}

// One subject's flood costs its case, and not the run of the others.
TEST_F(ForeignText, OfAnyLengthEndsNoRun) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need much address space";
  write_subject("s");
  std::string answer = small_answer("a");
  answer.pop_back();
  write("a", answer + '\n');
  write("c", small_case("a"));
  const ProgramRun outcome = run(
      "ulimit -v 1500000; exactbn validate --once --cases c "
      "--exec 'cat declaration; yes | tr -d \"\\n\"' "
      "--exec 'cat declaration; read -r l; yes | tr -d \"\\n\"' "
      "--exec 'cat declaration; read -r l; yes' "
      "--exec 'cat declaration; read -r l; yes \"[\" | tr -d \"\\n\" | head "
      "-c 1000000; echo' "
      "--exec 'cat declaration; read -r l; cat a; read -r l'");
  EXPECT_EQ(outcome.status, 3) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("1 run, 1 passed, 0 failed, 0 missing, 0 undecided, 0 "
                        "beyond, 0 unsupported\n"));
  EXPECT_LT(outcome.out.size(), 10'000u);
}

}  // namespace
}  // namespace exactbn::foreign_text_test
