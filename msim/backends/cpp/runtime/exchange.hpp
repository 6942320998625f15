// Spikes of all ranks, every `interval` steps, in one gather of fixed size; and one word to stop all of them.
#pragma once
#include <algorithm>
#include "engine.hpp"

// Message: status, cell, step low, population, variable, words needed, steps, then by step and population a count and cells.
constexpr int HEADER = 7;

static std::vector<uint32_t>& slot(Engine& E, size_t population, int64_t step) {
    return E.ring[population][step % E.ring_size];
}

static void gather(Engine& E) {
    Exchange& X = E.exchange;
    X.in.resize((size_t)X.size * X.capacity);
    X.gather(X.out.data(), X.capacity, X.int32, X.in.data(), X.capacity, X.int32, X.communicator);
}

static void pack(Engine& E, int64_t from, int64_t to) {
    Exchange& X = E.exchange;
    std::vector<int32_t>& out = X.out;
    out.assign(HEADER, 0);
    if (E.told && E.failure.status == RAN) { E.failure.status = E.told; E.failure.step = E.step; }
    out[0] = E.failure.status; out[1] = (int32_t)E.failure.cell; out[2] = (int32_t)E.failure.step;
    out[3] = E.failure.population; out[4] = E.failure.variable;
    out[6] = (int32_t)(to - from);
    for (int64_t s = from; s < to; ++s)
        for (size_t p = 0; p < E.populations.size(); ++p) {
            const std::vector<uint32_t>& spikes = slot(E, p, s);
            out.push_back((int32_t)spikes.size());
            out.insert(out.end(), spikes.begin(), spikes.end());
        }
    out[5] = (int32_t)out.size();
    if ((int)out.size() < X.capacity) out.resize(X.capacity);
}

static void unpack(Engine& E, int64_t from, int64_t to) {
    Exchange& X = E.exchange;
    std::vector<const int32_t*> at(X.size);
    for (int r = 0; r < X.size; ++r) at[r] = X.in.data() + (size_t)r * X.capacity + HEADER;
    for (int64_t s = from; s < to; ++s)
        for (size_t p = 0; p < E.populations.size(); ++p) {
            std::vector<uint32_t>& spikes = slot(E, p, s);
            spikes.clear();
            for (int r = 0; r < X.size; ++r) {
                const int32_t count = *at[r]++;
                spikes.insert(spikes.end(), at[r], at[r] + count);
                at[r] += count;
            }
            E.populations[p].window_count += (int64_t)spikes.size();
            if (!std::is_sorted(spikes.begin(), spikes.end())) std::sort(spikes.begin(), spikes.end());
        }
}

// Make the spikes of steps from..to-1 known to all ranks. Returns the status that all agree on: that of the
// lowest rank which has something to say.
static int exchange_spikes(Engine& E, int64_t from, int64_t to) {
    Exchange& X = E.exchange;
    pack(E, from, to);
    for (;;) {
        gather(E);
        int needed = 0;
        for (int r = 0; r < X.size; ++r) needed = std::max(needed, X.in[(size_t)r * X.capacity + 5]);
        if (needed <= X.capacity) break;
        const int filled = X.out[5];
        X.out.resize(filled);
        while (X.capacity < needed) X.capacity *= 2;
        X.out.resize(X.capacity);
    }
    unpack(E, from, to);
    X.done = to;
    for (int r = 0; r < X.size; ++r) {
        const int32_t* head = X.in.data() + (size_t)r * X.capacity;
        if (head[0] == RAN) continue;
        E.failure = {head[0], head[3], head[4], r, head[1], head[2]};
        return head[0];
    }
    return RAN;
}
