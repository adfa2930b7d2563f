// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace exactbn {

// Throws UsageError if write_file is bound to fail; call it before a long run.
void require_writable(const std::string& file);

// Writes a file completely or not at all, whatever signal but SIGKILL comes: a
// new file takes the place and the mode of the old one. Of a symbolic link it
// takes the place of the file that the link names. A device or a pipe, such as
// /dev/null, is written in place. Throws UsageError if it cannot be written.
void write_file(const std::string& file, const std::string& text);

// A name in the same folder that nobody can guess.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

}  // namespace exactbn
