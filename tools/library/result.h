// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "oracles/subject.h"
#include "tools/library/exactbn.h"

// What the functions of exactbn.h return. The members belong to one function
// each, but for the code and the text.
struct exactbn_result {
  int code = EXACTBN_OK;
  std::string text;

  // exactbn_check. The texts of `outputs` are static.
  const char* verdict = "";
  std::string reason;
  std::vector<exactbn_output_verdict> outputs;
  mutable std::once_flag json_once;
  mutable std::string json;

  // exactbn_suite and exactbn_draw.
  struct Case {
    exactbn::Case question;
    std::vector<exactbn_array> inputs;  // point into `question`
    exactbn_question as_c;              // points to both
    std::string labels;
  };
  std::vector<Case> cases;

  // exactbn_run.
  std::string messages;
  int exit_code = 0;
};
