// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/page/figures.h"

#include <fmt/format.h>

#include "tools/exactbn/page/subject.h"
#include "tools/exactbn/page/table.h"
#include "tools/exactbn/run/eta_decades.h"
#include "tools/exactbn/run/rows.h"

namespace exactbn {

std::string figures_html(const Run& run) {
  HtmlTable table("Cases by verdict, and the worst of their values",
                  {{"operation"},
                   {"format"},
                   {"run", true},
                   {"passed", true},
                   {"failed", true},
                   {"missing", true},
                   {"undecided", true},
                   {"beyond", true},
                   {"unsupported", true},
                   {"correct", true},
                   {"worst ulp", true},
                   {"worst eta", true},
                   {"grade"}});
  for (const TableRow& row : rows(run)) {
    const Summary& s = row.summary;
    const std::string share = correct_share(row);
    table.add(
        {{name_html(to_string(row.operation))},
         {std::string(format(row.dtype).name)},
         count_cell(s.run),
         count_cell(s.passed),
         count_cell(s.failed),
         count_cell(s.missing),
         count_cell(s.undecided),
         count_cell(s.beyond),
         count_cell(s.unsupported),
         {share, share == "-" ? "-1" : share.substr(0, share.size() - 1)},
         measure_cell(row.max_ulp, row.judged),
         measure_cell(row.max_eta, row.judged),
         {row.judged ? badge_html(to_string(row.grade)) : "-",
          row.judged ? std::to_string(static_cast<int>(row.grade)) : "-1"}},
        filter_attributes(row.operation, row.dtype) + is_attribute(row));
  }
  return table.html();
}

namespace {

std::string decades_html(const PageSubject& subject, const std::string& caption,
                         const std::string& of,
                         const std::vector<Decade>& decades) {
  HtmlTable table(caption, {{of + " from", true},
                            {"outputs", true},
                            {"worst eta", true},
                            {"in the case"}});
  for (const Decade& d : decades) {
    table.add({{d.from(), std::to_string(d.exponent)},
               count_cell(d.outputs),
               measure_cell(d.eta),
               {case_html(subject, *d.worst)}});
  }
  return table.html();
}

}  // namespace

std::string errors_html(const PageSubject& subject) {
  return "<h3>Error against condition and length</h3>\n"
         "<div class=\"charts\" data-charts=\"eta\"></div>\n"
         "<details class=\"data\"><summary>The same as tables</summary>\n"
         "<div class=\"pair\">\n" +
         decades_html(subject, "Worst eta by kappa", "kappa",
                      eta_by_kappa(*subject.run)) +
         decades_html(subject, "Worst eta by m", "m", eta_by_m(*subject.run)) +
         "</div>\n</details>\n";
}

namespace {

// The number of values whose error in steps is in (above, most].
std::int64_t within(const UlpHistogram& ulps, std::uint64_t above,
                    std::uint64_t most) {
  std::int64_t count = 0;
  for (std::size_t bin = 0; bin + 1 < UlpHistogram::kBins; ++bin) {
    const std::uint64_t steps = UlpHistogram::most_steps(bin);
    if (steps > above && steps <= most) count += ulps.off[bin];
  }
  return count;
}

}  // namespace

std::string histograms_html(const Run& run) {
  constexpr std::uint64_t kSome = 16;
  constexpr std::uint64_t kMany = std::uint64_t{1} << 12;
  HtmlTable table("Values by their distance in ulp", {{"output"},
                                                      {"format"},
                                                      {"0", true},
                                                      {"1", true},
                                                      {"2 to 16", true},
                                                      {"to 4096", true},
                                                      {"more", true},
                                                      {"unlike", true},
                                                      {"undecided", true}});
  for (const auto& [key, ulps] : ulps_by_output(run)) {
    const std::int64_t near = ulps.off[0] + within(ulps, 0, kMany);
    table.add({{std::string(to_string(key.first))},
               {std::string(format(key.second).name)},
               count_cell(ulps.off[0]),
               count_cell(ulps.off[1]),
               count_cell(within(ulps, 1, kSome)),
               count_cell(within(ulps, kSome, kMany)),
               count_cell(ulps.decided() - ulps.unlike - near),
               count_cell(ulps.unlike),
               count_cell(ulps.undecided)},
              fmt::format(" data-format=\"{}\"", format(key.second).name));
  }
  return "<h3>Errors in ulp</h3>\n"
         "<div class=\"charts\" data-charts=\"ulp\"></div>\n"
         "<details class=\"data\"><summary>The same as a table</summary>\n" +
         table.html() + "</details>\n";
}

}  // namespace exactbn
