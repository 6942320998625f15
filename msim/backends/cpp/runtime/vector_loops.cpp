// Loops over all cells that do not depend on the model; every trip count is a whole number of vectors.
#include "engine.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
// Compilers make a slow 64-bit product of Philox's 32-bit one; the same numbers by the instruction that fits.
struct Sixteen {
    __m512i high, low;
    Sixteen(__m512i x, __m512i factor) {
        const __m512i even = _mm512_mul_epu32(x, factor), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), factor);
        low = _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
        high = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
    }
};

static void draw_words(const uint32_t* gid, int n, uint32_t b, uint32_t c, uint32_t d, uint32_t k0, uint32_t k1,
                       uint32_t* w) {
    const __m512i first = _mm512_set1_epi64(0xD2511F53), second = _mm512_set1_epi64(0xCD9E8D57);
    for (int i = 0; i < n; i += PAD) {
        __m512i va = _mm512_load_si512(gid + i), vb = _mm512_set1_epi32((int)b), vc = _mm512_set1_epi32((int)c),
                vd = _mm512_set1_epi32((int)d);
        uint32_t x0 = k0, x1 = k1;
        for (int round = 0; round < 10; ++round) {
            const Sixteen p(va, first), q(vc, second);
            va = _mm512_xor_si512(_mm512_xor_si512(q.high, vb), _mm512_set1_epi32((int)x0));
            vc = _mm512_xor_si512(_mm512_xor_si512(p.high, vd), _mm512_set1_epi32((int)x1));
            vb = q.low; vd = p.low;
            x0 += 0x9E3779B9u; x1 += 0xBB67AE85u;
        }
        _mm512_store_si512(w + i, va);
        _mm512_store_si512(w + n + i, vb);
        _mm512_store_si512(w + 2 * n + i, vc);
        _mm512_store_si512(w + 3 * n + i, vd);
    }
}
#else
static void draw_words(const uint32_t* __restrict gid, int n, uint32_t b, uint32_t c, uint32_t d, uint32_t k0,
                       uint32_t k1, uint32_t* __restrict w) {
#pragma GCC ivdep
    for (int i = 0; i < n; ++i) {
        const Words r = philox(gid[i], b, c, d, k0, k1);
        w[i] = r.w[0]; w[n + i] = r.w[1]; w[2 * n + i] = r.w[2]; w[3 * n + i] = r.w[3];
    }
}
#endif

typedef uint32_t Wide __attribute__((vector_size(4 * PAD)));
typedef int32_t Flags __attribute__((vector_size(4 * PAD)));

// Compares sixteen cells at a time; a comparison that holds is -1.
static inline Flags passed(const uint32_t* u, const uint32_t* limit) {
    return (Flags)(*reinterpret_cast<const Wide*>(u) > *reinterpret_cast<const Wide*>(limit));
}

void count_events(const Engine& E, const Population& P, Drive& D, int64_t step) {
    const int n = whole(P.n_pad);
    uint32_t* w = D.words.data;
    if (D.block != step >> 2) {
        D.block = step >> 2;
        draw_words(P.gid.data, n, (uint32_t)D.block, (uint32_t)(D.block >> 32), 0xD0000000u, E.seed, D.key, w);
    }
    const uint32_t* u = w + (step & 3) * n;
    real* events = D.events;
    const size_t width = D.per_cell ? n : PAD;
    Flags any = {};
    for (int i = 0; i < n; i += PAD) {
        const uint32_t* limit = D.thresholds.data + (D.per_cell ? i : 0);
        Flags count = {};
        for (int k = 0; k < D.usual; ++k, limit += width) count -= passed(u + i, limit);
        if (D.usual < D.count) any |= passed(u + i, limit);
        for (int j = 0; j < PAD; ++j) events[i + j] = (real)count[j];
    }
    int32_t more = 0;
    for (int j = 0; j < PAD; ++j) more |= any[j];
    if (!more) return;
    // Thresholds rise, so the rest matters only to cells that have passed the first of it.
    for (int i = 0; i < n; ++i)
        for (int k = D.usual; k < D.count; ++k)
            events[i] += u[i] > D.thresholds[(size_t)k * width + (D.per_cell ? i : 0)];
}

void find_fired(const lane* __restrict fired, int n, uint8_t* __restrict blocks) {
    for (int b = 0; b < n / PAD; ++b) {
        lane any = 0;
        for (int j = 0; j < PAD; ++j) any |= fired[b * PAD + j];
        blocks[b] = any != 0;
    }
}

void draw_site(const Engine& E, const Population& P, Site& S, int64_t step) {
    const int n = whole(P.n_pad);
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
