// SPDX-License-Identifier: Apache-2.0
#include "golden/tensor_files/zip_archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <boost/crc.hpp>

#include "golden/tensor_files.h"
#include "golden/tensor_files/little_endian.h"

namespace exactbn {

namespace {

// Sections of APPNOTE in parentheses.
constexpr std::uint64_t kLocalHeader = 0x04034b50;      // (4.3.7)
constexpr std::uint64_t kDirectoryHeader = 0x02014b50;  // (4.3.12)
constexpr std::uint64_t kEnd = 0x06054b50;              // (4.3.16)
constexpr std::uint64_t kEnd64 = 0x06064b50;            // (4.3.14)
constexpr std::uint64_t kEnd64Locator = 0x07064b50;     // (4.3.15)
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kDirectoryHeaderSize = 46;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr std::uint64_t kNone32 = 0xffffffff;  // the value is in ZIP64's field
constexpr std::uint64_t kMostRatio = 100;
constexpr std::uint64_t kFree = 1 << 20;  // bytes that any archive may unpack

struct Directory {
  std::uint64_t at = 0;
  std::uint64_t count = 0;
};

// The end record is followed by a comment of at most 2^16 bytes.
Directory directory_of(std::string_view file) {
  const std::size_t least = std::max(file.size(), kEndSize) - kEndSize;
  for (std::size_t back = 0; back <= std::min<std::size_t>(least, 0xffff);
       ++back) {
    const std::size_t at = least - back;
    if (file.size() < kEndSize || load_little(file, at, 4) != kEnd ||
        load_little(file, at + 20, 2) != back) {
      continue;
    }
    Directory directory = {load_little(file, at + 16, 4),
                           load_little(file, at + 10, 2)};
    const bool is64 = directory.at == kNone32 || directory.count == 0xffff;
    if (is64 && at >= kLocatorSize &&
        load_little(file, at - kLocatorSize, 4) == kEnd64Locator) {
      const std::uint64_t end = load_little(file, at - kLocatorSize + 8, 8);
      if (end < file.size() && load_little(file, end, 4) == kEnd64) {
        directory = {load_little(file, end + 48, 8),
                     load_little(file, end + 32, 8)};
      }
    }
    return directory;
  }
  throw TensorFileError("a ZIP archive that is cut off: it has no directory");
}

// Replaces what is in the ZIP64 field of the extra fields (4.5.3): those of the
// three values that the header leaves out, in this order.
void read_zip64(std::string_view extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const std::uint64_t id = load_little(extra, 0, 2);
    const std::uint64_t size = load_little(extra, 2, 2);
    if (size > extra.size() - 4) return;
    std::string_view field = extra.substr(4, size);
    if (id == 1) {
      for (std::uint64_t* value : {&member.size, &member.packed, &member.at}) {
        if (*value != kNone32 || field.size() < 8) continue;
        *value = load_little(field, 0, 8);
        field.remove_prefix(8);
      }
    }
    extra.remove_prefix(4 + size);
  }
}

std::string inflated(std::string_view packed, const ZipMember& member) {
  std::string content(member.size, '\0');
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  std::size_t in = packed.size();
  std::size_t out = content.size();
  constexpr std::size_t kStep = std::size_t{1} << 30;  // fits zlib's uInt
  int status = Z_OK;
  // One byte more than promised shows a content that is longer.
  char beyond = 0;
  bool too_long = false;
  while (status == Z_OK) {
    const std::size_t give = std::min(in, kStep);
    const std::size_t room = std::min(out, kStep);
    stream.avail_in = static_cast<uInt>(give);
    too_long = room == 0;
    stream.next_out = reinterpret_cast<Bytef*>(
        too_long ? &beyond : content.data() + (content.size() - out));
    stream.avail_out = static_cast<uInt>(too_long ? 1 : room);
    status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t taken = give - stream.avail_in;
    in -= taken;
    if (too_long) {
      too_long = stream.avail_out == 0;
      if (too_long || status != Z_OK) break;
    } else {
      out -= room - stream.avail_out;
    }
    if (status == Z_OK && taken == 0 && in == 0 && out != 0) break;
  }
  inflateEnd(&stream);
  if (too_long || status != Z_STREAM_END || out != 0) {
    throw TensorFileError(
        fmt::format("{}: the compressed data are damaged", member.name));
  }
  return content;
}

}  // namespace

