// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace exactbn {

struct ZipMember {
  std::string name;
  std::uint64_t method = 0;  // 0 stored, 8 deflated
  std::uint64_t crc = 0;
  std::uint64_t packed = 0;  // bytes in the archive
  std::uint64_t size = 0;    // bytes of the content
  std::uint64_t at = 0;      // of its local header
};

// A ZIP archive in memory (PKWARE APPNOTE 6.3.10), with ZIP64, which
// numpy.savez uses for arrays of 4 GiB or more. The file must outlive this
// object.
class ZipArchive {
 public:
  // Throws TensorFileError, also if the contents are more than 100 times as
  // large as the file: memory is bounded before anything is unpacked.
  explicit ZipArchive(std::string_view file);

  const std::vector<ZipMember>& members() const { return members_; }

  // The content of a member. Throws TensorFileError that names it.
  std::string read(const ZipMember& member) const;

  // What kind of archive it seems to be, by its members: "a PyTorch archive;
  // save arrays with numpy.savez".
  std::string what() const;

 private:
  std::string_view file_;
  std::vector<ZipMember> members_;
};

}  // namespace exactbn
