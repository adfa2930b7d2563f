// SPDX-License-Identifier: Apache-2.0
// The page as text; tools/exactbn/page/page_test.mjs tests it in a browser.
#include "tools/exactbn/page.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/exactbn/page/assets.h"
#include "tools/exactbn/page/data.h"
#include "tools/exactbn/page/subject.h"
#include "tools/exactbn/test/program_test.h"

namespace exactbn::page_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// The page without our script, which is last.
std::string without_script(const std::string& page) {
  const std::size_t at = page.find("<script>");
  return at == page.npos ? page : page.substr(0, at);
}

// A line break, a byte that is not UTF-8, and several kinds of markup.
const std::string kHostile = "</script><img src=x onerror=\"a()\">'\n\xff";

TEST(Page, TextOfSubjectsIsNotMarkup) {
  exactbn::Run run;
  run.declaration.subject = kHostile;
  run.source = kHostile;
  run.card = Card{kHostile,
                  {{kHostile, kHostile, kHostile, kHostile, false, kHostile}}};
  Case question;
  question.id = kHostile;
  question.problem.inputs.emplace(Input::x, Tensor(DType::f32, {2, 1}));
  CaseRun c;
  c.question = &question;
  c.verdict.verdict = Verdict::missing;
  c.verdict.reason = kHostile;
  run.cases.push_back(c);
  const std::string page = without_script(
      html_page({{kHostile, &run, {}}, {kHostile, nullptr, kHostile}}));
  EXPECT_EQ(page.find("<img"), page.npos);
  EXPECT_EQ(page.find('\xff'), page.npos);
  EXPECT_EQ(page.find("onerror=\"a"), page.npos);
  // The card is there, and shows that the declaration is wrong.
  EXPECT_THAT(page, HasSubstr("<b>no</b>"));
}

TEST(Page, DataCannotEndTheScript) {
  exactbn::Run run;
  const json data = json::parse(page_data({{kHostile, &run, {}}}));
  EXPECT_EQ(data["subjects"].size(), 1u);
  EXPECT_EQ(page_data({{kHostile, &run, {}}}).find('<'), std::string::npos);
}

TEST(Page, EqualNamesAreMadeUnique) {
  const std::string page =
      html_page({{"a", nullptr, "no file"}, {"a", nullptr, "no file"}});
  EXPECT_THAT(page, HasSubstr("<h2 id=\"a\">a</h2>"));
  EXPECT_THAT(page, HasSubstr("<h2 id=\"a (2)\">a (2)</h2>"));
  EXPECT_THAT(page, HasSubstr("href=\"#a%20%282%29\""));
  EXPECT_THAT(page, HasSubstr("It did not start: no file"));
}

using PagePolicy = ProgramTest;

// A browser runs only the script whose hash is in the policy. The test computes
// the hash with sha256sum and Python's base64.
TEST_F(PagePolicy, AllowsOnlyItsScript) {
  const std::string page = html_page({{"a", nullptr, "no file"}});
  const std::string start = "script-src '";
  const std::size_t at = page.find(start) + start.size();
  const std::string allowed = page.substr(at, page.find('\'', at) - at);
  if (kPageScript.empty()) {
    EXPECT_EQ(allowed, "none");
    EXPECT_THAT(page, HasSubstr("without the packages of tools/exactbn/page"));
    return;
  }
  write("script", std::string(kPageScript));
  const ProgramRun hash =
      run("sha256sum script | cut -c1-64 | python3 -c 'import base64; "
          "print(base64.b64encode(bytes.fromhex(input())).decode())'");
  EXPECT_EQ("sha256-" + first_line(hash.out), allowed);
}

TEST(Page, LoadsNothingElse) {
  const std::string page =
      without_script(html_page({{"a", nullptr, "no file"}}));
  for (const char* word : {"http:", "https:", "url(", "src=", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

}  // namespace
}  // namespace exactbn::page_test