ZipArchive::ZipArchive(std::string_view file) : file_(file) {
  const Directory directory = directory_of(file);
  std::uint64_t at = directory.at;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    if (at > file.size() || file.size() - at < kDirectoryHeaderSize ||
        load_little(file, at, 4) != kDirectoryHeader) {
      throw TensorFileError("a ZIP archive with a damaged directory");
    }
    const std::uint64_t name = load_little(file, at + 28, 2);
    const std::uint64_t extra = load_little(file, at + 30, 2);
    const std::uint64_t comment = load_little(file, at + 32, 2);
    const std::uint64_t start = at + kDirectoryHeaderSize;
    if (name + extra + comment > file.size() - start) {
      throw TensorFileError("a ZIP archive with a damaged directory");
    }
    ZipMember member;
    member.name = file.substr(start, name);
    member.method = load_little(file, at + 10, 2);
    member.crc = load_little(file, at + 16, 4);
    member.packed = load_little(file, at + 20, 4);
    member.size = load_little(file, at + 24, 4);
    member.at = load_little(file, at + 42, 4);
    read_zip64(file.substr(start + name, extra), member);
    if ((load_little(file, at + 8, 2) & 1) != 0) {
      throw TensorFileError(member.name + ": encrypted");
    }
    const std::uint64_t most = kFree + kMostRatio * file.size();
    if (member.size > most || (total += member.size) > most) {
      throw TensorFileError(fmt::format(
          "{}: the archive unpacks to more than {} times its size; save arrays "
          "uncompressed, with numpy.savez",
          member.name, kMostRatio));
    }
    members_.push_back(std::move(member));
    at = start + name + extra + comment;
  }
}

std::string ZipArchive::read(const ZipMember& member) const {
  const auto refuse = [&](const std::string& why) {
    throw TensorFileError(member.name + ": " + why);
  };
  if (member.at > file_.size() || file_.size() - member.at < kLocalHeaderSize ||
      load_little(file_, member.at, 4) != kLocalHeader) {
    refuse("its header in the archive is damaged");
  }
  const std::uint64_t start = member.at + kLocalHeaderSize +
                              load_little(file_, member.at + 26, 2) +
                              load_little(file_, member.at + 28, 2);
  if (start > file_.size() || member.packed > file_.size() - start) {
    refuse(fmt::format("{} bytes in the archive, which ends before",
                       member.packed));
  }
  const std::string_view packed = file_.substr(start, member.packed);
  std::string content;
  if (member.method == 0) {
    if (member.packed != member.size) {
      refuse(fmt::format("{} bytes stored in {}", member.size, member.packed));
    }
    content = packed;
  } else if (member.method == 8) {
    content = inflated(packed, member);
  } else {
    refuse(
        fmt::format("compression {}; expected none or deflate", member.method));
  }
  boost::crc_32_type crc;
  crc.process_bytes(content.data(), content.size());
  if (crc.checksum() != member.crc) {
    refuse("the checksum is wrong: the archive is damaged");
  }
  return content;
}

std::string ZipArchive::what() const {
  const auto any = [&](auto test) {
    return std::any_of(members_.begin(), members_.end(), test);
  };
  const auto has = [&](std::string_view ending) {
    return any([&](const ZipMember& m) { return m.name.ends_with(ending); });
  };
  std::string text = "a ZIP archive with other files than arrays (.npy)";
  if (has("data.pkl")) {
    text = "a PyTorch archive";
  } else if (has("model.weights.h5")) {
    text = "a Keras model";
  } else if (has("[Content_Types].xml")) {
    text = "an Office document";
  } else if (has("META-INF/MANIFEST.MF")) {
    text = "a Java archive";
  }
  return text + "; save arrays with numpy.savez";
}

}  // namespace exactbn
