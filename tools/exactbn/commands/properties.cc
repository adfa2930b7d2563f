// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>

#include "oracles/wire.h"
#include "tools/exactbn/commands.h"
#include "tools/exactbn/commands/cases.h"
#include "tools/exactbn/commands/subjects.h"
#include "tools/exactbn/hunt_options.h"
#include "tools/exactbn/report.h"
#include "tools/exactbn/report/counterexample_text.h"
#include "tools/exactbn/report/maximize_report.h"
#include "tools/exactbn/report/properties_report.h"
#include "tools/exactbn/run/progress.h"
#include "tools/exactbn/shell_word.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

volatile std::sig_atomic_t interrupts = 0;

// The first ends the run, with what was found so far; the second the program.
extern "C" void on_interrupt(int) {
  if (interrupts != 0) std::_Exit(130);
  interrupts = 1;
}

// While this object is there.
class Interruptible {
 public:
  Interruptible() {
    interrupts = 0;
    before_ = std::signal(SIGINT, on_interrupt);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() { std::signal(SIGINT, before_); }

  static bool interrupted() { return interrupts != 0; }

 private:
  void (*before_)(int) = nullptr;
};

std::chrono::milliseconds read_time(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  const std::string_view unit(read.ptr,
                              static_cast<std::size_t>(end - read.ptr));
  const double seconds = unit.empty() || unit == "s" ? 1
                         : unit == "m"               ? 60
                         : unit == "h"               ? 3600
                                                     : 0;
  const double all = value * seconds;
  if (read.ec != std::errc() || !(all >= 1e-3 && all <= 1e7)) {
    throw UsageError("--time: '" + text + "' is no time like 60s, 5m or 2h");
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(all * 1000));
}

template <class Each, class Parse, class Name>
void keep_known(std::vector<Each>& chosen,
                const std::vector<std::string>& names, std::string_view flag,
                std::string_view kind, const Parse& parse, const Name& known) {
  for (const std::string& name : names) {
    const auto each = parse(name);
    if (!each) {
      throw UsageError(fmt::format("{}: no {} '{}'; known are {}", flag, kind,
                                   name, known()));
    }
    chosen.push_back(*each);
  }
}

template <class List, class Name>
std::string names_of(const List& list, const Name& name) {
  std::string text;
  for (const auto& each : list) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", name(each));
  }
  return text;
}

void choose_laws(const HuntOptions& options, Request& request) {
  if (options.laws.empty()) {
    for (const Law& law : laws()) request.laws.push_back(&law);
    return;
  }
  request.oracle = false;
  for (const std::string& name : options.laws) {
    if (name == kOracle) {
      request.oracle = true;
    } else if (const Law* law = find_law(name)) {
      request.laws.push_back(law);
    } else {
      throw UsageError("--law: no law '" + name +
                       "'; `exactbn list laws` has them");
    }
  }
}

// What is not done is not drawn, but for some axes.
template <class Each>
void leave_undeclared_out(std::vector<Each>& drawn,
                          const std::vector<Each>& declared) {
  if (declared.empty()) return;
  if (drawn.empty()) {
    drawn = declared;
    return;
  }
  std::erase_if(drawn, [&](Each each) {
    return std::find(declared.begin(), declared.end(), each) == declared.end();
  });
  // Then all that is drawn is unsupported, and the summary says so.
  if (drawn.empty()) drawn.push_back(declared.front());
}

Request request_of(const HuntOptions& options, Grade required) {
  Request request;
  request.seed = options.seed;
  request.required = required;
  request.cases = options.only ? 1 : options.cases;
  request.first = options.only.value_or(0);
  if (!options.time.empty()) {
    request.time = read_time(options.time);
    request.cases = UINT64_MAX - request.first;
  }
  const auto profile = parse_profile(options.profile);
  if (!profile) {
    throw UsageError("--profile: no profile '" + options.profile +
                     "'; known are small, usual, large");
  }
  request.hunt.profile = *profile;
  keep_known(request.hunt.operations, options.operations, "--operation",
             "operation", parse_operation, [] {
               return names_of(kOperations, [](Operation operation) {
                 return to_string(operation);
               });
             });
  keep_known(request.hunt.dtypes, options.dtypes, "--dtype", "format",
             parse_dtype, [] {
               return names_of(kDTypes,
                               [](DType dtype) { return format(dtype).name; });
             });
  choose_laws(options, request);
  return request;
}

