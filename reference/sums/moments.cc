// SPDX-License-Identifier: Apache-2.0
#include "reference/sums/moments.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "reference/floating_point_environment.h"
#include "reference/sums/block.h"
#include "reference/sums/sweep.h"

namespace exactbn {

namespace {

// Channels that are read together, because their values share cache lines.
constexpr std::int64_t kGroup = std::int64_t{4} * kLanes;
// The number of values that is worth a task and a thread.
constexpr std::int64_t kTask = std::int64_t{1} << 18;

constexpr int kBlock = kLanes * kRows;

struct Query {
  std::span<const Tensor* const> tensors;
  std::span<const Term> terms;
  const ChannelView& view;
  SumPath path;
};

// The channel of each column, counted from the part's first; kNone if the
// column has been summed before.
using Owners = std::array<std::int64_t, kLanes>;
constexpr std::int64_t kNone = -1;

// The sums of one part.
template <class Word>
class PartSums {
 public:
  PartSums(const Query& query, const Part& part)
      : q_(query),
        part_(part),
        narrow_allowed_(query.path == SumPath::blocks),
        blocks_(std::make_unique_for_overwrite<SumBlock<Word>[]>(
            query.tensors.size())),
        sums_(query.terms.size() * size(part.channels)),
        finite_(query.tensors.size() * size(part.channels), true) {}

  void run() {
    if (part_.channels == 1) {
      along();
    } else {
      across();
    }
  }

  void merge_into(Moments& moments, std::int64_t first) const {
    for (std::int64_t c = 0; c < part_.channels; ++c) {
      const std::int64_t to = part_.first - first + c;
      for (std::size_t t = 0; t < q_.terms.size(); ++t) {
        const std::size_t i = t * size(moments.channels) + size(to);
        moments.sums[i] += sums_[t * size(part_.channels) + size(c)].value();
      }
      for (std::size_t t = 0; t < q_.tensors.size(); ++t) {
        const std::size_t i = t * size(moments.channels) + size(to);
        const bool finite = finite_[t * size(part_.channels) + size(c)];
        moments.finite_tensors[i] = moments.finite_tensors[i] && finite;
      }
    }
    moments.narrow += narrow_;
    moments.wide += wide_;
  }

 private:
  static std::size_t size(std::int64_t n) {
    return static_cast<std::size_t>(n);
  }

  void along() {
    Owners owners{};
    int count = 0;
    for (std::int64_t k = part_.begin; k < part_.end; k += count) {
      count = block_count<Word>(*q_.tensors[0], q_.view, k, part_.end);
      for (std::size_t i = 0; i < q_.tensors.size(); ++i) {
        blocks_[i].load_along(*q_.tensors[i], q_.view, part_.first, k, count);
      }
      add(owners);
    }
  }

  void across() {
    for (std::int64_t k = part_.begin; k < part_.end; k += kRows) {
      const std::int64_t count = std::min<std::int64_t>(kRows, part_.end - k);
      for_each_lanes(part_.channels, kLanes, [&](auto base, auto fresh) {
        Owners owners;
        for (std::int64_t l = 0; l < kLanes; ++l) {
          owners[size(l)] = l < fresh ? kNone : base + l;
        }
        for (std::size_t i = 0; i < q_.tensors.size(); ++i) {
          blocks_[i].load_across(*q_.tensors[i], q_.view, part_.first + base, k,
                                 static_cast<int>(count));
        }
        add(owners);
      });
    }
  }

  void add(const Owners& owners) {
    std::array<bool, kLanes> narrow{};
    bool any = false;
    for (std::size_t l = 0; l < kLanes; ++l) {
      if (owners[l] == kNone) continue;
      narrow[l] = narrow_allowed_;
      for (std::size_t i = 0; i < q_.tensors.size(); ++i) {
        narrow[l] = narrow[l] && blocks_[i].columns[l] == SumColumn::narrow;
        if (blocks_[i].columns[l] == SumColumn::nonfinite) {
          finite_[i * size(part_.channels) + size(owners[l])] = false;
        }
      }
      any = any || narrow[l];
      ++(narrow[l] ? narrow_ : wide_);
    }
    for (std::size_t t = 0; t < q_.terms.size(); ++t) {
      if (any) add_narrow(t, owners, narrow);
      for (std::size_t l = 0; l < kLanes; ++l) {
        if (owners[l] != kNone && !narrow[l]) add_wide(t, l, owners[l]);
      }
    }
  }

