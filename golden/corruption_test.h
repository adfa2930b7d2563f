// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "golden/export.h"
#include "golden/vector/manifest.h"
#include "reference/draw.h"

namespace exactbn {

// A few cases of one operation and format, of every kind, in one file.
inline const std::string kSmallFile = "backward_training-f16.json";
const Folder& small_folder();

// The file, with a manifest that is right for it.
Folder signed_folder(const std::string& text);

// small_folder() with one bit flipped in a value, a label, a digest or a count,
// by turns. Values, labels and counts get a manifest that is right again, so
// that no digest tells.
Folder corrupted(Draw& draw, int trial);

}  // namespace exactbn
