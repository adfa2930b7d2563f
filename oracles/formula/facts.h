// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <utility>

#include "oracles/defects/model.h"
#include "oracles/formula/slots.h"

namespace exactbn::formula {

// What a subject was asked before; null if there is nothing such.
struct Earlier {
  const Problem* channels = nullptr;  // the last with as many channels
  // Of those with this shape of x, the last forward pass in training, and the
  // first of any operation.
  const Problem* last_forward = nullptr;
  const Problem* first = nullptr;
};

// A problem, and what its outputs are by a right or a wrong formula, to about
// 2^-60. Safe to use from many threads after `prepare`.
class Facts {
 public:
  // The problems must outlive this object.
  Facts(const Problem& problem, RunningVariance divisor, const Earlier& earlier,
        Inputs inputs = Inputs::as_given);

  // Whether the inputs are those of the problem, as read otherwise or not.
  bool is_as_given() const { return !changed_; }

  // Sums what the formulas of this value need, for every alternative.
  void prepare(Output output, std::int64_t i);

  // Of a value shaped like x, by its place in memory.
  std::int64_t channel(std::int64_t i) const { return pass_.view.channel(i); }
  Wide gamma(std::int64_t channel) const { return pass_.gamma(channel); }

  // A value of an output; NaN if the formula says nothing about it.
  Wide value(Output output, const Choice& choice, std::int64_t i) const;

 private:
  // Over some values of one or more channels.
  struct Sums {
    Wide n = 0;
    Wide mean = 0;
    Wide squares = 0;      // sum (x - mean)^2
    Wide from_before = 0;  // sum (x - the mean of the values before)^2
    Wide dy = 0;
    Wide dy_x = 0;  // sum dy (x - mean of the channel)
    // Of dy itself, where those two are of a direction u.
    Wide second_dy = 0;
    Wide second_dy_x = 0;
    Wide u_dy = 0;
    // sum (x - the mean of its tile)^2, for each kind of tile.
    std::array<Wide, kTiles> within = {};
  };
  struct Statistics {
    Wide mean = 0;
    Wide var = 0;
    Wide factor = 1;  // that is in var
  };

  void change(Inputs inputs, const Earlier& earlier);
  void read_in_other_16(Inputs inputs);
  Eigen::Index channel_of(Values values, Eigen::Index c) const;
  int times(Values values, std::int64_t k) const;
  std::int64_t tile_size(std::size_t tile) const;
  Wide squares_within(std::int64_t tile, Eigen::Index c) const;
  Sums sums_of(Values values, Eigen::Index c) const;
  const Sums& sums(Values values, Eigen::Index c) const;
  Wide divisor(Count count) const;
  Wide kept(const Choice& choice, Kept what, Wide value) const;
  Wide correction(Output output, const Choice& choice) const;
  Statistics statistics(Output output, const Choice& choice,
                        Eigen::Index c) const;
  Wide regularized(Output output, const Choice& choice,
                   const Statistics& s) const;
  Wide power(const Choice& choice, Wide w) const;
  Wide parameter(bool is_gamma, Parameter which, Eigen::Index c, std::int64_t i,
                 Wide invstd) const;
  Wide mean_of(Values values, Eigen::Index c) const;
  Wide centre(const Choice& choice, const Statistics& s, Eigen::Index c) const;
  Wide running(Output output, const Choice& choice, const Statistics& s,
               Eigen::Index c) const;
  Wide term(Term term, Wide one_over_m, Wide gamma, Wide invstd) const;
  // What y_dot and grad_dy, or dx, are linear in.
  const WideMatrix& factor() const {
    return pass_.u.size() != 0 ? pass_.u : pass_.dy;
  }
  Wide normalized(const Choice& choice, Wide zero, Wide invstd, Wide gamma,
                  Wide beta, Wide x) const;
  Wide times(Factor factor, Wide term, Wide gamma, Wide invstd) const;
  Wide second_order(Output output, const Choice& choice, Eigen::Index c,
                    std::int64_t k, Wide xhat, Wide gamma, Wide invstd) const;
  Wide transposed(Output output, const Choice& choice, std::int64_t i) const;
  Wide plain(Output output, const Choice& choice, Eigen::Index c,
             std::int64_t k, std::int64_t i, Wide& invstd) const;

  Pass pass_;
  bool changed_ = false;
  WideMatrix last_x_;  // of earlier calls; empty if there is none
  WideMatrix first_x_;
  std::int64_t m_ = 0;
  std::map<std::pair<Values, Eigen::Index>, Sums> sums_;
};

}  // namespace exactbn::formula
