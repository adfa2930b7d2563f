// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace exactbn {

// A ZIP archive of uncompressed members, dated 1980-01-01 (PKWARE APPNOTE
// 6.3.10, sections 4.3 and 4.4). The bytes are always the same. libzip does not
// promise that: its bytes change with its version and, through its dates, with
// the time zone.
class ZipFile {
 public:
  // Throws std::length_error if the archive would reach 65535 members or 4 GiB,
  // which need the ZIP64 extension.
  void add(std::string_view name, std::string_view content);

  // The whole archive. Call it once, at the end.
  std::string take();

 private:
  std::string members_;
  std::string directory_;
  std::uint64_t count_ = 0;
};

}  // namespace exactbn
