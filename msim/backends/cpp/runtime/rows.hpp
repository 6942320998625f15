// Contacts given by target, laid down by source, delay and target.
#pragma once
#include <algorithm>
#include <numeric>
#include "engine.hpp"

// Whether a number survives being kept in 4 bytes.
static bool fits_float32(const double* values, int64_t n) {
    for (int64_t k = 0; k < n; ++k)
        if ((double)(float)values[k] != values[k]) return false;
    return true;
}

// Places of contacts in rows by source, in each row by delay, in each delay by target and then as given.
static std::vector<uint32_t> places(Projection& S, int64_t sources, const uint32_t* pre, const int32_t* delay) {
    const int64_t n = S.n;
    const int delays = S.longest - S.shortest + 1;
    S.row.assign(sources + 1, 0);
    for (int64_t k = 0; k < n; ++k) S.row[pre[k] + 1]++;
    for (int64_t s = 0; s < sources; ++s) S.row[s + 1] += S.row[s];
    uint32_t longest_row = 0;
    for (int64_t s = 0; s < sources; ++s) longest_row = std::max(longest_row, S.row[s + 1] - S.row[s]);
    S.short_rows = longest_row < 65536;
    std::vector<uint32_t> next;
    if (delays == 1) {
        next.assign(S.row.begin(), S.row.end() - 1);
    } else {
        std::vector<uint32_t> counts((size_t)sources * (delays + 1), 0);
        for (int64_t k = 0; k < n; ++k) counts[(size_t)pre[k] * (delays + 1) + (delay[k] - S.shortest) + 1]++;
        for (int64_t s = 0; s < sources; ++s)
            for (int d = 0; d < delays; ++d)
                counts[(size_t)s * (delays + 1) + d + 1] += counts[(size_t)s * (delays + 1) + d];
        if (S.short_rows) S.by_delay.assign(counts.begin(), counts.end());
        else S.by_delay_long = counts;
        next.swap(counts);
        for (int64_t s = 0; s < sources; ++s)
            for (int d = 0; d <= delays; ++d) next[(size_t)s * (delays + 1) + d] += S.row[s];
    }
    std::vector<uint32_t> place(n);
    for (int64_t k = 0; k < n; ++k)
        place[k] = next[delays == 1 ? (size_t)pre[k] : (size_t)pre[k] * (delays + 1) + (delay[k] - S.shortest)]++;
    return place;
}

// Number of each contact among those that its pair has, in the order given (which is by target).
static void number_contacts(Projection& S, int64_t rows, const int64_t* indptr, const uint32_t* pre,
                            const std::vector<uint32_t>& place) {
    S.contact.assign(S.n_pad, 0);
    std::vector<uint32_t> order;
    for (int64_t r = 0; r < rows; ++r) {
        const int64_t from = indptr[r], count = indptr[r + 1] - from;
        order.resize(count);
        std::iota(order.begin(), order.end(), 0u);
        std::stable_sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) { return pre[from + x] < pre[from + y]; });
        for (int64_t k = 1; k < count; ++k)
            if (pre[from + order[k]] == pre[from + order[k - 1]])
                S.contact[place[from + order[k]]] = (uint8_t)(S.contact[place[from + order[k - 1]]] + 1);
    }
}

static void build_csr(Engine& E, const ProjectionCode& code, Projection& S, int64_t rows, const int64_t* indptr,
                     const uint32_t* pre, const int32_t* delay, const double* const* values) {
    const Population& target = E.populations[S.target];
    S.n = indptr[rows];
    S.n_pad = (S.n + PAD - 1) / PAD * PAD;
    S.shortest = 1; S.longest = 1;
    if (S.n) {
        const auto ends = std::minmax_element(delay, delay + S.n);
        S.shortest = *ends.first; S.longest = *ends.second;
    }
    const std::vector<uint32_t> place = places(S, E.populations[S.origin].n_global, pre, delay);
    S.uint16_targets = target.n <= 65536;
    if (S.uint16_targets) S.targets.make(S.n_pad); else S.wide_targets.make(S.n_pad);
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t k = indptr[r]; k < indptr[r + 1]; ++k)
            if (S.uint16_targets) S.targets[place[k]] = (uint16_t)r; else S.wide_targets[place[k]] = (uint32_t)r;
    S.float32_weights = true;
    for (int v = 0; v < code.values; ++v) S.float32_weights = S.float32_weights && fits_float32(values[v], S.n);
    S.float32_values.clear(); S.values.clear();
    for (int v = 0; v < code.values; ++v) {
        if (S.float32_weights) {
            S.float32_values.emplace_back();
            S.float32_values.back().make(S.n_pad);
            for (int64_t k = 0; k < S.n; ++k) S.float32_values.back()[place[k]] = (float)values[v][k];
        } else {
            S.values.emplace_back();
            S.values.back().make(S.n_pad);
            for (int64_t k = 0; k < S.n; ++k) S.values.back()[place[k]] = values[v][k];
        }
    }
    S.states.clear();
    for (int v = 0; v < code.states; ++v) { S.states.emplace_back(); S.states.back().make(S.n_pad); }
    if (code.keeps_time) S.last_update.make(S.n_pad);
    if (code.draws) number_contacts(S, rows, indptr, pre, place);
}
