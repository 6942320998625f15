// Number types, functions of Brian2's notation, and random numbers without a state.
#pragma once
#include <math.h>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#ifdef MSIM_SINGLE
typedef float real;
typedef int32_t lane;  // as wide as a real: mixed widths would make the compiler unroll past its registers
#else
typedef double real;
typedef int64_t lane;
#endif
#define R(x) ((real)(x))
constexpr int PAD = 16;  // cells; a whole number of vectors, so that no cell is computed by a scalar remainder
constexpr int ALIGN = 64;

// A number of cells with the padding, said so that the compiler knows it for a whole number of vectors and writes no
// remainder: what it contracts there may round otherwise, and a cell's result would depend on the partition.
template <class N> static inline N whole(N n) { return n & ~(N)(PAD - 1); }
static inline int padded(int n) { return (n + PAD - 1) / PAD * PAD; }

// An aligned array of zeros that stays where it is.
template <class T> struct Buffer {
    T* data = nullptr;
    size_t size = 0;
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&& other) noexcept : data(other.data), size(other.size) { other.data = nullptr; }
    ~Buffer() { std::free(data); }
    void make(size_t n) {
        std::free(data);
        size = n;
        const size_t bytes = (n * sizeof(T) + ALIGN - 1) / ALIGN * ALIGN + ALIGN;
        data = static_cast<T*>(std::aligned_alloc(ALIGN, bytes));
        if (!data) std::abort();
        std::memset(static_cast<void*>(data), 0, bytes);
    }
    T& operator[](size_t k) { return data[k]; }
    const T& operator[](size_t k) const { return data[k]; }
};

// ---- exponential function that the compiler can put into a vector loop
// x = k ln 2 + r with |r| <= ln 2 / 2, a Taylor polynomial in r, and k added to the exponent's bits. Within 1 unit
// in the last place. It is ours because libraries' vector versions differ between systems and are calls.
// Beyond the range of numbers it stays at its end. Wants -fno-associative-math: the rounding is in the order.
#ifdef MSIM_STRICT
using std::exp;
#define exp_ exp
#else
static inline double exp_(double x) {
    x = x < -708.0 ? -708.0 : x;
    x = x > 709.0 ? 709.0 : x;
    const double k = __builtin_rint(x * 1.4426950408889634);
    double r = __builtin_fma(k, -0x1.62e42fefa39efp-1, x);
    r = __builtin_fma(k, -0x1.abc9e3b39803fp-56, r);
    double p = 1.0 / 479001600 * (1.0 / 13) * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const double shifted = k + 0x1.8p52;
    uint64_t bits, value;
    std::memcpy(&bits, &shifted, 8);
    std::memcpy(&value, &p, 8);
    value += bits << 52;
    std::memcpy(&p, &value, 8);
    return p;
}
static inline float exp_(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    const float k = __builtin_rintf(x * 1.44269504f);
    float r = __builtin_fmaf(k, -0x1.62e430p-1f, x);
    r = __builtin_fmaf(k, 0x1.05c610p-29f, r);
    float p = 1.0f / 5040 * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const float shifted = k + 0x1.8p23f;
    uint32_t bits, value;
    std::memcpy(&bits, &shifted, 4);
    std::memcpy(&value, &p, 4);
    value += bits << 23;
    std::memcpy(&p, &value, 4);
    return p;
}
#endif

// ---- functions of Brian2's notation
template <class A, class B, class C> static inline std::common_type_t<A, B, C> clip_(A x, B low, C high) {
    typedef std::common_type_t<A, B, C> T;  // a whole number may be cut off at a broken one
    return (T)x < (T)low ? (T)low : (T)x > (T)high ? (T)high : (T)x;
}
template <class A> static inline int64_t int_(A x) { return (int64_t)x; }
template <class A> static inline A abs_(A x) { return x < 0 ? -x : x; }
static inline double abs_(double x) { return __builtin_fabs(x); }
static inline float abs_(float x) { return __builtin_fabsf(x); }
template <class A> static inline int sign_(A x) { return (A(0) < x) - (x < A(0)); }
static inline int64_t timestep_(double t, double dt) { return (int64_t)((t + 1e-3 * dt) / dt); }
static inline double exprel_(double x) {
    return std::fabs(x) < 1e-16 ? 1.0 : x > 717 ? INFINITY : std::expm1(x) / x;
}
#define _brian_pow(x, y) (pow((x), (y)))
static inline int64_t whole_floordiv(int64_t x, int64_t y) {
    const int64_t q = x / y, r = x - q * y;
    return q - (r && ((r ^ y) < 0));
}
template <class X, class Y> constexpr bool both_whole = std::is_integral<X>::value && std::is_integral<Y>::value;
template <class X, class Y> static inline auto _brian_floordiv(X x, Y y) {
    if constexpr (both_whole<X, Y>) return whole_floordiv(x, y);
    else return std::floor((double)x / (double)y);
}
template <class X, class Y> static inline auto _brian_mod(X x, Y y) {
    if constexpr (both_whole<X, Y>) return (int64_t)x - (int64_t)y * whole_floordiv(x, y);
    else return (double)x - (double)y * std::floor((double)x / (double)y);
}

// ---- Philox4x32-10 (Salmon et al. 2011): numbers are a function of who asks, when and for what
struct Words { uint32_t w[4]; };

static inline Words philox(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t p = (uint64_t)0xD2511F53u * a, q = (uint64_t)0xCD9E8D57u * c;
        const uint32_t na = (uint32_t)(q >> 32) ^ b ^ k0, nc = (uint32_t)(p >> 32) ^ d ^ k1;
        b = (uint32_t)q; d = (uint32_t)p; a = na; c = nc;
        k0 += 0x9E3779B9u; k1 += 0xBB67AE85u;
    }
    return {{a, b, c, d}};
}

// In (0, 1), symmetric about a half, from the 52 high bits of two words.
static inline double unit_interval(uint32_t high, uint32_t low) {
    return ((double)(((uint64_t)high << 20) | (low >> 12)) + 0.5) * 0x1p-52;
}

// Draws of one event at one place, one after the other.
struct Draw {
    uint32_t a, b, c, d, k0, k1, used = 0;
    double uniform() {
        const Words r = philox(a, b, c, d + (used++ << 12), k0, k1);
        return unit_interval(r.w[0], r.w[1]);
    }
    double normal() {
        const Words r = philox(a, b, c, d + (used++ << 12), k0, k1);
        return std::sqrt(-2 * std::log(unit_interval(r.w[0], r.w[1]))) *
               std::cos(6.283185307179586 * unit_interval(r.w[2], r.w[3]));
    }
    int64_t poisson(double mean) {
        int64_t count = 0;
        for (; mean > 500; mean -= 500) count += small_poisson(500);  // a sum of Poisson counts is one
        return count + small_poisson(mean);
    }
    int64_t small_poisson(double mean) {
        if (!(mean > 0)) return 0;
        double left = uniform(), chance = std::exp(-mean);
        int64_t k = 0;
        for (; left > chance && k < 2000; chance *= mean / (double)k) { left -= chance; ++k; }
        return k;
    }
    int64_t binomial(int64_t trials, double p) {
        int64_t k = 0;
        for (int64_t i = 0; i < trials; ++i) k += uniform() < p;
        return k;
    }
};
struct Binomial { int64_t n; double p; };
