// Prints what the engine's headers draw and compute: "philox", then Random123's vectors in hexadecimal digits; "words",
// whether a vector of cells draws what each draws alone; "exp", largest errors of the exponentials in last places.
#include <cstdio>
#include "vector_loops.cpp"

static void print(const Words& r) { std::printf("philox %08x %08x %08x %08x\n", r.w[0], r.w[1], r.w[2], r.w[3]); }

static bool vector_draws_like_one() {
    constexpr int n = 48;
    Buffer<uint32_t> gid, w;
    gid.make(n); w.make(4 * n);
    bool same = true;
    for (uint32_t round = 0; round < 1000; ++round) {
        const uint32_t b = round * 2654435761u, c = ~b, d = b ^ 0x5A5A5A5Au, k0 = b * 3, k1 = c * 5;
        for (uint32_t i = 0; i < n; ++i) gid[i] = (i + round) * 2246822519u;
        draw_words(gid.data, n, b, c, d, k0, k1, w.data);
        for (int i = 0; i < n; ++i) {
            const Words r = philox(gid[i], b, c, d, k0, k1);
            for (int j = 0; j < 4; ++j) same &= w[j * n + i] == r.w[j];
        }
    }
    return same;
}

// Largest distance from the 80-bit value, in units of the last place of a number with that many digits.
template <class T> static double largest_error(double from, double to, int digits) {
    constexpr int n = 1 << 20;
    Buffer<T> x, y;
    x.make(n); y.make(n);
    for (int i = 0; i < n; ++i) x[i] = (T)(from + (to - from) * ((double)i / (n - 1)));
    for (int i = 0; i < n; ++i) y[i] = exp_(x[i]);
    double largest = 0;
    for (int i = 0; i < n; ++i) {
        const long double wanted = expl((long double)x[i]);
        int exponent;
        frexpl(wanted, &exponent);
        const double error = (double)(fabsl((long double)y[i] - wanted) / ldexpl(1, exponent - digits));
        largest = error > largest ? error : largest;
    }
    return largest;
}

int main() {
    print(philox(0, 0, 0, 0, 0, 0));
    print(philox(~0u, ~0u, ~0u, ~0u, ~0u, ~0u));
    print(philox(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u));
    std::printf("words %s\n", vector_draws_like_one() ? "same" : "different");
    std::printf("exp double %.17g\n", largest_error<double>(-700, 700, 53));
    std::printf("exp float %.17g\n", largest_error<float>(-87, 88, 24));
    std::printf("ends %d\n", exp_(1000.0) == exp_(709.0) && exp_(-1000.0) == exp_(-708.0) && exp_(200.0f) == exp_(88.0f)
                && exp_(-200.0f) == exp_(-87.0f) && exp_(0.0) == 1.0 && exp_(0.0f) == 1.0f);
}
