// SPDX-License-Identifier: Apache-2.0
#include "tools/exactbn/host.h"

#include <utility>

namespace exactbn {

namespace {

constinit thread_local Host* current = nullptr;

}  // namespace

Host* host() { return current; }

HostScope::HostScope(Host& host) : before_(std::exchange(current, &host)) {}

HostScope::~HostScope() { current = before_; }

}  // namespace exactbn