  void add_narrow(std::size_t t, const Owners& owners,
                  const std::array<bool, kLanes>& narrow) {
    const SumKernels<Word> kernels = sum_kernels<Word>();
    alignas(64) std::array<double, kProductParts<Word> * kLanes> parts;
    const Term& term = q_.terms[t];
    const SumBlock<Word>& a = blocks_[size(term.a)];
    const bool alone = term.b == Term::kAlone;
    if (alone) {
      kernels.sum(a.view(), a.rows, parts.data());
    } else if (term.a == term.b) {
      kernels.square(a.view(), a.rows, parts.data());
    } else {
      kernels.product(a.view(), blocks_[size(term.b)].view(), a.rows,
                      parts.data());
    }
    const std::size_t count = alone ? kSumParts<Word> : kProductParts<Word>;
    for (std::size_t l = 0; l < kLanes; ++l) {
      if (!narrow[l]) continue;
      ExactSum& sum = sums_[t * size(part_.channels) + size(owners[l])];
      for (std::size_t k = 0; k < count; ++k) sum.add(parts[k * kLanes + l]);
    }
  }

  void add_wide(std::size_t t, std::size_t lane, std::int64_t channel) {
    const Term& term = q_.terms[t];
    const SumBlock<Word>& a = blocks_[size(term.a)];
    const bool alone = term.b == Term::kAlone;
    const SumBlock<Word>& b = alone ? a : blocks_[size(term.b)];
    if (a.columns[lane] == SumColumn::nonfinite ||
        b.columns[lane] == SumColumn::nonfinite) {
      return;
    }
    ExactSum& sum = sums_[t * size(part_.channels) + size(channel)];
    const auto l = static_cast<int>(lane);
    for (int r = 0; r < a.rows; ++r) {
      const Scaled x = a.at(r, l);
      if (alone) {
        sum.add(x.n, x.e);
        continue;
      }
      const Scaled y = b.at(r, l);
      if constexpr (sizeof(Word) == 4) {
        sum.add(x.n * y.n, x.e + y.e);  // 48 bits
      } else {
        sum.add_product(x, y);
      }
    }
  }

  const Query& q_;
  const Part part_;
  const bool narrow_allowed_;
  std::unique_ptr<SumBlock<Word>[]> blocks_;
  std::vector<ExactSum> sums_;
  std::vector<bool> finite_;
  std::int64_t narrow_ = 0;
  std::int64_t wide_ = 0;
};

// Parts of one channel, or of a group of channels if neighbours in memory
// belong to different channels.
Cut cut_of(const ChannelView& view, const Channels& channels) {
  const bool across = view.inner == 1 && channels.count >= kLanes;
  const std::int64_t group = across ? std::min(kGroup, channels.count) : 1;
  // Whole blocks.
  const std::int64_t length = (kTask / group + kBlock - 1) / kBlock * kBlock;
  return {group, length, kTask};
}

template <class Word>
void run(const Query& query, const Channels& channels, Moments& result) {
  std::mutex mutex;
  for_each_part(query.view, channels, cut_of(query.view, channels),
                [&](const Part& part) {
                  PartSums<Word> sums(query, part);
                  sums.run();
                  const std::lock_guard lock(mutex);
                  sums.merge_into(result, channels.first);
                });
}

}  // namespace

Moments moments(std::span<const Tensor* const> tensors,
                std::span<const Term> terms, const ChannelView& view,
                const Channels& channels, SumPath path) {
  const StandardEnvironment environment;
  const auto count = static_cast<std::size_t>(channels.count);
  Moments result{channels.count, std::vector<Dyadic>(terms.size() * count),
                 std::vector<bool>(tensors.size() * count, true)};
  const bool any_f64 =
      std::any_of(tensors.begin(), tensors.end(),
                  [](const Tensor* t) { return t->dtype() == DType::f64; });
  const Query query{tensors, terms, view, path};
  if (any_f64) {
    run<std::uint64_t>(query, channels, result);
  } else {
    run<std::uint32_t>(query, channels, result);
  }
  for (std::size_t t = 0; t < terms.size(); ++t) {
    for (std::int64_t c = 0; c < channels.count; ++c) {
      const bool finite =
          result.finite(terms[t].a, c) &&
          (terms[t].b == Term::kAlone || result.finite(terms[t].b, c));
      Dyadic& sum = result.sums[t * count + static_cast<std::size_t>(c)];
      sum = finite ? canonical(sum) : Dyadic();
    }
  }
  return result;
}

}  // namespace exactbn
