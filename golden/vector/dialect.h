// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "golden/corpus.h"
#include "golden/vector/file.h"
#include "reference/conventions.h"

namespace exactbn {

// Known answers in the words of a framework: what it calls momentum, and what
// its running variance takes. Nothing else differs between frameworks.

// The frameworks in whose words can be asked: all but those that keep sums.
std::optional<Convention> find_dialect(std::string_view framework);
std::vector<std::string_view> dialects();

// The words themselves, as "momentum" and "running_variance" of `semantics`.
std::map<std::string, std::string, std::less<>> words(
    const Convention& convention);

// Changes a question until the framework can be asked it: to the nearest
// momentum that it can be given, or to no running statistics where it keeps
// none. The id and the comment change with it. Returns why that cannot be done,
// in a few words; empty where it can, or where the input is to be refused.
std::string put_to(const Convention& convention, CommentedCase& question);

// What differs in the framework's words; nothing where the case has no running
// statistics. The question must be one that put_to has passed.
std::optional<Dialect> dialect(const Vector& vector,
                               const Convention& convention);

// The whole answer in the framework's words: `momentum` is what it calls so.
Vector in_dialect(const Vector& vector, const Convention& convention);

// vector_files of answers in the words of generator.convention, which
// `semantics` states; where that is empty, in those of this project.
std::vector<VectorFile> dialect_files(const std::vector<Vector>& vectors,
                                      const Generator& generator);

}  // namespace exactbn
