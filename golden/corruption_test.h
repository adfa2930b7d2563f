// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "golden/export.h"
#include "golden/vector/manifest.h"
#include "reference/draw.h"

namespace exactbn {

// A file with a few cases of every kind, of one operation and format.
inline const std::string kSmallFile = "backward_training-f16.json";
const Folder& small_folder();

// The file, with a matching manifest.
Folder signed_folder(const std::string& text);

// small_folder() with one bit flipped in a value, a label, a digest or a count,
// by turns. If a value, label or count changed, the manifest is made anew, so
// that no digest reveals it.
Folder corrupted(Draw& draw, int trial);

}  // namespace exactbn
