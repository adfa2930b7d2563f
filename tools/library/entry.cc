// SPDX-License-Identifier: Apache-2.0
#include "tools/library/entry.h"

#include <fmt/format.h>

#include <new>

#include "oracles/printable.h"
#include "oracles/wire/error.h"
#include "reference/problem.h"
#include "tools/exactbn/usage_error.h"

namespace exactbn {

namespace {

// "--declare: expected KEY=VALUE" and "inputs.gamma.shape: 2, expected 3" name
// a flag and a field of the wire format; here they are arguments.
std::string as_argument_text(std::string text) {
  for (const std::string_view prefix : {"--", "inputs."}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  return printable(text);
}

void store(exactbn_result& result, int code, const std::string& text) {
  result.code = code;
  result.text = as_argument_text(text);
}

}  // namespace

void store_current_exception(exactbn_result& result) noexcept {
  try {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      store(result, EXACTBN_NO_MEMORY, "out of memory");
    } catch (const InvalidArgument& error) {
      store(result, EXACTBN_INVALID, error.what());
    } catch (const InvalidProblem& error) {
      store(result, EXACTBN_INVALID, error.what());
    } catch (const UsageError& error) {
      store(result, EXACTBN_INVALID, error.what());
    } catch (const WireError& error) {
      store(result, EXACTBN_INVALID, error.what());
    } catch (const std::invalid_argument& error) {
      store(result, EXACTBN_INVALID, error.what());
    } catch (const std::exception& error) {
      store(result, EXACTBN_INTERNAL, error.what());
    } catch (...) {
      store(result, EXACTBN_INTERNAL, "an unknown error");
    }
  } catch (...) {  // no memory for the text
    result.code = EXACTBN_NO_MEMORY;
  }
}

void require_given(const void* pointer, const std::string& name) {
  if (!pointer) throw InvalidArgument(name + ": is NULL");
}

void require_size(std::size_t size, std::size_t expected,
                  const std::string& name) {
  if (size == expected) return;
  throw InvalidArgument(
      fmt::format("{}.size: {}, expected {}: it was not set, or the header is "
                  "of another version",
                  name, size, expected));
}

}  // namespace exactbn

extern "C" {

uint32_t exactbn_api_version(void) { return EXACTBN_API_VERSION; }

const char* exactbn_version(void) { return EXACTBN_VERSION; }

int exactbn_set_threads(int threads) {
  if (threads < 0 || threads > 4096) return EXACTBN_INVALID;
  exactbn::Threads::choose(threads);
  return EXACTBN_OK;
}

int exactbn_code(const exactbn_result* result) {
  return result ? result->code : EXACTBN_NO_MEMORY;
}

const char* exactbn_text(const exactbn_result* result) {
  if (!result || (result->code == EXACTBN_NO_MEMORY && result->text.empty())) {
    return "out of memory";
  }
  return result->text.c_str();
}

void exactbn_free(exactbn_result* result) { delete result; }

}  // extern "C"
