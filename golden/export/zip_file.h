// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace exactbn {

// A ZIP archive of members as they are, not compressed, dated 1980-01-01
// (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4). The same bytes everywhere and
// for ever, which libzip does not promise: they change with its version and,
// through its dates, with the time zone.
class ZipFile {
 public:
  // Throws std::length_error where the archive would have 65535 members or 4
  // GiB, which need the format's extension to 64 bits.
  void add(std::string_view name, std::string_view content);

  // The whole archive. To be called once, at the end.
  std::string take();

 private:
  std::string members_;
  std::string directory_;
  std::uint64_t count_ = 0;
};

}  // namespace exactbn