// The command without --law and --case, which counterexamples add.
std::string again(const SubjectOptions& subject, const HuntOptions& options,
                  Grade required) {
  std::string text = "exactbn properties " + as_argument(subject);
  const auto add_list = [&](const char* flag,
                            const std::vector<std::string>& list) {
    for (const std::string& each : list) {
      text += &each == &list.front() ? fmt::format(" {} ", flag) : ",";
      text += each;
    }
  };
  add_list("--operation", options.operations);
  add_list("--dtype", options.dtypes);
  if (options.profile != "usual") text += " --profile " + options.profile;
  if (options.seed != kCoreSeed)
    text += fmt::format(" --seed {}", options.seed);
  if (required != Grade::sequential) {
    text += fmt::format(" --require {}", to_string(required));
  }
  return text;
}

void save(const PropertiesRun& run, const std::string& file) {
  std::string lines;
  for (const Counterexample& found : run.found) {
    for (const Case& c : cases_of(found)) lines += write_case(c) + '\n';
  }
  write_file(file, lines);
}

Source source_of(const SubjectOptions& subject) {
  return {[subject] { return open_subject(subject); }, is_built_in(subject)};
}

// The worst input for one measure of one output.
int find_worst(const SubjectOptions& subject, const HuntOptions& options,
               const Judging& judging) {
  auto parsed = parse_goal(options.maximize);
  if (const auto* why = std::get_if<std::string>(&parsed)) {
    throw UsageError("--maximize: " + *why);
  }
  if (options.only || !options.laws.empty()) {
    throw UsageError("--maximize: not with --case or --law");
  }
  MaximizeRun run;
  run.goal = std::get<Goal>(std::move(parsed));
  run.request = request_of(options, judging.required);
  const Source source = source_of(subject);
  {
    const Interruptible interruptible;
    run.request.interrupted = Interruptible::interrupted;
    StatusLine line;
    run.request.progress = [&](std::uint64_t done, std::size_t) {
      line.show(fmt::format("{} cases", done));
    };
    const Declaration declared = source.make()->declaration();
    leave_undeclared_out(run.request.hunt.operations, declared.operations);
    leave_undeclared_out(run.request.hunt.dtypes, declared.dtypes);
    run.record = maximize(source, run.request, run.goal);
  }
  if (run.record.value >= 0 && !options.save.empty()) {
    write_file(options.save, write_case(case_of(run)) + '\n');
    run.replay = fmt::format("exactbn validate {} --cases {}",
                             as_argument(subject), shell_word(options.save));
  }
  fmt::print("{}", maximize_text(run));
  if (!judging.json.empty()) write_file(judging.json, maximize_json(run));
  return exit_code(run.record);
}

}  // namespace

int properties(const SubjectOptions& subject, const HuntOptions& options,
               const Judging& judging) {
  if (!options.maximize.empty()) {
    return find_worst(subject, options, judging);
  }
  PropertiesRun run;
  run.request = request_of(options, judging.required);
  run.again = again(subject, options, judging.required);
  const Source source = source_of(subject);
  {
    const Interruptible interruptible;
    run.request.interrupted = Interruptible::interrupted;
    StatusLine line;
    run.request.progress = [&](std::uint64_t done, std::size_t broken) {
      line.show(fmt::format("{} cases   {} law{} broken", done, broken,
                            broken == 1 ? "" : "s"));
    };
    Request& request = run.request;
    const Declaration declared = source.make()->declaration();
    leave_undeclared_out(request.hunt.operations, declared.operations);
    leave_undeclared_out(request.hunt.dtypes, declared.dtypes);
    run.survey = survey(source, request);
    for (const Discovery& discovery : run.survey.discoveries) {
      if (std::ssize(run.found) == options.counterexamples) break;
      line.show("shrinking " + discovery.violation.law);
      // A process takes its time, and more when it has to be started anew.
      ShrinkLimit limit;
      const Violation& violation = discovery.violation;
      const bool crashes = violation.crashed || violation.law == kAnswers;
      if (!source.in_process) limit.evaluations = crashes ? 100 : 300;
      run.found.push_back(shrink_discovery(source, request, discovery, limit));
    }
  }
  if (!run.found.empty() && !options.save.empty()) {
    save(run, options.save);
    run.replay = fmt::format("exactbn validate {} --cases {}",
                             as_argument(subject), shell_word(options.save));
  }
  fmt::print("{}", properties_text(run, options.distribution));
  if (!judging.json.empty()) write_file(judging.json, properties_json(run));
  return exit_code(run.survey);
}

}  // namespace exactbn
