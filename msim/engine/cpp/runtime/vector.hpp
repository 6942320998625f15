// Loops over all cells that do not depend on the model; every trip count is a whole number of vectors.
#include "engine.hpp"

static void draw_words(const uint32_t* __restrict gid, int n, uint32_t b, uint32_t c, uint32_t d, uint32_t k0,
                       uint32_t k1, uint32_t* __restrict w0, uint32_t* __restrict w1, uint32_t* __restrict w2,
                       uint32_t* __restrict w3) {
#pragma GCC ivdep
    for (int i = 0; i < n; ++i) {
        const Words r = philox(gid[i], b, c, d, k0, k1);
        w0[i] = r.w[0]; w1[i] = r.w[1]; w2[i] = r.w[2]; w3[i] = r.w[3];
    }
}

void count_events(const Engine& E, const Population& P, Drive& D, int64_t step) {
    const int n = P.n_pad;
    uint32_t* __restrict w = D.words.data;
    if (D.block != step >> 2) {
        D.block = step >> 2;
        draw_words(P.gid.data, n, (uint32_t)D.block, (uint32_t)(D.block >> 32), 0xD0000000u, E.seed, D.key, w, w + n,
                   w + 2 * n, w + 3 * n);
    }
    const uint32_t* __restrict u = w + (step & 3) * n;
    real* __restrict events = D.events;
    for (int i = 0; i < n; i += PAD) {
        int32_t count[PAD] = {0};
        for (int k = 0; k < D.count; ++k) {
            const uint32_t* __restrict limit = D.thresholds.data + (D.per_cell ? (size_t)k * n + i : (size_t)k * PAD);
            for (int j = 0; j < PAD; ++j) count[j] += u[i + j] > limit[j];
        }
        for (int j = 0; j < PAD; ++j) events[i + j] = (real)count[j];
    }
}

void draw_site(const Engine& E, const Population& P, Site& S, int64_t step) {
    const int n = P.n_pad;
    if (S.block == step >> 1) return;
    S.block = step >> 1;
    real* __restrict first = S.values.data;
    real* __restrict second = S.values.data + n;
    const uint32_t* __restrict gid = P.gid.data;
    const uint32_t b = (uint32_t)S.block, c = (uint32_t)(S.block >> 32), d = 0xA0000000u | S.number;
    const uint32_t k0 = E.seed, k1 = P.key;
    if (S.normal) {
#pragma GCC ivdep
        for (int i = 0; i < n; ++i) {
            const Words r = philox(gid[i], b, c, d, k0, k1);
            first[i] = (real)std::sqrt(-2 * std::log(unit_interval(r.w[0], r.w[1])));
            second[i] = (real)(6.283185307179586 * unit_interval(r.w[2], r.w[3]));
        }
        // Sine and cosine in loops of their own: together the compiler makes one scalar call of them.
        Buffer<real> cosine;
        cosine.make(n);
        real* __restrict other = cosine.data;
#pragma GCC ivdep
        for (int i = 0; i < n; ++i) other[i] = std::cos(second[i]);
#pragma GCC ivdep
        for (int i = 0; i < n; ++i) second[i] = first[i] * std::sin(second[i]);
#pragma GCC ivdep
        for (int i = 0; i < n; ++i) first[i] *= other[i];
        return;
    }
#pragma GCC ivdep
    for (int i = 0; i < n; ++i) {
        const Words r = philox(gid[i], b, c, d, k0, k1);
        first[i] = (real)unit_interval(r.w[0], r.w[1]);
        second[i] = (real)unit_interval(r.w[2], r.w[3]);
    }
}
