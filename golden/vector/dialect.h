// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "golden/corpus.h"
#include "golden/vector/file.h"
#include "reference/conventions.h"

namespace exactbn {

// Vectors in the convention of a framework: what it calls momentum, and which
// variance its running variance takes. Nothing else differs between frameworks.

// The convention of a framework, if vectors can be written in it: not for
// frameworks that keep sums.
std::optional<Convention> find_dialect(std::string_view framework);
// The frameworks that find_dialect finds.
std::vector<std::string_view> dialects();

// "momentum" and "running_variance", as `semantics` describes them.
std::map<std::string, std::string, std::less<>> convention_semantics(
    const Convention& convention);

// Changes a case so that the framework can express it: to the nearest momentum
// that it can represent, or to no running statistics if it keeps none. The id
// and the comment change too. Returns a short reason if that is impossible;
// empty if not, or if the input must be refused.
std::string adapt_to(const Convention& convention, CommentedCase& question);

// What differs in the framework's convention; nullopt if the case updates no
// running statistics. Requires a case that adapt_to has accepted.
std::optional<Dialect> dialect(const Vector& vector,
                               const Convention& convention);

// The whole vector in the framework's convention: `momentum` is what it calls
// momentum.
Vector in_dialect(const Vector& vector, const Convention& convention);

// vector_files in the convention of generator.convention, which `semantics`
// states; if that is empty, in the convention of this project.
std::vector<VectorFile> dialect_files(const std::vector<Vector>& vectors,
                                      const Generator& generator);

}  // namespace exactbn
